package basic_test

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestTimeout(t *testing.T) {
	clock := reactortest.NewClock()
	var w basic.Timeout
	fired := 0
	w.Reset() // off: nothing happens
	if before := w.Set(clock, 10*time.Second, func() { fired++ }); before != 0 {
		t.Errorf("period before the first: %v", before)
	}
	clock.Advance(6 * time.Second)
	w.Reset()
	clock.Advance(9 * time.Second)
	if fired > 0 {
		t.Fatal("expired 9 s after Reset")
	}
	clock.Advance(time.Second)
	if fired != 1 || w.Period() != 0 || clock.Pending() > 0 {
		t.Fatalf("10 s after Reset it expired %d times, period %v, %d timers", fired, w.Period(), clock.Pending())
	}
	w.Reset()
	clock.Advance(time.Hour)
	if fired != 1 {
		t.Error("expired again")
	}
}

func TestTimeoutSetAnew(t *testing.T) {
	clock := reactortest.NewClock()
	var w basic.Timeout
	w.Set(clock, time.Second, func() { t.Error("the period before expired") })
	fired := false
	if before := w.Set(clock, 3*time.Second, func() { fired = true }); before != time.Second {
		t.Errorf("period before: %v", before)
	}
	clock.Advance(2 * time.Second)
	clock.Advance(time.Second)
	if !fired {
		t.Error("did not expire")
	}
	w.Set(clock, time.Second, func() { t.Error("expired although it was stopped") })
	w.Stop()
	w.Set(clock, time.Second, func() { t.Error("expired although it was set to 0") })
	w.Set(clock, 0, nil)
	clock.Advance(time.Hour)
	if clock.Pending() > 0 {
		t.Error("a timer is left")
	}
}

func TestTimeoutSetWhileItExpires(t *testing.T) {
	clock := reactortest.NewClock()
	var w basic.Timeout
	fired := 0
	var expired func()
	expired = func() {
		fired++
		w.Set(clock, time.Second, expired)
	}
	w.Set(clock, time.Second, expired)
	clock.Pump(time.Second, time.Second, time.Second)
	if fired != 3 {
		t.Errorf("expired %d times, want 3", fired)
	}
}

func TestTimeoutResetDoesNotAllocate(t *testing.T) {
	var w basic.Timeout
	w.Set(reactortest.NewClock(), time.Second, func() {})
	if n := testing.AllocsPerRun(100, w.Reset); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
