package host_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

func TestConnectionsAreLimited(t *testing.T) {
	for limit, limits := range map[string]host.Limits{
		"connections": {Connections: 2},
		"per-peer":    {PerPeer: 2},
		"instances":   {Instances: 2},
	} {
		t.Run(limit, func(t *testing.T) {
			w := newWorld(t, oneLoop)
			s, address := w.run("echo.wat", host.ServiceConfig{Limits: limits})
			a, b := dial(t, address), dial(t, address)
			for _, c := range []net.Conn{a, b} {
				send(t, c, "x")
				receive(t, c, "x")
			}
			if got := knock(t, address); got != "" {
				t.Errorf("the third of two connections got %q", got)
			}
			w.log.Wait(t, "limit exceeded", "limit="+limit, "value=2")
			if n := s.Stats().Breaches[limit]; n == 0 {
				t.Error("the breach was not counted")
			}
			a.Close()
			w.log.Wait(t, "connection closed", a.LocalAddr().String())
			c := dial(t, address)
			send(t, c, "y")
			receive(t, c, "y")
		})
	}
}

func TestManyBreachesAreFewLines(t *testing.T) {
	w := newWorld(t, oneLoop)
	s, address := w.run("echo.wat", host.ServiceConfig{Limits: host.Limits{Connections: 1}})
	c := dial(t, address)
	send(t, c, "x")
	receive(t, c, "x")
	for range 50 {
		knock(t, address)
	}
	if n := s.Stats().Breaches["connections"]; n != 50 {
		t.Errorf("%d breaches counted, want 50", n)
	}
	if lines := w.log.Count("limit exceeded"); lines > 2*10 { // the second may have changed
		t.Errorf("50 breaches gave %d lines", lines)
	}
}

func TestTimesAreLimited(t *testing.T) {
	for limit, limits := range map[string]host.Limits{
		"idle":       {Idle: 200 * time.Millisecond},
		"first-byte": {FirstByte: 200 * time.Millisecond},
		"lifetime":   {Lifetime: 200 * time.Millisecond},
	} {
		t.Run(limit, func(t *testing.T) {
			w := newWorld(t)
			p, s, address := w.pull(host.ServiceConfig{Isolation: host.PerService, Limits: limits})
			c := dial(t, address)
			drained(t, c)
			w.log.Wait(t, "limit exceeded", "limit="+limit, "value=200ms", c.LocalAddr().String(), "bill.calls")
			w.log.Wait(t, "connection closed", c.LocalAddr().String(), `reason="connection was idle too long"`)
			if n := s.Stats().Breaches[limit]; n == 0 {
				t.Error("the breach was not counted")
			}
			_ = p
		})
	}
}

func TestGuestShortensItsIdleTimeout(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Idle: time.Hour}})
	conn := int64(p.expect(abi.ConnectionMade).a)
	p.call("set_option", conn, abi.OptionIdleTimeout, int64(200*time.Millisecond))
	drained(t, p)
	w.log.Wait(t, "limit exceeded", "limit=idle")
}

func TestOutputIsLimited(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService, Limits: host.Limits{Output: 100_000}})
	p.expect(abi.ConnectionMade)
	dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)
	for p.call("write", conn, int64(p.scratch), 50_000) >= 0 {
	}
	for { // the guest may have been asked to pause before
		e := p.event()
		if puppetEvents[e.kind] == abi.ConnectionLost {
			if int64(e.a) != conn || e.b != 12 {
				t.Errorf("%v, want reason 12", e)
			}
			break
		}
	}
	w.log.Wait(t, "limit exceeded", "limit=output", "value=100000")
	if code := p.call("write", conn, int64(p.scratch), 1); abi.Code(code) != abi.Handle {
		t.Errorf("writing to what is lost: %d", code)
	}
}

func TestRateOutPausesAndThenStopsTheGuest(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService,
		Limits: host.Limits{RateOut: 100_000, Output: 200_000}})
	p.expect(abi.ConnectionMade)
	c := dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)
	go io.Copy(io.Discard, c)
	p.call("write", conn, int64(p.scratch), 150_000)
	if e := p.expect(abi.PauseProducing); int64(e.a) != conn {
		t.Errorf("%v", e)
	}
	if e := p.expect(abi.ResumeProducing); int64(e.a) != conn {
		t.Errorf("%v", e)
	}
	p.call("write", conn, int64(p.scratch), 150_000)
	p.expect(abi.PauseProducing)
	for p.call("write", conn, int64(p.scratch), 100_000) >= 0 {
	}
	w.log.Wait(t, "limit exceeded", "limit=rate-out", "value=100000")
	if e := p.expect(abi.ConnectionLost); int64(e.a) != conn || e.b != 12 {
		t.Errorf("%v", e)
	}
}

func TestFuelRateStopsAGuestInDebt(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Limits: host.Limits{FuelRate: 10_000_000, Fuel: 50_000_000}})
	p.do(opSpin, 1_000_000) // some millions of units
	// Timers go on while the peer waits, so a guest can run up a debt that no waiting pays.
	p.do(opDoIn, 15, opSpin, 0, 5_000_000)
	for range 10 {
		p.begin(p.importing("call_later", 0))
	}
	w.log.Wait(t, "limit exceeded", "limit=fuel-rate", "value=10000000")
}

func TestMemoryIsLimited(t *testing.T) {
	w := newWorld(t, oneLoop)
	p, s, address := w.pull(host.ServiceConfig{Limits: host.Limits{Memory: 2 << 20, MemoryTotal: 3 << 20}})
	have := p.do(opSize)
	if got := p.do(opGrow, 32-have); got != have {
		t.Errorf("growing to the limit: %d", got)
	}
	if got := int32(p.do(opGrow, 1)); got != -1 {
		t.Errorf("growing beyond it: %d", got)
	}
	w.log.Wait(t, "limit exceeded", "limit=memory", "value=2MiB")

	// Others come up against the total.
	q, r := newPuppet(t, dial(t, address)), newPuppet(t, dial(t, address))
	q.do(opGrow, 32-have)
	if got := int32(r.do(opGrow, 32-have)); got != -1 {
		t.Errorf("growing beyond the total: %d", got)
	}
	w.log.Wait(t, "limit exceeded", "limit=memory-total", "value=3MiB")
	if st := s.Stats(); st.Breaches["memory"] != 1 || st.Breaches["memory-total"] != 1 || st.Memory <= 0 {
		t.Errorf("stats %+v", st)
	}
	// What one gives back the other can have.
	q.Close()
	w.log.Wait(t, "connection closed", q.LocalAddr().String())
	if got := r.do(opGrow, 32-have); got != have {
		t.Errorf("growing after the other is gone: %d", got)
	}
}

func TestModuleThatNeedsMoreMemoryThanTheLimit(t *testing.T) {
	w := newWorld(t)
	m := w.load("g", guestbuild.WatText(t, `(module (memory (export "memory") 33))`))
	_, err := w.NewService(m, w.reactor, host.ServiceConfig{Limits: host.Limits{Memory: 2 << 20}})
	if err == nil || !contains(err.Error(), "module g: limit memory=2MiB exceeded: the module begins with 2112KiB") {
		t.Errorf("NewService: %v", err)
	}
}

func TestLogRateIsLimited(t *testing.T) {
	w := newWorld(t)
	p, s, _ := w.pull(host.ServiceConfig{Limits: host.Limits{LogRate: 5}})
	var many []command
	for range 50 {
		many = append(many, p.texting("log", "flood", 1))
	}
	p.all(many...)
	if n := w.log.Count("msg=flood"); n < 5 || n > 10 { // the second may have changed
		t.Errorf("%d lines", n)
	}
	w.log.Wait(t, "limit exceeded", "limit=log-rate", "value=5")
	if n := s.Stats().Breaches["log-rate"]; n < 40 {
		t.Errorf("%d breaches", n)
	}
}

func TestFuelTotalMakesAllOfAServiceWait(t *testing.T) {
	w := newWorld(t, oneLoop)
	p, s, address := w.pull(host.ServiceConfig{Limits: host.Limits{FuelTotal: 20_000_000}})
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	q := newPuppet(t, dial(t, address))
	q.expect(abi.ConnectionMade)
	timer := q.call("call_later", int64(10*time.Millisecond))
	p.do(opSpin, 18_000_000) // more than the service has in two seconds, so in one of any two as well
	w.log.Wait(t, "limit exceeded", "limit=fuel-total")
	if e := q.expect(abi.TimerFired); int64(e.a) != timer {
		t.Errorf("%v", e)
	}
	q.do(opCount)
	if n := s.Stats().Breaches["fuel-total"]; n != 1 {
		t.Errorf("%d breaches, want 1", n)
	}
	c := dial(t, echo) // other services do not wait
	send(t, c, "x")
	receive(t, c, "x")
}
