package service_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/service"
)

// peer is one end of a connection that the tree is to close.
type peer struct {
	protocol.Base
	lost chan error
}

func (p *peer) ConnectionLost(reason error) { p.lost <- reason }

func newReactor(t *testing.T, log io.Writer) *reactor.Reactor {
	t.Helper()
	r, err := reactor.New(reactor.Config{Loops: 2, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun: the tree listens and dials while the reactor runs. Stopped, the client's connection is closed cleanly, before
// the reactor closes what is left.
func TestRun(t *testing.T) {
	r := newReactor(t, io.Discard)
	loop := r.Loops()[0]
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	app := service.NewMultiService(loop)
	server := service.NewStreamServerEndpointService(r, "tcp:0:interface=127.0.0.1",
		protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &protocol.Base{} }))
	mine := &peer{lost: make(chan error, 1)}
	dialler := service.NewClientService(loop, "tcp:"+outside.Addr().String(),
		protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return mine }), client.Options{})
	for _, s := range []service.Service{server, dialler} {
		if err := app.AddService(s); err != nil {
			t.Fatal(err)
		}
	}
	var at string
	if _, err := r.AddSystemEventTrigger(reactor.After, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		at = server.Port().Host().String()
		dialler.WhenConnected(0).Handle(func(_ protocol.Protocol, err error) {
			if err != nil {
				t.Error(err)
			}
			if c, err := net.Dial("tcp", at); err != nil {
				t.Error(err)
			} else {
				c.Close()
			}
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
		})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := service.Run(r, app); err != nil {
		t.Fatal(err)
	}
	if reason := <-mine.lost; reason != protocol.ErrConnectionDone {
		t.Errorf("the client's connection ended with %v", reason)
	}
	if c, err := net.Dial("tcp", at); err == nil {
		c.Close()
		t.Error("the server still listens")
	}
	if app.Running() || server.Running() || dialler.Running() {
		t.Error("something is still running")
	}
	if err := service.Run(r, app); !errors.Is(err, reactor.ErrPhasePassed) {
		t.Errorf("Run on a reactor that has ended: %v", err)
	}
}

// TestRunFails: a tree that does not start ends the reactor.
func TestRunFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	broken := func(r *reactor.Reactor) service.Service {
		return service.NewStreamServerEndpointService(r, "tcp:"+port+":interface=127.0.0.1", protocol.FactoryFunc(
			func(protocol.Address) protocol.Protocol { return &protocol.Base{} }))
	}
	var log bytes.Buffer
	r := newReactor(t, &log)
	if err := service.Run(r, broken(r)); !errors.Is(err, protocol.ErrCannotListen) || log.Len() > 0 {
		t.Errorf("Run: %v, logged %q", err, &log)
	}
	r = newReactor(t, &log)
	if err := service.Attach(r, broken(r)); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(); err != nil {
		t.Errorf("Run of a reactor: %v", err)
	}
	if !bytes.Contains(log.Bytes(), []byte("phase=during error=\"cannot listen")) || bytes.Count(log.Bytes(), []byte("\n")) != 1 {
		t.Errorf("logged %q", &log)
	}
}

// TestStopBeforeStart: a reactor that is stopped while it starts does not start the tree.
func TestStopBeforeStart(t *testing.T) {
	r := newReactor(t, io.Discard)
	told := &events{}
	s := &part{label: "s", events: told}
	if _, err := r.AddSystemEventTrigger(reactor.Before, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := service.Run(r, s); err != nil || len(*told) != 0 {
		t.Errorf("%v, %q", err, *told)
	}
}
