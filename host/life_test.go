package host_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// wasmnet_stop is called when the last port has closed and the last connection is gone: in the instance that shares
// them, or in one.
func TestStopIsToldWhenNothingIsLeft(t *testing.T) {
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			w := newWorld(t, oneLoop)
			s := w.service(w.load("puppet.wasm", withManifest(c(t, "puppet.c"), `{"isolation":"service"}`)),
				host.ServiceConfig{Isolation: isolation})
			first, err := s.Listen("tcp:0:interface=127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			second, err := s.Listen("tcp:0:interface=127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			p := newPuppet(t, dial(t, first.Host().String()))
			first.StopListening()
			q := dial(t, second.Host().String()) // the service goes on
			w.log.Wait(t, "connection made", q.LocalAddr().String())
			second.StopListening()
			q.Close()
			w.log.Wait(t, "connection closed", q.LocalAddr().String())
			p.do(opCount)
			if n := w.log.Count("msg=stopped"); n != 0 {
				t.Error("stopped although a connection is left")
			}
			p.Close()
			w.log.Wait(t, "msg=stopped", "source=guest")
			if n := w.log.Count("msg=stopped"); n != 1 {
				t.Errorf("stopped %d times", n)
			}
			// And again from the start.
			address := w.serve(s)
			if n := newPuppet(t, dial(t, address)).do(opCount); n != 2 {
				t.Errorf("the instance is not fresh: %d", n)
			}
			if isolation != host.PerConnection && w.log.Count("msg=running") != 2 {
				t.Errorf("when_running came %d times, want 2", w.log.Count("msg=running"))
			}
		})
	}
}

func TestGuestsAreToldOfTheShutdown(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService})
	p.expect(abi.ConnectionMade)
	dial(t, address)
	conn := p.expect(abi.ConnectionMade).a
	if err := w.reactor.Drain(50 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	// What the guest hears of it after its own connection was shut is not to be seen; the other's end may be.
	for {
		kind, body, err := p.read()
		if err != nil {
			break
		}
		if e := parseEvent(body); kind == 'E' && puppetEvents[e.kind] == abi.ConnectionLost && (e.a != conn || e.b != 13) {
			t.Errorf("%v, want reason 13", e)
		}
	}
	w.log.Wait(t, "connection closed", `reason="shutting down"`)
}

func TestNothingStartsAfterClose(t *testing.T) {
	w := newWorld(t)
	m := w.load("echo.wat", wat(t, "echo.wat"))
	s := w.service(m, host.ServiceConfig{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, host.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := s.Listen("tcp:0:interface=127.0.0.1"); !errors.Is(err, host.ErrClosed) || !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("Listen: %v", err)
	}
	h, err := host.New(host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); !errors.Is(err, host.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := h.Load(t.Context(), "echo.wat", wat(t, "echo.wat")); err == nil {
		t.Error("a closed host loads")
	}
}
