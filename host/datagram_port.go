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
type servedPort struct {
	svc   *Service
	text  string
	t     protocol.DatagramTransport
	shard *shard
	view  *datagrams // what the present guest has of it; nil while there is none
}

var (
	_ protocol.DatagramProtocol = (*servedPort)(nil)
	_ protocol.Port             = (*servedPort)(nil)
)

// listenDatagrams opens a datagram endpoint for the service's guests.
func (s *Service) listenDatagrams(e *endpoint.Server) (protocol.Port, error) {
	if !s.code.exports(abi.DatagramReceived) {
		return nil, protocol.ErrCannotListen.Because(errors.New(e.Text + ": the module does not take datagrams"))
	}
	if err := s.StartFactory(); err != nil {
		return nil, err
	}
	p := &servedPort{svc: s, text: e.Text}
	listen := s.home().ListenUDP
	if l, ok := s.home().(threadListener); ok {
		listen = l.ListenUDPFromThread
	}
	port, err := listen(e.Text, p)
	if err != nil {
		s.StopFactory()
		return nil, err
	}
	return operatorPort{port, s.home()}, nil
}

// threadListener is a loop that runs beside the goroutine which listens. Others are driven by it.
type threadListener interface {
	ListenUDPFromThread(text string, p protocol.DatagramProtocol) (protocol.Port, error)
}

var _ threadListener = (*reactor.Loop)(nil)

// operatorPort is what the operator has of a datagram port.
type operatorPort struct {
	protocol.Port
	loop Loop
}

// StopListening implements [protocol.Port]. Any goroutine may call it.
func (p operatorPort) StopListening() { p.loop.CallFromThread(p.Port.StopListening) }

// StartProtocol implements [protocol.DatagramProtocol].
func (p *servedPort) StartProtocol(t protocol.DatagramTransport) {
	p.t = t
	p.shard = p.svc.shardOf(t.Reactor())
	p.join()
}

// join finds a guest for the port and tells it.
func (p *servedPort) join() {
	i, err := p.shard.instance()
	if err != nil {
		return // as the service's log says
	}
	d := &datagrams{inst: i, served: p, port: p, t: p.t, text: p.text, heard: map[netip.AddrPort]struct{}{}}
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

// DatagramReceived implements [protocol.DatagramProtocol]. A datagram that finds no guest is dropped.
func (p *servedPort) DatagramReceived(data []byte, from netip.AddrPort) {
	if p.view == nil || p.view.inst == nil {
		p.join()
	}
	if p.view == nil || p.view.inst == nil {
		p.shard.tally.Dropped++
		return
	}
	p.view.DatagramReceived(data, from)
}

// StopProtocol implements [protocol.DatagramProtocol].
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
