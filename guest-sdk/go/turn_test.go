package wasmnet_test

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
)

// What the Go runtime's timers need reaches the host, and a wake-up has them fire.
func TestTimersOfTheRuntime(t *testing.T) {
	f := connected(t)
	f.data(1, "doze 1h")
	if d := time.Duration(f.sleep); d > time.Hour || d < 59*time.Minute {
		t.Errorf("the guest would sleep %v, want an hour", d)
	}
	f.data(1, "doze 2h")
	if d := time.Duration(f.sleep); d > time.Hour || d < 59*time.Minute {
		t.Errorf("the guest would sleep %v, want what is left of an hour", d)
	}
	f.data(1, "doze 1ms")
	for len(f.said) == 0 {
		f.event(abi.TimerFired, abi.WakeUp)
	}
	f.expect("dozed 1ms, <nil>")
}

func TestWithoutTimersTheGuestWaitsForEvents(t *testing.T) {
	f := connected(t)
	f.sleep = 1
	f.data(1, "park")
	if f.sleep >= 0 {
		t.Errorf("the guest would sleep %v", time.Duration(f.sleep))
	}
	f.event(abi.TimerFired, abi.WakeUp) // harms nothing
	f.expect()
}
