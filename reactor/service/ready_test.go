package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/reactor/service"
)

func recorders(kept *[]*reactortest.Recorder) protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		p := &reactortest.Recorder{}
		*kept = append(*kept, p)
		return p
	})
}

// TestServerAndClient: the client finds the server while that runs; connections outlive the server but not the client.
func TestServerAndClient(t *testing.T) {
	r := reactortest.NewReactor()
	var accepted, made []*reactortest.Recorder
	const at = "tcp:7:interface=127.0.0.1"
	server := service.NewStreamServerEndpointService(r, at, recorders(&accepted))
	other := service.NewStreamServerEndpointService(r, at, recorders(&accepted))
	c := service.NewClientService(r, "tcp:127.0.0.1:7", recorders(&made), client.Options{})
	for _, s := range []service.Service{server, c} {
		if err := s.StartService(); err != nil || !s.Running() {
			t.Fatal(err, s.Running())
		}
	}
	if err := other.StartService(); !errors.Is(err, protocol.ErrCannotListen) || other.Running() {
		t.Errorf("the same port again: %v", err)
	}
	connected := false
	c.WhenConnected(1).Handle(func(_ protocol.Protocol, err error) { connected = err == nil })
	r.Settle()
	if !connected || len(accepted) != 1 || server.Port().Host().String() != "127.0.0.1:7" {
		t.Fatalf("connected %t, %d accepted at %v", connected, len(accepted), server.Port().Host())
	}
	if server.StopService() != nil || server.Running() || server.Port() != nil {
		t.Error("the server has not stopped")
	}
	r.Settle()
	if accepted[0].Reason != nil {
		t.Errorf("the connection ended with the server: %v", accepted[0].Reason)
	}
	if err := other.StartService(); err != nil {
		t.Errorf("the port is not free: %v", err)
	}
	stopped := false
	c.StopService().Handle(func(_ deferred.Unit, err error) { stopped = err == nil })
	if stopped {
		t.Error("stopped before the connection ended")
	}
	r.Settle()
	if !stopped || c.Running() || accepted[0].Reason == nil {
		t.Errorf("stopped %t, lost by %v", stopped, accepted[0].Reason)
	}
	if err := service.NewClientService(r, "tcp:", nil, client.Options{}).StartService(); err == nil {
		t.Error("an endpoint string that is wrong is no error")
	}
}

func TestTimerService(t *testing.T) {
	r := reactortest.NewReactor()
	calls := 0
	var work *deferred.Deferred[deferred.Unit]
	s := service.NewTimerService(r, time.Second, func() *deferred.Deferred[deferred.Unit] {
		calls++
		return work
	})
	if err := s.StartService(); err != nil || calls != 1 {
		t.Fatalf("%v, %d calls", err, calls)
	}
	r.Pump(time.Second, time.Second)
	if calls != 3 {
		t.Errorf("%d calls after two steps, want 3", calls)
	}
	work = deferred.New[deferred.Unit](r)
	r.Pump(time.Second, time.Second)
	stopped := false
	s.StopService().Handle(func(_ deferred.Unit, err error) { stopped = err == nil })
	if stopped || s.Running() || calls != 4 {
		t.Errorf("while a call is under way: stopped %t, running %t, %d calls", stopped, s.Running(), calls)
	}
	work.Callback(deferred.Unit{})
	if !stopped || r.Pending() != 0 {
		t.Errorf("stopped %t, %d timers are left", stopped, r.Pending())
	}
	work = nil
	if err := s.StartService(); err != nil || calls != 5 || !s.Running() {
		t.Errorf("started again: %v, %d calls", err, calls)
	}
	broken := errors.New("broken")
	work = deferred.Fail[deferred.Unit](r, broken)
	r.Pump(time.Second, time.Second, 0)
	if s.Running() || len(r.Unhandled) != 1 || !errors.Is(r.Unhandled[0], broken) {
		t.Errorf("after an error: running %t, reported %v", s.Running(), r.Unhandled)
	}
}
