package reactortest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const second = time.Second

// calls is what was called, in order.
type calls struct{ list []string }

func (c *calls) add(name string) func() { return func() { c.list = append(c.list, name) } }

func (c *calls) check(t *testing.T, want string) {
	t.Helper()
	if got := strings.Join(c.list, " "); got != want {
		t.Errorf("called %q, want %q", got, want)
	}
	c.list = nil
}

func TestClockOrder(t *testing.T) {
	clock, c := reactortest.NewClock(), &calls{}
	clock.CallLater(2*second, c.add("2"))
	clock.CallLater(second, c.add("1a"))
	clock.CallLater(second, c.add("1b"))
	clock.CallLater(0, c.add("0"))
	c.check(t, "")
	clock.Advance(0)
	c.check(t, "0")
	clock.Advance(3 * second)
	c.check(t, "1a 1b 2")
	if got := clock.Now().Sub(reactortest.Epoch); got != 3*second {
		t.Errorf("time %v", got)
	}
}

func TestClockCallsOfAnIterationWaitForTheNext(t *testing.T) {
	clock, c := reactortest.NewClock(), &calls{}
	clock.CallLater(second, func() {
		c.add("first")()
		clock.CallLater(0, c.add("made in it"))
	})
	clock.CallLater(second, c.add("second"))
	clock.Advance(second)
	c.check(t, "first second")
	clock.Advance(0)
	c.check(t, "made in it")
}

func TestDelayedCall(t *testing.T) {
	clock, c := reactortest.NewClock(), &calls{}
	cancelled := clock.CallLater(second, c.add("cancelled"))
	if err := cancelled.Cancel(); err != nil || cancelled.Active() {
		t.Errorf("Cancel: %v", err)
	}
	delayed := clock.CallLater(second, c.add("delayed"))
	delayed.Delay(2 * second)
	hastened := clock.CallLater(9*second, c.add("hastened"))
	hastened.Delay(-7 * second)
	reset := clock.CallLater(9*second, c.add("reset"))
	reset.Reset(second)
	if got := delayed.Time().Sub(reactortest.Epoch); got != 3*second {
		t.Errorf("due at %v", got)
	}
	if d, ok := clock.Next(); !ok || d != second || clock.Pending() != 3 {
		t.Errorf("next in %v, %v; %d pending", d, ok, clock.Pending())
	}
	clock.Pump(second, second, second)
	c.check(t, "reset hastened delayed")
	for name, f := range map[string]func(protocol.DelayedCall) error{
		"Cancel": protocol.DelayedCall.Cancel,
		"Delay":  func(d protocol.DelayedCall) error { return d.Delay(second) },
		"Reset":  func(d protocol.DelayedCall) error { return d.Reset(second) },
	} {
		if err := f(delayed); !errors.Is(err, protocol.ErrAlreadyCalled) {
			t.Errorf("%s after the call: %v", name, err)
		}
		if err := f(cancelled); !errors.Is(err, protocol.ErrAlreadyCancelled) {
			t.Errorf("%s after Cancel: %v", name, err)
		}
	}
	if _, ok := clock.Next(); ok || delayed.Active() {
		t.Error("there is still something to call")
	}
}

func TestClockRefusesThePast(t *testing.T) {
	clock := reactortest.NewClock()
	timer := clock.CallLater(0, func() {})
	for name, f := range map[string]func(){
		"CallLater": func() { clock.CallLater(-1, func() {}) },
		"Advance":   func() { clock.Advance(-1) },
		"Reset":     func() { timer.Reset(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s with a negative time did not panic", name)
				}
			}()
			f()
		}()
	}
}

func ExampleClock() {
	clock := reactortest.NewClock()
	clock.CallLater(90*time.Second, func() { fmt.Println("a minute and a half is over") })
	clock.Advance(time.Minute)
	fmt.Println("a minute is over")
	clock.Advance(time.Minute)
	// Output:
	// a minute is over
	// a minute and a half is over
}
