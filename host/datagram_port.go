package host

import (
	"errors"
	"net/netip"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A servedPort is a datagram port that the operator opened. It stays while guests come and go: one that fails takes its
// handle of the port with it, and the next datagram finds another one. It counts as a root connection of its guest.
// [servedUDP] and [servedUNIX] are its kinds.
type servedPort struct {
	svc   *Service
	text  string
	t     servedTransport
	shard *shard
	view  *datagrams // what the present guest has of it; nil while there is none
}

// servedTransport is what the transports of both kinds have in common.
type servedTransport interface {
	datagramTransport
	protocol.Port
}

var _ protocol.Port = (*servedPort)(nil)

// listenDatagrams opens a datagram endpoint for the service's guests.
func (s *Service) listenDatagrams(e *endpoint.Server) (protocol.Port, error) {
	if !s.code.exports(abi.DatagramReceived) {
		return nil, protocol.ErrCannotListen.Because(errors.New(e.Text + ": the module does not take datagrams"))
	}
	if err := s.StartFactory(); err != nil {
		return nil, err
	}
	port, err := s.openDatagrams(e)
	if err != nil {
		s.StopFactory()
		return nil, err
	}
	return operatorPort{port, s.home()}, nil
}

func (s *Service) openDatagrams(e *endpoint.Server) (protocol.Port, error) {
	p := servedPort{svc: s, text: e.Text}
	if e.Network != "unixgram" {
		listen := s.home().ListenUDP
		if l, ok := s.home().(threadListener); ok {
			listen = l.ListenUDPFromThread
		}
		return listen(e.Text, &servedUDP{servedPort: p})
	}
	switch l := s.home().(type) {
	case threadListener:
		return l.ListenUNIXDatagramFromThread(e.Text, &servedUNIX{servedPort: p})
	case protocol.UNIXDatagramReactor:
		return l.ListenUNIXDatagram(e.Text, &servedUNIX{servedPort: p})
	}
	return nil, protocol.ErrCannotListen.Because(protocol.ErrUnsupported)
}

// threadListener is a loop that runs beside the goroutine which listens. Others are driven by it.
type threadListener interface {
	ListenUDPFromThread(text string, p protocol.DatagramProtocol) (protocol.Port, error)
	ListenUNIXDatagramFromThread(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error)
}

var _ threadListener = (*reactor.Loop)(nil)

// operatorPort is what the operator has of a datagram port.
type operatorPort struct {
	protocol.Port
	loop Loop
}

// StopListening implements [protocol.Port]. Any goroutine may call it.
func (p operatorPort) StopListening() { p.loop.CallFromThread(p.Port.StopListening) }

// join finds a guest for the port, and tells it. d is what the guest is to have of it.
func (p *servedPort) join(d *datagrams) {
	i, err := p.shard.instance()
	if err != nil {
		return // as the service's log says
	}
	d.inst, d.served, d.port = i, p, p
	d.begin(p.t)
	d.handle, _ = i.add(d, false)
	i.conns++
	p.view = d
	p.shard.active()
	switch {
	case i.running:
		i.postpone(d.made)
	case i.fresh:
		i.postpone(d.made)
		i.begin()
	default:
		d.made()
	}
}

// attended reports whether a guest has the port, after renew has looked for another one if need be. A datagram that finds
// none is dropped.
func (p *servedPort) attended(renew func()) bool {
	if p.deserted() {
		renew()
	}
	if p.deserted() {
		p.shard.tally.Dropped++
		return false
	}
	return true
}

func (p *servedPort) deserted() bool { return p.view == nil || p.view.inst == nil }

// StopProtocol is that of [protocol.DatagramProtocol] and [protocol.UNIXDatagramProtocol].
func (p *servedPort) StopProtocol(reason error) {
	if p.view != nil {
		p.view.StopProtocol(reason)
	}
	p.svc.StopFactory()
}

// Host implements [protocol.Port], for the guest.
func (p *servedPort) Host() protocol.Address { return p.t.Host() }

// StopListening implements [protocol.Port], for the guest.
func (p *servedPort) StopListening() { p.t.StopListening() }

// servedUDP is a UDP port.
type servedUDP struct {
	servedPort
	udp  protocol.DatagramTransport
	mine *udpDatagrams // that view is part of
}

var _ protocol.DatagramProtocol = (*servedUDP)(nil)

// StartProtocol implements [protocol.DatagramProtocol].
func (p *servedUDP) StartProtocol(t protocol.DatagramTransport) {
	p.t, p.udp, p.shard = t, t, p.svc.shardOf(t.Reactor())
	p.renew()
}

func (p *servedUDP) renew() {
	p.mine = newUDPDatagrams(p.text, "")
	p.mine.udp = p.udp
	p.join(&p.mine.datagrams)
}

// DatagramReceived implements [protocol.DatagramProtocol].
func (p *servedUDP) DatagramReceived(data []byte, from netip.AddrPort) {
	if p.attended(p.renew) {
		p.mine.DatagramReceived(data, from)
	}
}

// servedUNIX is a UNIX socket for datagrams.
type servedUNIX struct {
	servedPort
	unix protocol.UNIXDatagramTransport
	mine *unixDatagrams // that view is part of
}

var _ protocol.UNIXDatagramProtocol = (*servedUNIX)(nil)

// StartProtocol implements [protocol.UNIXDatagramProtocol].
func (p *servedUNIX) StartProtocol(t protocol.UNIXDatagramTransport) {
	p.t, p.unix, p.shard = t, t, p.svc.shardOf(t.Reactor())
	p.renew()
}

func (p *servedUNIX) renew() {
	p.mine = newUNIXDatagrams(p.text)
	p.mine.unix = p.unix
	p.join(&p.mine.datagrams)
}

// DatagramReceived implements [protocol.UNIXDatagramProtocol].
func (p *servedUNIX) DatagramReceived(data []byte, from protocol.UNIXAddress) {
	if p.attended(p.renew) {
		p.mine.DatagramReceived(data, from)
	}
}
