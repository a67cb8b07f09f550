package reactortest

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxUNIXDatagram is the longest datagram of UNIX sockets.
const maxUNIXDatagram = 64 << 10

// UNIXDatagramPort is a UNIX socket for datagrams in a Reactor's memory: the protocol.Port and the
// protocol.UNIXDatagramTransport. There is no file.
type UNIXDatagramPort struct {
	r        *Reactor
	protocol protocol.UNIXDatagramProtocol
	host     protocol.UNIXAddress
	peer     protocol.UNIXAddress // of a connected one
	queue    datagramQueue[protocol.UNIXAddress]
	stopping bool
	closed   bool
}

var (
	_ protocol.UNIXDatagramTransport = (*UNIXDatagramPort)(nil)
	_ protocol.Port                  = (*UNIXDatagramPort)(nil)
	_ protocol.UNIXDatagramReactor   = (*Reactor)(nil)
)

var errUNIXDatagrams = errors.New("it is not an endpoint of UNIX datagrams")

// ListenUNIXDatagram implements protocol.UNIXDatagramReactor.
func (r *Reactor) ListenUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	s, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	host := protocol.UNIXAddress{Name: s.Address}
	switch {
	case s.Network != "unixgram":
		err = errUNIXDatagrams
	case r.stopped:
		err = protocol.ErrShutdown
	case r.unixDatagram(host) != nil:
		err = fmt.Errorf("%s is taken", host)
	}
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(err)
	}
	return r.openUNIX(p, host, protocol.UNIXAddress{}), nil
}

// ConnectUNIXDatagram implements protocol.UNIXDatagramReactor.
func (r *Reactor) ConnectUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	c, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	host, peer := protocol.UNIXAddress{Name: c.BindAddress}, protocol.UNIXAddress{Name: c.Path}
	switch {
	case c.Network != "unixgram":
		return nil, errUNIXDatagrams
	case r.stopped:
		return nil, protocol.ErrShutdown
	case r.unixDatagram(host) != nil:
		return nil, protocol.ErrConnectBind.Because(fmt.Errorf("%s is taken", host))
	case r.unixDatagram(peer) == nil:
		return nil, protocol.ErrConnectionRefused.Because(fmt.Errorf("nobody has the name %s", peer))
	}
	return r.openUNIX(p, host, peer), nil
}

// openUNIX starts the protocol in the next turn.
func (r *Reactor) openUNIX(p protocol.UNIXDatagramProtocol, host, peer protocol.UNIXAddress) *UNIXDatagramPort {
	port := &UNIXDatagramPort{r: r, protocol: p, host: host, peer: peer}
	r.unixgrams = append(r.unixgrams, port)
	r.soon(func() {
		if !port.closed {
			p.StartProtocol(port)
		}
	})
	return port
}

// unixDatagram finds who has a name.
func (r *Reactor) unixDatagram(name protocol.UNIXAddress) *UNIXDatagramPort {
	for _, p := range r.unixgrams {
		if p.host == name && name.Name != "" && !p.stopping {
			return p
		}
	}
	return nil
}

// WriteTo implements protocol.UNIXDatagramTransport. The datagram arrives in a later turn, unless DropDatagram loses it.
func (p *UNIXDatagramPort) WriteTo(data []byte, to protocol.UNIXAddress) error {
	switch {
	case p.stopping || p.closed:
		return protocol.ErrClosed
	case p.peer.Name != "" && to != p.peer:
		return errors.New("the port is connected to another peer")
	case to.Name == "":
		return errors.New("a socket without a name cannot be sent to")
	case len(data) > maxUNIXDatagram:
		return protocol.ErrMessageTooLong
	}
	if p.r.DropDatagram != nil && p.r.DropDatagram(data, p.host, to) {
		return nil
	}
	receiver := p.r.unixDatagram(to)
	switch {
	case receiver != nil && (receiver.peer.Name == "" || receiver.peer == p.host):
		receiver.queue.add(data, p.host)
	case p.peer.Name == "":
		return protocol.ErrConnectionRefused.Because(fmt.Errorf("nobody receives at %s", to))
	default:
		p.queue.refused++
	}
	return nil
}

// Write implements protocol.UNIXDatagramTransport.
func (p *UNIXDatagramPort) Write(data []byte) error {
	if p.peer.Name == "" {
		return errors.New("the port is not connected; use WriteTo")
	}
	return p.WriteTo(data, p.peer)
}

// Host implements protocol.UNIXDatagramTransport.
func (p *UNIXDatagramPort) Host() protocol.Address { return p.host }

// Peer implements protocol.UNIXDatagramTransport.
func (p *UNIXDatagramPort) Peer() (protocol.Address, bool) { return p.peer, p.peer.Name != "" }

// StopListening implements protocol.UNIXDatagramTransport. StopProtocol is called in the next turn.
func (p *UNIXDatagramPort) StopListening() {
	p.stopping = true
	p.r.soon(func() { p.end(nil) })
}

// Reactor implements protocol.UNIXDatagramTransport.
func (p *UNIXDatagramPort) Reactor() protocol.Reactor { return p.r }

// turn delivers one datagram.
func (p *UNIXDatagramPort) turn() bool {
	return !p.stopping && !p.closed && p.queue.deliver(p.protocol)
}

func (p *UNIXDatagramPort) end(reason error) {
	if p.closed {
		return
	}
	p.closed = true
	p.r.unixgrams = without(p.r.unixgrams, p)
	p.protocol.StopProtocol(reason)
}
