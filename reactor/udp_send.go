package reactor

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var (
	errNotConnected = errors.New("the port is not connected; use WriteTo")
	errConnected    = errors.New("the port is connected to another peer")
)

// WriteTo implements [protocol.DatagramTransport]. An error that shows only when gathered datagrams go out is returned
// by the next call if that is for the same receiver, and its own datagram is dropped.
func (p *DatagramPort) WriteTo(data []byte, to netip.AddrPort) error {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	switch {
	case p.closed || p.sock == nil:
		return protocol.ErrClosed
	case p.peer.IsValid() && to != p.peer:
		return errConnected
	case !to.IsValid() || to.Port() == 0:
		return fmt.Errorf("%v is no address to send to", to)
	case to.Addr().Is4() != p.host.Addr().Is4():
		return fmt.Errorf("%v cannot be reached from %v: the address families differ", to, p.host)
	}
	if p.peer.IsValid() {
		to = netip.AddrPort{}
	}
	return p.write(data, to, "")
}

// Write implements [protocol.DatagramTransport]; see [DatagramPort.WriteTo].
func (p *DatagramPort) Write(data []byte) error {
	switch {
	case p.closed || p.sock == nil:
		return protocol.ErrClosed
	case !p.peer.IsValid():
		return errNotConnected
	}
	return p.write(data, netip.AddrPort{}, "")
}

// write gathers a datagram, for an address or a name, of which none is the connected peer, and sends it at once unless
// there is reason to expect more of them in this turn.
func (p *DatagramPort) write(data []byte, to netip.AddrPort, name string) error {
	l := p.loop
	o := &l.outgoing
	if len(data) > p.limit {
		return protocol.ErrMessageTooLong
	}
	if err := p.sendErr.take(to, name); err != nil {
		return err
	}
	if o.port != p || !o.add(data, to, name) {
		l.flushDatagrams()
		o.port = p
		o.add(data, to, name)
	}
	if p.batch == nil && p.wrote != l.turn {
		l.flushDatagrams()
	}
	p.wrote = l.turn
	return p.sendErr.take(to, name)
}

// sendError is why a datagram did not go out, and whose it was: what one receiver cannot take is no other's loss.
type sendError struct {
	err  error
	to   netip.AddrPort
	name string
}

// take returns the error if it is of this receiver, and forgets it.
func (e *sendError) take(to netip.AddrPort, name string) error {
	if e.err == nil {
		return nil
	}
	late := *e
	*e = sendError{}
	if late.to != to || late.name != name {
		return nil
	}
	return late.err
}

// flushDatagrams sends what was gathered. What the kernel has no room for is dropped.
func (l *Loop) flushDatagrams() {
	o := &l.outgoing
	if o.n == 0 {
		return
	}
	p := o.port
	refused := -1 // the datagram that met a refusal of an earlier one, and is tried once more
	for o.at < o.n {
		sent, err := p.sock.send(o)
		o.at += sent
		switch {
		case err == nil:
		case err == errAgain && p.named:
			o.at++ // it is one receiver that has no room
		case err == errAgain:
			o.at = o.n
		case isRefused(err) && p.linked:
			p.refused()
			if p.named || refused == o.at {
				o.at++
			} else {
				refused = o.at
			}
		default:
			p.sendErr = sendError{err, o.to[o.at], o.names[o.at]}
			o.at++
		}
	}
	o.reset()
}
