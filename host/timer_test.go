package host_test

import (
	"slices"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

func TestTimersFireInOrder(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{})
	p.expect(abi.ConnectionMade)
	ms := int64(time.Millisecond)
	timers := p.all(p.importing("call_later", 3*ms), p.importing("call_later", 0), p.importing("call_later", 1*ms),
		p.importing("call_later", int64(time.Hour)), p.importing("call_later", 0))
	if slices.Min(timers) <= 0 {
		t.Fatalf("timers %d", timers)
	}
	// The second was made for no delay, so nothing of it can have come before the others were made.
	if p.call("cancel_timer", timers[3]) != 0 {
		t.Error("a timer cannot be cancelled")
	}
	var fired []int64
	for range 4 {
		fired = append(fired, int64(p.expect(abi.TimerFired).a))
	}
	if want := []int64{timers[1], timers[4], timers[2], timers[0]}; !slices.Equal(fired, want) {
		t.Errorf("timers fired in the order %d, want %d", fired, want)
	}
	for _, h := range timers {
		if code := p.call("cancel_timer", h); abi.Code(code) != abi.Handle {
			t.Errorf("cancelling a timer that is over: %d", code)
		}
	}
	if code := p.call("call_later", -1); abi.Code(code) != abi.Invalid {
		t.Errorf("a timer in the past: %d", code)
	}
}

func TestTimersAreLimited(t *testing.T) {
	w := newWorld(t)
	p, s, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Timers: 2}})
	hour := int64(time.Hour)
	got := p.all(p.importing("call_later", hour), p.importing("call_later", hour), p.importing("call_later", hour))
	if abi.Code(got[2]) != abi.Limit {
		t.Errorf("the third of two timers: %d", got[2])
	}
	if p.call("cancel_timer", got[0]) != 0 || p.call("call_later", hour) <= 0 {
		t.Error("a cancelled timer still counts")
	}
	w.log.Wait(t, "limit exceeded", "limit=timers", "value=2", "conn=")
	if n := s.Stats().Breaches["timers"]; n != 1 {
		t.Errorf("%d breaches", n)
	}
}

func TestTimersEndWithTheConnection(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{})
	p.call("call_later", int64(50*time.Millisecond))
	p.Close()
	w.log.Wait(t, "connection closed", "bill.timers=1")
	// The instance is used again, and hears nothing of its predecessor's timer.
	q := newPuppet(t, dial(t, address))
	q.expect(abi.ConnectionMade)
	timer := q.call("call_later", int64(100*time.Millisecond))
	if e := q.expect(abi.TimerFired); int64(e.a) != timer {
		t.Errorf("%v, want timer %d", e, timer)
	}
}
