package deferred

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Connect dials a client endpoint string with one attempt, and returns a Deferred of the protocol that f built, once its
// ConnectionMade has been called. It fails with the reason of the attempt, with the error of a string that cannot be
// parsed, or with [ErrNoProtocol] when f builds none. Cancelling it stops the attempt and fails it with
// protocol.ErrConnectingCancelled.
//
// f may be a protocol.Starter and Stopper. It is not told of the attempt as a protocol.ClientFactory would be: the
// Deferred is.
func Connect(r protocol.Reactor, endpoint string, f protocol.Factory) *Deferred[protocol.Protocol] {
	a := &attempt{factory: f}
	a.outcome = create(r, func(d *Deferred[protocol.Protocol]) {
		a.connector.StopConnecting()
		d.Errback(protocol.ErrConnectingCancelled)
	}, 1)
	connector, err := r.Connect(endpoint, a)
	if err != nil {
		a.outcome.Errback(err)
		return a.outcome
	}
	a.connector = connector
	return a.outcome
}

// attempt is the factory of one Connect.
type attempt struct {
	factory   protocol.Factory
	connector protocol.Connector
	outcome   *Deferred[protocol.Protocol]
}

var (
	_ protocol.ClientFactory = (*attempt)(nil)
	_ protocol.Starter       = (*attempt)(nil)
	_ protocol.Stopper       = (*attempt)(nil)
)

func (a *attempt) BuildProtocol(addr protocol.Address) protocol.Protocol {
	if a.outcome.fired {
		return nil // cancelled
	}
	p := a.factory.BuildProtocol(addr)
	if p == nil {
		a.outcome.Errback(protocol.ErrDenied.Because(ErrNoProtocol))
		return nil
	}
	return announce(p, func() { a.outcome.Callback(p) })
}

func (a *attempt) StartedConnecting(protocol.Connector) {}

func (a *attempt) ClientConnectionFailed(_ protocol.Connector, reason error) {
	if !a.outcome.fired {
		a.outcome.Errback(reason)
	}
}

func (a *attempt) ClientConnectionLost(protocol.Connector, error) {}

func (a *attempt) StartFactory() error {
	if s, ok := a.factory.(protocol.Starter); ok {
		return s.StartFactory()
	}
	return nil
}

func (a *attempt) StopFactory() {
	if s, ok := a.factory.(protocol.Stopper); ok {
		s.StopFactory()
	}
}

// CheckAddress asks the factory whether addr may be dialled, if it wants to be asked; see reactor.AddressChecker.
func (a *attempt) CheckAddress(addr netip.AddrPort) error {
	if f, ok := a.factory.(interface{ CheckAddress(netip.AddrPort) error }); ok {
		return f.CheckAddress(addr)
	}
	return nil
}

// announced is a protocol whose ConnectionMade is followed by a call of made.
type announced struct {
	protocol.Protocol
	made func()
}

func (a announced) ConnectionMade(t protocol.Transport) {
	a.Protocol.ConnectionMade(t)
	a.made()
}

// WrappedProtocol implements [protocol.Wrapper].
func (a announced) WrappedProtocol() protocol.Protocol { return a.Protocol }

// announce wraps p, with the powers that p has and no others.
func announce(p protocol.Protocol, made func()) protocol.Protocol {
	a := announced{p, made}
	half, isHalf := p.(protocol.HalfCloser)
	listener, isListener := p.(protocol.HandshakeListener)
	provider, isProvider := p.(protocol.BufferProvider)
	switch {
	case isHalf && isListener && isProvider:
		return struct {
			announced
			protocol.HalfCloser
			protocol.HandshakeListener
			protocol.BufferProvider
		}{a, half, listener, provider}
	case isHalf && isListener:
		return struct {
			announced
			protocol.HalfCloser
			protocol.HandshakeListener
		}{a, half, listener}
	case isHalf && isProvider:
		return struct {
			announced
			protocol.HalfCloser
			protocol.BufferProvider
		}{a, half, provider}
	case isListener && isProvider:
		return struct {
			announced
			protocol.HandshakeListener
			protocol.BufferProvider
		}{a, listener, provider}
	case isHalf:
		return struct {
			announced
			protocol.HalfCloser
		}{a, half}
	case isListener:
		return struct {
			announced
			protocol.HandshakeListener
		}{a, listener}
	case isProvider:
		return struct {
			announced
			protocol.BufferProvider
		}{a, provider}
	}
	return a
}
