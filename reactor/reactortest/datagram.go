package reactortest

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxDatagram is the longest UDP payload over IPv4.
const maxDatagram = 65507

// DatagramPort is a UDP port in a Reactor's memory: the protocol.Port and the protocol.DatagramTransport.
type DatagramPort struct {
	r        *Reactor
	protocol protocol.DatagramProtocol
	host     netip.AddrPort
	peer     netip.AddrPort // of a connected port
	queue    datagramQueue[netip.AddrPort]
	stopping bool
	closed   bool
}

var (
	_ protocol.DatagramTransport = (*DatagramPort)(nil)
	_ protocol.Port              = (*DatagramPort)(nil)
)

// ListenUDP implements protocol.Reactor.
func (r *Reactor) ListenUDP(text string, p protocol.DatagramProtocol) (protocol.Port, error) {
	s, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(err)
	}
	if s.Network != "udp" && s.Network != "udp6" {
		return nil, protocol.ErrCannotListen.Because(protocol.ErrUnsupported)
	}
	host, err := r.bind(s.Network == "udp6", s.Address)
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(err)
	}
	for _, other := range r.datagrams {
		if other.host == host {
			return nil, protocol.ErrCannotListen
		}
	}
	return r.open(p, host, netip.AddrPort{}), nil
}

// ConnectUDP implements protocol.Reactor. The host must be an address or stand in Hosts; with another one StopProtocol is
// the only event.
func (r *Reactor) ConnectUDP(text string, p protocol.DatagramProtocol) (protocol.Port, error) {
	to, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	if to.Network != "udp" {
		return nil, protocol.ErrUnsupported
	}
	ip, err := r.resolveOne(to.Host)
	peer := netip.AddrPortFrom(ip, uint16(to.Port))
	if err == nil {
		err = checkAddress(p, protocol.UDPAddress{AddrPort: peer})
	}
	if err != nil {
		port := &DatagramPort{r: r, protocol: p}
		r.soon(func() { port.end(err) })
		return port, nil
	}
	from := ip
	if bind, err := netip.ParseAddr(to.BindAddress); err == nil {
		from = bind
	}
	return r.open(p, r.local(from), peer), nil
}

// open starts the protocol in the next turn.
func (r *Reactor) open(p protocol.DatagramProtocol, host, peer netip.AddrPort) *DatagramPort {
	port := &DatagramPort{r: r, protocol: p, host: host, peer: peer}
	r.datagrams = append(r.datagrams, port)
	r.soon(func() {
		if !port.closed {
			p.StartProtocol(port)
		}
	})
	return port
}

// NewDatagramPair connects two protocols with each other, in a reactor of their own. They start in its first turn.
func NewDatagramPair(a, b protocol.DatagramProtocol) *Reactor {
	r := NewReactor()
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	atA, atB := r.local(loopback), r.local(loopback)
	r.open(a, atA, atB)
	r.open(b, atB, atA)
	return r
}

// WriteTo implements protocol.DatagramTransport. The datagram arrives in a later turn, unless DropDatagram loses it or
// nobody is there.
func (p *DatagramPort) WriteTo(data []byte, to netip.AddrPort) error {
	switch {
	case p.stopping || p.closed:
		return protocol.ErrClosed
	case len(data) > maxDatagram:
		return protocol.ErrMessageTooLong
	}
	r := p.r
	if r.DropDatagram != nil &&
		r.DropDatagram(data, protocol.UDPAddress{AddrPort: p.host}, protocol.UDPAddress{AddrPort: to}) {
		return nil
	}
	from := p.host
	if from.Addr().IsUnspecified() {
		from = netip.AddrPortFrom(to.Addr(), from.Port())
	}
	for _, other := range r.datagrams {
		if serves(other.host, to) && (!other.peer.IsValid() || other.peer == from) {
			other.queue.add(data, from)
			return nil
		}
	}
	if p.peer.IsValid() {
		p.queue.refused++
	}
	return nil
}

// Write implements protocol.DatagramTransport.
func (p *DatagramPort) Write(data []byte) error {
	if !p.peer.IsValid() {
		return protocol.ErrUnsupported
	}
	return p.WriteTo(data, p.peer)
}

// Host implements protocol.DatagramTransport.
func (p *DatagramPort) Host() protocol.Address { return protocol.UDPAddress{AddrPort: p.host} }

// Peer implements protocol.DatagramTransport.
func (p *DatagramPort) Peer() (protocol.Address, bool) {
	return protocol.UDPAddress{AddrPort: p.peer}, p.peer.IsValid()
}

// StopListening implements protocol.DatagramTransport. StopProtocol is called in the next turn.
func (p *DatagramPort) StopListening() {
	p.stopping = true
	p.r.soon(func() { p.end(nil) })
}

// Reactor implements protocol.DatagramTransport.
func (p *DatagramPort) Reactor() protocol.Reactor { return p.r }

// turn delivers one datagram.
func (p *DatagramPort) turn() bool {
	return !p.stopping && !p.closed && p.queue.deliver(p.protocol)
}

func (p *DatagramPort) end(reason error) {
	if p.closed {
		return
	}
	p.closed = true
	p.r.datagrams = without(p.r.datagrams, p)
	p.protocol.StopProtocol(reason)
}
