package socks

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// bind serves BIND: it opens a port, tells the client where, and waits for one connection, which must come from one of
// these addresses.
func (s *session) bind(peers []netip.Addr) {
	on := s.service.BindAddress
	if !on.IsValid() {
		on = addrPort(s.Transport.Host()).Addr()
	}
	if !on.IsValid() { // the client has come over a UNIX socket
		on = netip.IPv4Unspecified()
	}
	w := &waiter{session: s, peers: peers}
	port, err := s.listen(on, w)
	if err != nil {
		s.fail(codeOf(err))
		return
	}
	w.port = port
	s.release, s.waiting = port.StopListening, true
	s.timeout.Set(s.Transport.Reactor(), s.service.BindTimeout, func() { w.fail(generalFailure) })
	at := addrPort(port.Host())
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(addrPort(s.Transport.Host()).Addr(), at.Port())
	}
	s.reply(granted, at)
}

// listen opens the first port of the range that is free.
func (s *session) listen(on netip.Addr, f protocol.Factory) (port protocol.Port, err error) {
	for n := int(s.service.BindLow); n <= int(s.service.BindHigh); n++ {
		port, err = s.Transport.Reactor().Listen(fmt.Sprintf("tcp:%d:interface=%s", n, quote(on)), f)
		if err == nil || errors.Is(err, protocol.ErrDenied) {
			break
		}
	}
	return port, err
}

// waiter is the factory of the connection that BIND waits for.
type waiter struct {
	session *session
	peers   []netip.Addr // that may connect
	port    protocol.Port
	over    bool
}

// BuildProtocol implements [protocol.Factory]. The first connection decides, as the specification of SOCKS 4 has it: if it
// comes from elsewhere the request has failed. A peer that is not specified may be anybody.
func (w *waiter) BuildProtocol(peer protocol.Address) protocol.Protocol {
	if w.over || w.session.IsLost() {
		return nil
	}
	from := addrPort(peer).Addr()
	if !slices.ContainsFunc(w.peers, func(a netip.Addr) bool { return a == from || a.IsUnspecified() }) {
		w.fail(notAllowed)
		return nil
	}
	w.end()
	return &target{session: w.session, joined: w.accepted}
}

// accepted is the end of the request. SOCKS 5 is told who has connected; to SOCKS 4 the second reply says no more than
// that somebody has.
func (w *waiter) accepted(t protocol.Transport) netip.AddrPort {
	if w.session.request.version == version4 {
		return netip.AddrPort{}
	}
	return addrPort(t.Peer())
}

func (w *waiter) fail(c code) {
	w.end()
	w.session.fail(c)
}

// end closes the port.
func (w *waiter) end() {
	w.over = true
	w.session.timeout.Stop()
	w.session.release = nil
	w.port.StopListening()
}
