package service

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Listener opens server endpoints: a reactor, which spreads the connections over its loops, or one of its loops.
type Listener interface {
	Listen(endpoint string, f protocol.Factory) (protocol.Port, error)
}

// StreamServerEndpointService listens while it runs.
type StreamServerEndpointService struct {
	Base
	listener Listener
	endpoint string
	factory  protocol.Factory
	port     protocol.Port
}

// NewStreamServerEndpointService returns a service that listens on a server endpoint string.
func NewStreamServerEndpointService(l Listener, endpoint string, f protocol.Factory) *StreamServerEndpointService {
	return &StreamServerEndpointService{listener: l, endpoint: endpoint, factory: f}
}

// StartService implements [Service]. The error is that of Listen.
func (s *StreamServerEndpointService) StartService() error {
	port, err := s.listener.Listen(s.endpoint, s.factory)
	if err != nil {
		return err
	}
	s.port = port
	return s.Base.StartService()
}

// StopService implements [Service]. Connections live on.
func (s *StreamServerEndpointService) StopService() *deferred.Deferred[deferred.Unit] {
	s.port.StopListening()
	s.port = nil
	return s.Base.StopService()
}

// Port is what listens, nil while the service does not run.
func (s *StreamServerEndpointService) Port() protocol.Port { return s.port }

// ClientService keeps a connection up while it runs. See [client.Service].
type ClientService struct {
	Base
	client *client.Service
}

// NewClientService returns a service of connections to a client endpoint string.
func NewClientService(r protocol.Reactor, endpoint string, f protocol.Factory, o client.Options) *ClientService {
	return &ClientService{client: client.NewService(r, endpoint, f, o)}
}

// StartService implements [Service]. The error is that of an endpoint string that cannot be parsed.
func (s *ClientService) StartService() error {
	if err := s.client.Start(); err != nil {
		return err
	}
	return s.Base.StartService()
}

// StopService implements [Service]. The Deferred fires when the connection, or the attempt, has ended.
func (s *ClientService) StopService() *deferred.Deferred[deferred.Unit] {
	s.Base.StopService()
	return s.client.Stop()
}

// WhenConnected returns a Deferred of the connection's protocol. See [client.Service.WhenConnected].
func (s *ClientService) WhenConnected(failAfterFailures int) *deferred.Deferred[protocol.Protocol] {
	return s.client.WhenConnected(failAfterFailures)
}

// TimerService calls a function over and over while it runs, as a [deferred.LoopingCall] does.
type TimerService struct {
	Base
	clock protocol.Clock
	step  time.Duration
	f     func() *deferred.Deferred[deferred.Unit]
	call  *deferred.LoopingCall
	done  *deferred.Deferred[deferred.Unit]
}

// NewTimerService returns a service that calls f when it starts and then once in each step. The next call waits until
// the Deferred that f returned has fired; nil is as good as one that has. An error of it is reported as one that nobody
// handles, and ends the service.
func NewTimerService(clock protocol.Clock, step time.Duration, f func() *deferred.Deferred[deferred.Unit]) *TimerService {
	return &TimerService{clock: clock, step: step, f: f}
}

// StartService implements [Service]. The error is nil.
func (s *TimerService) StartService() error {
	call := deferred.NewLoopingCallDeferred(s.clock, func(int) *deferred.Deferred[deferred.Unit] { return s.f() })
	done := deferred.New[deferred.Unit](s.clock)
	s.call, s.done = call, done
	_ = s.Base.StartService()
	call.Start(s.step, true).Handle(func(_ *deferred.LoopingCall, err error) {
		if err == nil {
			_ = done.Callback(deferred.Unit{}) // unless somebody cancelled it
			return
		}
		if s.call == call {
			s.running = false
		}
		_ = done.Errback(err)
	})
	return nil
}

// StopService implements [Service]. The Deferred fires when the call that is under way, if one is, is done.
func (s *TimerService) StopService() *deferred.Deferred[deferred.Unit] {
	s.call.Stop()
	s.Base.StopService()
	return s.done
}
