package reactor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DatagramPort is a UDP port. It implements [protocol.DatagramTransport] and [protocol.Port], and is used on its loop
// only.
//
// What one turn of the loop writes goes out with few system calls: a port that has written before in the same turn, or
// has more to deliver, gathers datagrams until the end of the turn.
//
// A protocol that is also a [protocol.BufferProvider] has each datagram copied into the buffer that it returns; one that
// is longer than that is dropped. With a nil buffer the port is held until [DatagramPort.ResumeReading].
//
// While a reactor drains its UDP ports stay open as long as its loop has anything else to do.
type DatagramPort struct {
	loop    *Loop
	events  datagramEvents
	buffers protocol.BufferProvider    // the protocol, if it is one
	refuser protocol.ConnectionRefuser // the protocol, if it is one
	sock    packetSocket               // nil until the peer's name is resolved
	host    protocol.UDPAddress        // of UDP
	limit   int                        // of what is sent in one datagram
	named   bool                       // a UNIX socket, whose peers have names
	linked  bool                       // connected to one peer, or about to be
	peer    netip.AddrPort             // of a connected port of UDP
	lookup  context.CancelFunc         // of the peer's name, or nil

	batch    *datagrams // what was received and not delivered yet, or nil
	again    bool       // an event for the rest of the batch is on the loop's list
	held     bool
	paused   bool
	started  bool
	closed   bool
	reason   error
	refusals bool      // ConnectionRefused is about to be called
	wrote    uint64    // turn in which it wrote last
	sendErr  sendError // of a datagram that went out late
}

// datagramEvents are what a port has to tell its protocol.
type datagramEvents interface {
	start()
	// received delivers data, which is the i-th datagram of b or a copy of it.
	received(data []byte, b *datagrams, i int)
	stopped(reason error)
	// String is where the port is, for logs.
	String() string
}

// udpEvents tells the protocol of a UDP port.
type udpEvents struct {
	port  *DatagramPort
	proto protocol.DatagramProtocol
}

func (e *udpEvents) start() { e.proto.StartProtocol(e.port) }

func (e *udpEvents) String() string { return e.port.host.String() }

func (e *udpEvents) received(data []byte, b *datagrams, i int) {
	e.proto.DatagramReceived(data, b.from[i])
}

func (e *udpEvents) stopped(reason error) { e.proto.StopProtocol(reason) }

var (
	_ protocol.DatagramTransport = (*DatagramPort)(nil)
	_ protocol.Port              = (*DatagramPort)(nil)
	_ shutdowner                 = (*DatagramPort)(nil)
)

// ListenUDP implements [protocol.Reactor]. The port is a [*DatagramPort].
func (l *Loop) ListenUDP(text string, p protocol.DatagramProtocol) (protocol.Port, error) {
	return asPort(l.listenUDP(text, p, false))
}

// ListenMulticast is [Loop.ListenUDP] for a port that other sockets of the machine may be bound to as well, so that
// each receives what is sent to the groups that it joins.
func (l *Loop) ListenMulticast(text string, p protocol.DatagramProtocol) (*DatagramPort, error) {
	return l.listenUDP(text, p, true)
}

// ListenUDPEndpoint is [Loop.ListenUDP] for an endpoint that is parsed already.
func (l *Loop) ListenUDPEndpoint(e *endpoint.Server, p protocol.DatagramProtocol) (*DatagramPort, error) {
	return l.bindUDP(e, p, false)
}

// ConnectUDP implements [protocol.Reactor]. The port is a [*DatagramPort]. It exchanges datagrams with one peer; a name
// is resolved first, and StopProtocol is the only event if that, or opening the socket, fails. A protocol that is also
// an [AddressChecker] has a say in the address.
func (l *Loop) ConnectUDP(text string, p protocol.DatagramProtocol) (protocol.Port, error) {
	e, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	return asPort(l.ConnectUDPEndpoint(e, p))
}

// ConnectUDPEndpoint is [Loop.ConnectUDP] for an endpoint that is parsed already.
func (l *Loop) ConnectUDPEndpoint(e *endpoint.Client, proto protocol.DatagramProtocol) (*DatagramPort, error) {
	switch {
	case proto == nil:
		return nil, errors.New("reactor: the protocol is nil")
	case e.Stream():
		return nil, fmt.Errorf("reactor: %s: it is not a datagram endpoint; use Connect", e.Text)
	case e.Network == "unixgram":
		return nil, fmt.Errorf("reactor: %s: its peer has a name; use ConnectUNIXDatagram", e.Text)
	}
	bind, err := bindAddress(e)
	if err != nil {
		return nil, fmt.Errorf("reactor: %s: %w", e.Text, err)
	}
	p := l.newUDPPort(proto)
	l.datagramPorts[p] = struct{}{}
	p.linked = true
	p.lookup = l.lookup(e.Host, func(ips []netip.Addr, err error) {
		p.lookup = nil
		if p.closed {
			return
		}
		if err == nil {
			checker, _ := proto.(AddressChecker)
			err = p.connect(bind.AddrPort, ips, uint16(e.Port), checker)
		}
		if err != nil {
			p.stop(err)
			return
		}
		p.start()
	})
	return p, nil
}

func asPort(p *DatagramPort, err error) (protocol.Port, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (l *Loop) listenUDP(text string, p protocol.DatagramProtocol, shared bool) (*DatagramPort, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	return l.bindUDP(e, p, shared)
}

// ListenUDPFromThread is [Loop.ListenUDP] for other goroutines. The methods of the port are the loop's all the same.
func (l *Loop) ListenUDPFromThread(text string, proto protocol.DatagramProtocol) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	sock, err := l.reactor.packetSocket(e, proto, false)
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", e.Text, err))
	}
	p := l.newUDPPort(proto)
	p.open(sock)
	if !l.post(func() {
		l.datagramPorts[p] = struct{}{}
		if l.stopping.refuses() {
			p.stop(protocol.ErrShutdown)
			return
		}
		p.start()
	}) {
		sock.close()
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", e.Text, protocol.ErrShutdown))
	}
	return p, nil
}

func (l *Loop) bindUDP(e *endpoint.Server, proto protocol.DatagramProtocol, shared bool) (*DatagramPort, error) {
	sock, err := l.openUDP(e, proto, shared)
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", e.Text, err))
	}
	p := l.newUDPPort(proto)
	l.datagramPorts[p] = struct{}{}
	p.open(sock)
	l.CallFromThread(p.start)
	return p, nil
}

func (l *Loop) openUDP(e *endpoint.Server, proto protocol.DatagramProtocol, shared bool) (packetSocket, error) {
	if l.stopping.refuses() {
		return nil, protocol.ErrShutdown
	}
	return l.reactor.packetSocket(e, proto, shared)
}

// packetSocket opens a socket for proto.
func (r *Reactor) packetSocket(e *endpoint.Server, proto protocol.DatagramProtocol, shared bool) (packetSocket, error) {
	switch {
	case proto == nil:
		return nil, errors.New("the protocol is nil")
	case e.Stream():
		return nil, errors.New("it is not a datagram endpoint; use Listen")
	case e.Network == "unixgram":
		return nil, errors.New("its peers have names; use ListenUNIXDatagram")
	}
	at, err := listenAddress(e)
	if err != nil {
		return nil, err
	}
	return r.backend.packet(packetOptions{bind: at.AddrPort, shared: shared})
}

// newUDPPort makes a port of UDP. Until it is in the loop's set, the end of the loop does not stop it.
func (l *Loop) newUDPPort(proto protocol.DatagramProtocol) *DatagramPort {
	e := &udpEvents{proto: proto}
	e.port = l.newDatagramPort(proto, e)
	return e.port
}

// newDatagramPort makes a port, which keeps the loop from ending until it has stopped.
func (l *Loop) newDatagramPort(proto any, events datagramEvents) *DatagramPort {
	p := &DatagramPort{loop: l, events: events}
	p.buffers, _ = proto.(protocol.BufferProvider)
	p.refuser, _ = proto.(protocol.ConnectionRefuser)
	l.load.Add(1)
	return p
}

// connect opens a socket to the first of the addresses that can be used.
func (p *DatagramPort) connect(bind netip.AddrPort, ips []netip.Addr, port uint16, checker AddressChecker) error {
	if p.loop.stopping.refuses() {
		return protocol.ErrShutdown
	}
	failure := protocol.ErrDNSLookup.Because(errNoAddresses)
	for _, ip := range ips {
		to := netip.AddrPortFrom(ip.Unmap(), port)
		if bind.IsValid() && bind.Addr().Is4() != to.Addr().Is4() {
			continue
		}
		if checker != nil {
			if err := checker.CheckAddress(to); err != nil {
				failure = protocol.ErrDenied.Because(err)
				continue
			}
		}
		sock, err := p.loop.reactor.backend.packet(packetOptions{bind: bind, peer: to})
		if err == nil {
			p.peer = to
			p.open(sock)
			return nil
		}
		failure = dialReason(err)
	}
	return failure
}

func (p *DatagramPort) open(sock packetSocket) {
	p.sock = sock
	p.host = protocol.UDPAddress{AddrPort: sock.localAddr()}
	p.limit = maxPayload6
	if p.host.Addr().Is4() {
		p.limit = maxPayload4
	}
}

// start begins to receive. It is the last thing that its caller does.
func (p *DatagramPort) start() {
	if p.closed {
		return
	}
	err := p.sock.attach(p.loop, p)
	if err == nil {
		err = p.sock.want(true)
	}
	if err != nil {
		p.stop(protocol.ErrConnectionLost.Because(err))
		return
	}
	p.started = true
	p.events.start()
}

// StopListening implements [protocol.Port]. What was written before goes out.
func (p *DatagramPort) StopListening() { p.stop(nil) }

// stop closes the port. StopProtocol follows in a later turn.
func (p *DatagramPort) stop(reason error) {
	if p.closed {
		return
	}
	l := p.loop
	l.flushDatagrams()
	p.closed = true
	p.reason = reason
	p.batch = nil // a callback may be reading it
	if p.lookup != nil {
		p.lookup()
	}
	l.CallFromThread(func() {
		if p.sock != nil {
			p.sock.close()
		}
		delete(l.datagramPorts, p)
		l.load.Add(-1)
		l.poller.wake() // for a turn that sees that nothing is waited for
		if p.started || p.reason != nil {
			p.events.stopped(p.reason)
		}
	})
}

// shutdown implements [shutdowner].
func (p *DatagramPort) shutdown(bool) { p.stop(protocol.ErrShutdown) }

// Host implements [protocol.DatagramTransport]. Before a connected port's peer is resolved it is the zero address.
func (p *DatagramPort) Host() protocol.Address { return p.host }

// Peer implements [protocol.DatagramTransport].
func (p *DatagramPort) Peer() (peer protocol.Address, ok bool) {
	return protocol.UDPAddress{AddrPort: p.peer}, p.peer.IsValid()
}

// Reactor implements [protocol.DatagramTransport].
func (p *DatagramPort) Reactor() protocol.Reactor { return p.loop }

// Loop returns the loop that owns the port.
func (p *DatagramPort) Loop() *Loop { return p.loop }
