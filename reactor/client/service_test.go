package client

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// outcome keeps that of a Deferred.
type outcome[T any] struct {
	value T
	err   error
	fired bool
}

func watch[T any](d *deferred.Deferred[T]) *outcome[T] {
	o := &outcome[T]{}
	d.Handle(func(value T, err error) { *o = outcome[T]{value, err, true} })
	return o
}

// linear waits as many seconds as attempts have failed.
func linear(failed int) time.Duration { return time.Duration(failed) * time.Second }

// newService makes a Service and starts it.
func newService(t *testing.T, o Options) (*reactortest.Reactor, *recorders, *Service) {
	t.Helper()
	if o.RetryPolicy == nil {
		o.RetryPolicy = linear
	}
	r, f := reactortest.NewReactor(), &recorders{}
	s := NewService(r, endpointText, f, o)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return r, f, s
}

func TestServiceConnects(t *testing.T) {
	r, f, s := newService(t, Options{})
	server, _ := serve(t, r)
	early := watch(s.WhenConnected(0))
	r.Settle()
	late := watch(s.WhenConnected(1))
	if !early.fired || early.err != nil || early.value != protocol.Protocol(f.last()) || *late != *early {
		t.Fatalf("outcomes %+v, %+v", early, late)
	}
	if err := s.Start(); err != nil {
		t.Error(err)
	}
	fmt.Fprint(server.last().Transport, "hello")
	r.Settle()
	if f.last().Take() != "hello" || len(f.built) != 1 {
		t.Errorf("%d connections, the last received %q", len(f.built), f.last().Received)
	}
	done := watch(s.Stop())
	if done.fired {
		t.Error("stopped before the connection was closed")
	}
	waiting := watch(s.WhenConnected(0))
	again := watch(s.Stop())
	r.Settle()
	if !done.fired || !again.fired || done.err != nil || waiting.err != deferred.ErrCancelled {
		t.Errorf("outcomes %+v, %+v, %+v", done, again, waiting)
	}
	if server.last().Reason == nil || r.Pending() != 0 {
		t.Errorf("lost by %v, %d timers are left", server.last().Reason, r.Pending())
	}
	if o := watch(s.WhenConnected(0)); o.err != deferred.ErrCancelled {
		t.Errorf("after the stop: %+v", o)
	}
	if o := watch(s.Stop()); !o.fired || o.err != nil {
		t.Errorf("stopped again: %+v", o)
	}
}

func TestServiceRetries(t *testing.T) {
	r, f, s := newService(t, Options{})
	never, first, third := watch(s.WhenConnected(0)), watch(s.WhenConnected(1)), watch(s.WhenConnected(3))
	given := s.WhenConnected(2)
	cancelled := watch(given)
	r.Settle()
	given.Cancel()
	if !first.fired || protocol.ReasonOf(first.err) != protocol.ErrConnectionRefused || third.fired {
		t.Fatalf("after one failure: %+v, %+v", first, third)
	}
	if cancelled.err != deferred.ErrCancelled {
		t.Errorf("cancelled: %+v", cancelled)
	}
	for i, wait := range []time.Duration{1, 2} {
		r.Advance(wait*time.Second - 1)
		if f.attempts() != i+1 {
			t.Fatalf("%d attempts before wait %d was over", f.attempts(), i)
		}
		r.Advance(1)
	}
	if f.attempts() != 3 || !third.fired || never.fired {
		t.Fatalf("after %d failures: %+v, %+v", f.attempts(), third, never)
	}
	server, _ := serve(t, r)
	r.Advance(3 * time.Second)
	if !never.fired || never.err != nil {
		t.Fatalf("connected: %+v", never)
	}
	// The connection counted as a success: the waits begin anew.
	server.last().Transport.AbortConnection()
	r.Settle()
	next := watch(s.WhenConnected(1))
	r.Advance(time.Second)
	if len(f.built) != 2 || next.value != protocol.Protocol(f.last()) {
		t.Errorf("%d connections, %+v", len(f.built), next)
	}
}

func TestServiceStops(t *testing.T) {
	// Never started.
	r, f := reactortest.NewReactor(), &recorders{}
	s := NewService(r, endpointText, f, Options{})
	waiting := watch(s.WhenConnected(0))
	if o := watch(s.Stop()); !o.fired || o.err != nil || waiting.err != deferred.ErrCancelled {
		t.Errorf("fresh: %+v, %+v", o, waiting)
	}
	// In a wait.
	r, f, s = newService(t, Options{})
	waiting = watch(s.WhenConnected(0))
	r.Settle()
	if o := watch(s.Stop()); !o.fired || o.err != nil || waiting.err != deferred.ErrCancelled || r.Pending() != 0 {
		t.Errorf("in a wait: %+v, %+v, %d timers are left", o, waiting, r.Pending())
	}
	// Started again.
	serve(t, r)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	waiting = watch(s.WhenConnected(0))
	r.Settle()
	if waiting.value != protocol.Protocol(f.last()) {
		t.Errorf("started again: %+v", waiting)
	}
	// In an attempt.
	r, f = reactortest.NewReactor(), &recorders{}
	r.Unreachable("127.0.0.1:1", protocol.ErrTimeout)
	s = NewService(r, endpointText, f, Options{})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	waiting = watch(s.WhenConnected(1))
	o := watch(s.Stop())
	r.Settle()
	if !o.fired || waiting.err != deferred.ErrCancelled || r.Pending() != 0 {
		t.Errorf("in an attempt: %+v, %+v, %d timers are left", o, waiting, r.Pending())
	}
}

// Start before the connection has ended makes a new one when it has.
func TestServiceRestarts(t *testing.T) {
	r, f, s := newService(t, Options{})
	serve(t, r)
	r.Settle()
	done := watch(s.Stop())
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	next := watch(s.WhenConnected(0))
	if len(f.built) != 1 {
		t.Errorf("%d connections", len(f.built))
	}
	r.Settle()
	if !done.fired || len(f.built) != 2 || next.value != protocol.Protocol(f.last()) {
		t.Errorf("%+v, %d connections, %+v", done, len(f.built), next)
	}
	// And stopped before it is started.
	s.Stop()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	done = watch(s.Stop())
	r.Settle()
	if !done.fired || len(f.built) != 2 || r.Pending() != 0 {
		t.Errorf("%+v, %d connections", done, len(f.built))
	}
}

func TestServicePrepares(t *testing.T) {
	var preparing []*deferred.Deferred[deferred.Unit]
	var r *reactortest.Reactor
	r, f, s := newService(t, Options{PrepareConnection: func(p protocol.Protocol) *deferred.Deferred[deferred.Unit] {
		fmt.Fprint(p.(*reactortest.Recorder).Transport, "login")
		preparing = append(preparing, deferred.New[deferred.Unit](r))
		return preparing[len(preparing)-1]
	}})
	server, _ := serve(t, r)
	first, second := watch(s.WhenConnected(1)), watch(s.WhenConnected(0))
	r.Settle()
	if first.fired || server.last().Take() != "login" {
		t.Fatalf("%+v before the preparation", first)
	}
	// It fails.
	wrong := errors.New("wrong password")
	preparing[0].Errback(wrong)
	r.Settle()
	if first.err != wrong || second.fired || server.last().Reason == nil {
		t.Fatalf("%+v, %+v; the connection was lost by %v", first, second, server.last().Reason)
	}
	// The connection is lost meanwhile.
	r.Advance(time.Second)
	third := watch(s.WhenConnected(1))
	server.last().Transport.AbortConnection()
	r.Settle()
	if protocol.ReasonOf(third.err) != protocol.ErrConnectionLost || second.fired {
		t.Fatalf("%+v, %+v", third, second)
	}
	if _, err, ok := preparing[1].Result(); ok && err != nil || !preparing[1].Called() {
		t.Errorf("the preparation was not cancelled: %v", err)
	}
	// The Service is stopped meanwhile.
	r.Advance(2 * time.Second)
	done := watch(s.Stop())
	r.Settle()
	if !done.fired || second.err != deferred.ErrCancelled {
		t.Fatalf("%+v, %+v", done, second)
	}
	// It succeeds.
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	fourth := watch(s.WhenConnected(1))
	r.Settle()
	preparing[3].Callback(deferred.Unit{})
	r.Settle()
	if fourth.value != protocol.Protocol(f.last()) || len(f.built) != 4 {
		t.Errorf("%+v, %d connections", fourth, len(f.built))
	}
	if len(r.Unhandled) != 0 {
		t.Errorf("unhandled: %v", r.Unhandled)
	}
}

// Without anything to wait for, preparing is no more than a call; one that stops the Service is heeded.
func TestServicePreparesAtOnce(t *testing.T) {
	var s *Service
	var stopped *outcome[deferred.Unit]
	prepared := 0
	r, f, s := newService(t, Options{PrepareConnection: func(protocol.Protocol) *deferred.Deferred[deferred.Unit] {
		if prepared++; prepared == 2 {
			stopped = watch(s.Stop())
		}
		return deferred.Succeed(s.reactor, deferred.Unit{})
	}})
	serve(t, r)
	o := watch(s.WhenConnected(0))
	r.Settle()
	if !o.fired || o.err != nil || prepared != 1 {
		t.Errorf("%+v, prepared %d times", o, prepared)
	}
	f.last().Transport.LoseConnection()
	r.Settle()
	o = watch(s.WhenConnected(0))
	r.Advance(time.Second)
	if prepared != 2 || !stopped.fired || o.err != deferred.ErrCancelled || r.Pending() != 0 {
		t.Errorf("prepared %d times, %+v, %+v, %d timers are left", prepared, stopped, o, r.Pending())
	}
}

// A factory that refuses is a failure like any other.
func TestServiceRefused(t *testing.T) {
	r, f, s := newService(t, Options{})
	f.refuse = true
	serve(t, r)
	o := watch(s.WhenConnected(1))
	r.Settle()
	if protocol.ReasonOf(o.err) != protocol.ErrDenied {
		t.Errorf("%+v", o)
	}
	f.refuse = false
	o = watch(s.WhenConnected(1))
	r.Advance(time.Second)
	if !o.fired || o.err != nil {
		t.Errorf("%+v", o)
	}
}

// stopper stops the Service in ConnectionMade.
type stopper struct {
	reactortest.Recorder
	s *Service
}

func (p *stopper) ConnectionMade(t protocol.Transport) {
	p.Recorder.ConnectionMade(t)
	p.s.Stop()
}

// A connection that has ended before anybody could be told of it was none.
func TestServiceStoppedAtOnce(t *testing.T) {
	r, p := reactortest.NewReactor(), &stopper{}
	p.s = NewService(r, endpointText, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p }), Options{})
	if err := p.s.Start(); err != nil {
		t.Fatal(err)
	}
	serve(t, r)
	o := watch(p.s.WhenConnected(0))
	r.Settle()
	if o.err != deferred.ErrCancelled || p.Reason == nil || r.Pending() != 0 {
		t.Errorf("%+v, lost by %v, %d timers are left", o, p.Reason, r.Pending())
	}
}

func TestServiceBadEndpoint(t *testing.T) {
	s := NewService(reactortest.NewReactor(), "tcp:localhost", &recorders{}, Options{})
	if err := s.Start(); err == nil {
		t.Error("no error")
	}
	if o := watch(s.Stop()); !o.fired {
		t.Errorf("%+v", o)
	}
}
