package client

import (
	"slices"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Options say how a [Service] goes about it.
type Options struct {
	// RetryPolicy says how long to wait between attempts; nil: [DefaultRetryPolicy].
	RetryPolicy RetryPolicy
	// PrepareConnection, if not nil, is given each new connection's protocol before anybody else is, to log in for
	// instance. The connection counts as made when the Deferred that it returns fires; nil is as good as one that
	// has. Its failure ends the connection and counts as a failed attempt.
	PrepareConnection func(p protocol.Protocol) *deferred.Deferred[deferred.Unit]
}

// Service keeps one connection to an endpoint from Start to Stop.
type Service struct {
	reactor  protocol.Reactor
	endpoint string
	factory  *serviceFactory
	options  Options

	state     state
	connector protocol.Connector
	failed    int // attempts since the last success
	timer     protocol.DelayedCall
	// conn is the connection that is being prepared, is up, or ends; nil: none.
	conn     *connection
	waiters  []*waiter
	stopping []*deferred.Deferred[deferred.Unit]
}

// state is what a Service is about.
type state uint8

const (
	fresh      state = iota // never started
	connecting              // dialling, or preparing the connection
	waiting                 // between two attempts
	connected
	disconnecting // stopped; what there was has not ended yet
	restarting    // the same, and started anew
	stopped
)

// waiter is a WhenConnected that has no outcome yet.
type waiter struct {
	outcome  *deferred.Deferred[protocol.Protocol]
	failures int // still to be borne; 0: any number
}

// NewService makes a Service of connections to a client endpoint string, whose protocols f builds.
func NewService(r protocol.Reactor, endpoint string, f protocol.Factory, options Options) *Service {
	if options.RetryPolicy == nil {
		options.RetryPolicy = DefaultRetryPolicy
	}
	s := &Service{reactor: r, endpoint: endpoint, options: options}
	s.factory = &serviceFactory{policy.WrappingFactory{Factory: f}, s}
	return s
}

// Start begins to connect. The error is that of an endpoint string that cannot be parsed; everything else is tried
// again. On a Service that was started already it does nothing. Before a Stop is complete it has the connection made
// anew as soon as it is.
func (s *Service) Start() error {
	switch s.state {
	case fresh, stopped:
		return s.connect()
	case disconnecting:
		s.state = restarting
	}
	return nil
}

// Stop ends the connection, or the attempts. The Deferred fires when there is nothing left of either; those of
// WhenConnected fail with [deferred.ErrCancelled] then.
func (s *Service) Stop() *deferred.Deferred[deferred.Unit] {
	switch s.state {
	case fresh, stopped:
		s.state = stopped
		s.cancelWaiters()
		return deferred.Succeed(s.reactor, deferred.Unit{})
	case waiting:
		_ = s.timer.Cancel() // it is waiting, so it can be
		s.state = stopped
		s.cancelWaiters()
		return deferred.Succeed(s.reactor, deferred.Unit{})
	case connecting, connected:
		s.connector.Disconnect()
	}
	s.state = disconnecting
	done := deferred.New[deferred.Unit](s.reactor)
	s.stopping = append(s.stopping, done)
	return done
}

// WhenConnected returns a Deferred of the protocol that is connected, or of the next one that will be. It fails with
// [deferred.ErrCancelled] when the Service is stopped, and with the last attempt's error after failAfterFailures failed
// attempts in a row; 0 is no limit.
func (s *Service) WhenConnected(failAfterFailures int) *deferred.Deferred[protocol.Protocol] {
	switch s.state {
	case connected:
		return deferred.Succeed(s.reactor, s.conn.Protocol)
	case stopped:
		return deferred.Fail[protocol.Protocol](s.reactor, deferred.ErrCancelled)
	}
	w := &waiter{failures: failAfterFailures}
	w.outcome = deferred.NewCancellable(s.reactor, func(*deferred.Deferred[protocol.Protocol]) {
		s.waiters = slices.DeleteFunc(s.waiters, func(other *waiter) bool { return other == w })
	})
	s.waiters = append(s.waiters, w)
	return w.outcome
}

// connect begins an attempt.
func (s *Service) connect() error {
	if s.connector == nil {
		c, err := s.reactor.Connect(s.endpoint, s.factory)
		if err != nil {
			return err
		}
		s.connector = c
	} else {
		s.connector.Connect()
	}
	s.state, s.failed = connecting, 0
	return nil
}

// wait begins the wait for the next attempt.
func (s *Service) wait() {
	s.failed++
	s.state = waiting
	s.timer = s.reactor.CallLater(max(0, s.options.RetryPolicy(s.failed)), func() {
		s.state = connecting
		s.connector.Connect()
	})
}

// attemptFailed goes on after an attempt that failed, or a connection that could not be prepared.
func (s *Service) attemptFailed(reason error) {
	s.wait()
	var over []*waiter
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		if w.failures--; w.failures == 0 {
			over = append(over, w)
		}
		return w.failures == 0
	})
	for _, w := range over {
		_ = w.outcome.Errback(reason) // it has not fired: it was among the waiters
	}
}

// ready says that the connection is made.
func (s *Service) ready() {
	s.state, s.failed = connected, 0
	made := s.conn.Protocol
	waiters := s.waiters
	s.waiters = nil
	for _, w := range waiters {
		_ = w.outcome.Callback(made)
	}
}

// ended goes on when nothing is left of an attempt or a connection.
func (s *Service) ended(reason error) {
	switch s.state {
	case connecting:
		s.attemptFailed(reason)
	case connected:
		s.wait()
	case restarting:
		// The string was parsed before, so there is no error.
		_ = s.connect()
		s.finishStopping()
	case disconnecting:
		s.state = stopped
		s.cancelWaiters()
		s.finishStopping()
	}
}

func (s *Service) cancelWaiters() {
	waiters := s.waiters
	s.waiters = nil
	for _, w := range waiters {
		_ = w.outcome.Errback(deferred.ErrCancelled)
	}
}

func (s *Service) finishStopping() {
	stopping := s.stopping
	s.stopping = nil
	for _, done := range stopping {
		_ = done.Callback(deferred.Unit{})
	}
}
