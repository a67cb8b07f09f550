package socks

import (
	"net/netip"
	"slices"

	"github.com/wasmnet/wasmnet/modules/internal/relay"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// session is a client's connection: it says what it wants, and is then one end of a relay, or keeps a port open.
type session struct {
	relay.End
	service *service
	timeout basic.Timeout // of the request, then of BIND
	input   []byte        // not understood yet
	// state reads the next part of the input and returns its length, 0 if it is not complete. nil: the request is
	// complete, and what follows is not for the proxy.
	state   func(b []byte) int
	request request
	waiting bool   // for a peer, or with a UDP port: the client's end of file ends it
	release func() // lets go of what the request has open
	// association is what UDP ASSOCIATE has opened, or nil.
	association *association
}

var _ protocol.HalfCloser = (*session)(nil)

// ConnectionMade implements [protocol.Protocol].
func (s *session) ConnectionMade(t protocol.Transport) {
	s.Base.ConnectionMade(t)
	s.state = s.begin
	s.timeout.Set(t.Reactor(), s.service.Timeout, t.AbortConnection)
}

// DataReceived implements [protocol.Protocol].
func (s *session) DataReceived(data []byte) {
	if s.state == nil {
		if s.association == nil { // a client with a UDP port has nothing to say here
			s.End.DataReceived(data)
		}
		return
	}
	s.input = append(s.input, data...)
	for s.state != nil && len(s.input) > 0 && !s.Transport.Disconnecting() {
		n := s.state(s.input)
		if n == 0 {
			return
		}
		s.input = s.input[n:]
	}
	rest := s.input
	s.input = nil
	if s.state == nil && len(rest) > 0 && !s.Transport.Disconnecting() {
		s.DataReceived(rest)
	}
}

// begin looks at the version.
func (s *session) begin(b []byte) int {
	switch {
	case b[0] == version4:
		s.state = s.request4
	case b[0] == version5:
		s.state = s.methods
	default:
		s.Transport.LoseConnection() // it speaks something else, and would not understand a reply
		return 0
	}
	return s.state(b)
}

// request4 reads a request of SOCKS 4.
func (s *session) request4(b []byte) int {
	r, n, err := parse4(b)
	s.request.version = version4
	switch {
	case err != nil:
		s.fail(generalFailure)
	case n > 0 && len(s.service.Users) > 0:
		s.fail(notAllowed) // its user id proves nothing
	case n > 0:
		s.perform(r)
	}
	return n
}

// methods reads the ways in which a client of SOCKS 5 can identify itself, and chooses one.
func (s *session) methods(b []byte) int {
	offered, n := parseMethods(b)
	if n == 0 {
		return 0
	}
	method, next := methodNone, s.request5
	if len(s.service.Users) > 0 {
		method, next = methodPassword, s.password
	}
	if !slices.Contains(offered, method) {
		s.Transport.Write([]byte{version5, noMethod})
		s.Transport.LoseConnection()
		return 0
	}
	s.Transport.Write([]byte{version5, method})
	s.state = next
	return n
}

// password reads a name and password.
func (s *session) password(b []byte) int {
	name, password, n, ok := parsePassword(b)
	switch {
	case !ok || n > 0 && !s.service.knows(name, password):
		s.Transport.Write([]byte{1, passwordRefused})
		s.Transport.LoseConnection()
	case n > 0:
		s.Transport.Write([]byte{1, passwordAccepted})
		s.state = s.request5
	}
	return n
}

// request5 reads a request of SOCKS 5.
func (s *session) request5(b []byte) int {
	s.request.version = version5
	if b[0] != version5 {
		s.fail(generalFailure)
		return 0
	}
	r, n, err := parse5(b)
	switch {
	case err != nil:
		s.fail(codeOf(err))
	case n > 0:
		s.perform(r)
	}
	return n
}

// perform does what a request asks for.
func (s *session) perform(r request) {
	s.timeout.Stop()
	s.request, s.state = r, nil
	name, do := "", (func([]netip.Addr))(nil)
	switch {
	case r.command == cmdConnect:
		name, do = CommandConnect, s.connect
	case r.command == cmdBind:
		name, do = CommandBind, s.bind
	case r.command == cmdAssociate && r.version == version5:
		name = CommandUDP
	default:
		s.fail(unknownCommand)
		return
	}
	switch {
	case !slices.Contains(s.service.Commands, name):
		s.fail(notAllowed)
	case name == CommandUDP:
		s.associate()
	default:
		s.resolve(r.destination, do, func(err error) { s.fail(codeOf(err)) })
	}
}

// resolve gives then the addresses of a destination that the rules allow, at least one, in their order, or says why there
// are none.
func (s *session) resolve(d destination, then func([]netip.Addr), failed func(error)) {
	check := func(all []netip.Addr) {
		var allowed []netip.Addr
		err := error(protocol.ErrDNSLookup)
		for _, a := range all {
			if a = a.Unmap(); s.request.version == version4 && !a.Is4() {
				continue // there is no reply that could name it
			}
			if s.service.allows(d.name, netip.AddrPortFrom(a, d.port)) {
				allowed = append(allowed, a)
			} else {
				err = protocol.ErrDenied
			}
		}
		if len(allowed) == 0 {
			failed(err)
			return
		}
		then(allowed)
	}
	if d.name == "" {
		check([]netip.Addr{d.addr})
		return
	}
	s.Transport.Reactor().Resolve(d.name, func(texts []string, err error) {
		if s.IsLost() || s.Transport.Disconnecting() {
			return
		}
		if err != nil {
			failed(err)
			return
		}
		var all []netip.Addr
		for _, text := range texts {
			if a, err := netip.ParseAddr(text); err == nil {
				all = append(all, a)
			}
		}
		check(all)
	})
}

// reply tells the client how its request went.
func (s *session) reply(c code, addr netip.AddrPort) {
	if s.request.version == version4 {
		s.Transport.Write(reply4(c, addr))
	} else {
		s.Transport.Write(reply5(c, addr))
	}
}

// fail is the last reply.
func (s *session) fail(c code) {
	s.reply(c, netip.AddrPort{})
	s.Transport.LoseConnection()
}

// join makes the client and the other end a relay.
func (s *session) join(other *relay.End) {
	s.waiting = false
	relay.Join(&s.End, other, s.service.Mode)
}

// ReadConnectionLost implements [protocol.HalfCloser]. While a client waits for a connection that it asked for it may have
// said all it has to say; otherwise it has left.
func (s *session) ReadConnectionLost() {
	if s.state != nil || s.waiting {
		s.Transport.LoseConnection()
		return
	}
	s.End.ReadConnectionLost()
}

// ConnectionLost implements [protocol.Protocol].
func (s *session) ConnectionLost(reason error) {
	s.timeout.Stop()
	s.End.ConnectionLost(reason)
	if s.release != nil {
		s.release()
	}
}
