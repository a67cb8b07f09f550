package behaviour

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// far is a delay that no test waits for.
const far = time.Hour

// onLoop runs test on the loop of each backend. end is to be called, on the loop, when it is over.
func onLoop(t *testing.T, test func(t *testing.T, l *reactor.Loop, end func())) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		over := make(chan struct{})
		r.OnLoop(func(l *reactor.Loop) { test(t, l, func() { close(over) }) })
		trial.Wait(t, over, "the end of the test")
	})
}

// TestTimerOrder restates the ordering tests of test_base: timers that were made, reset, delayed and cancelled at random
// are called in the order of the times that they say they are due.
func TestTimerOrder(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		random := rand.New(rand.NewPCG(1, 2))
		delay := func() time.Duration { return time.Duration(random.Int64N(int64(5 * time.Millisecond))) }
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		var made, called []protocol.DelayedCall
		for i := range 500 {
			var c protocol.DelayedCall
			c = l.CallLater(delay(), func() { called = append(called, c) })
			switch i % 5 {
			case 1:
				must(c.Reset(delay()))
			case 2:
				must(c.Delay(delay()))
			case 3:
				must(c.Delay(-delay()))
			case 4:
				must(c.Cancel())
				continue
			}
			made = append(made, c)
		}
		l.CallLater(20*time.Millisecond, func() {
			slices.SortStableFunc(made, func(a, b protocol.DelayedCall) int { return a.Time().Compare(b.Time()) })
			if !slices.Equal(called, made) {
				t.Errorf("%d timers were called, and %d made, or not in the order of their times", len(called), len(made))
			}
			end()
		})
	})
}

// TestTimersOfEqualTime makes many timers without delay: they are called in the order of making, in one turn.
func TestTimersOfEqualTime(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		next := 0
		for i := range 1000 {
			l.CallLater(0, func() {
				if next != i {
					t.Errorf("timer %d is called when %d is due", i, next)
				}
				if next++; next == 1000 {
					end()
				}
			})
		}
	})
}

// TestTimerInTimer restates test_timeout's relatives: a timer without delay that is made in a timer is called in the next
// turn, after what is due in this one, and after functions that other goroutines have posted meanwhile.
func TestTimerInTimer(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		var order []string
		l.CallLater(0, func() {
			order = append(order, "first")
			l.CallLater(0, func() {
				order = append(order, "made in the first")
				if want := []string{"first", "second", "posted", "made in the first"}; !slices.Equal(order, want) {
					t.Errorf("called in the order %q, want %q", order, want)
				}
				end()
			})
			l.CallFromThread(func() { order = append(order, "posted") })
		})
		l.CallLater(0, func() { order = append(order, "second") })
	})
}

// TestTimerStates restates the state tests of DelayedCall.
func TestTimerStates(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		all := func(c protocol.DelayedCall) []error { return []error{c.Cancel(), c.Reset(far), c.Delay(far)} }
		check := func(what string, c protocol.DelayedCall, want error) {
			if c.Active() {
				t.Errorf("%s: active", what)
			}
			for i, err := range all(c) {
				if !errors.Is(err, want) {
					t.Errorf("%s: %s gives %v, want %v", what, []string{"Cancel", "Reset", "Delay"}[i], err, want)
				}
			}
		}
		before := time.Now()
		c := l.CallLater(far, func() { t.Error("a cancelled timer is called") })
		if !c.Active() || c.Time().Before(before.Add(far)) {
			t.Errorf("a new timer: active %v, due in %v", c.Active(), c.Time().Sub(before))
		}
		due := c.Time()
		if err := c.Delay(time.Second); err != nil || !c.Time().Equal(due.Add(time.Second)) {
			t.Errorf("Delay: %v, due %v later", err, c.Time().Sub(due))
		}
		if err := c.Delay(-2 * time.Second); err != nil || !c.Time().Equal(due.Add(-time.Second)) {
			t.Errorf("Delay back: %v, due %v later", err, c.Time().Sub(due))
		}
		if err := c.Reset(time.Minute); err != nil || !c.Time().Before(due) {
			t.Errorf("Reset: %v, due at %v", err, c.Time())
		}
		if err := c.Cancel(); err != nil {
			t.Errorf("Cancel: %v", err)
		}
		check("cancelled", c, protocol.ErrAlreadyCancelled)

		var called protocol.DelayedCall
		called = l.CallLater(0, func() {
			check("inside its function", called, protocol.ErrAlreadyCalled)
			l.CallLater(0, func() {
				check("called", called, protocol.ErrAlreadyCalled)
				end()
			})
		})
	})
}

// TestTimerCancelsTimer cancels a timer that is due in the same turn.
func TestTimerCancelsTimer(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		var second protocol.DelayedCall
		l.CallLater(0, func() {
			if err := second.Cancel(); err != nil {
				t.Errorf("Cancel: %v", err)
			}
		})
		second = l.CallLater(0, func() { t.Error("the cancelled timer is called") })
		l.CallLater(time.Millisecond, end)
	})
}

// TestNegativeDelay restates test_callLaterNegative: a negative delay is the caller's mistake.
func TestNegativeDelay(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		for name, call := range map[string]func(){
			"CallLater": func() { l.CallLater(-1, func() {}) },
			"Reset":     func() { _ = l.CallLater(far, func() {}).Reset(-1) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s with a negative delay does not panic", name)
					}
				}()
				call()
			}()
		}
		end()
	})
}

// TestManyCancelled restates the tests of cancelled calls: a hundred thousand timers come and go, and the one that stays
// is called.
func TestManyCancelled(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		for i := range 100_000 {
			c := l.CallLater(far+time.Duration(i%1000), func() { t.Error("a cancelled timer is called") })
			if err := c.Cancel(); err != nil {
				t.Fatal(err)
			}
		}
		l.CallLater(0, end)
	})
}

// TestLoopingCall restates LoopTests of test_task on the reactor's own clock: it ends by its error, by Stop inside the
// call, and waits for a Deferred.
func TestLoopingCall(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		calls := 0
		mistake := errors.New("the third time")
		failing := deferred.NewLoopingCall(l, func() error {
			if calls++; calls == 3 {
				return mistake
			}
			return nil
		})
		failing.Start(time.Millisecond, true).Handle(func(_ *deferred.LoopingCall, err error) {
			if !errors.Is(err, mistake) || calls != 3 || failing.Running() {
				t.Errorf("it ends with %v after %d calls", err, calls)
			}
			waits := 0
			var waiting *deferred.LoopingCall
			waiting = deferred.NewLoopingCallDeferred(l, func(int) *deferred.Deferred[deferred.Unit] {
				if waits++; waits == 2 {
					waiting.Stop()
				}
				return deferred.Later(l, time.Millisecond, func() (deferred.Unit, error) { return deferred.Unit{}, nil })
			})
			waiting.Start(0, true).Handle(func(_ *deferred.LoopingCall, err error) {
				if err != nil || waits != 2 {
					t.Errorf("it ends with %v after %d calls", err, waits)
				}
				end()
			})
		})
	})
}

// TestClock compares the reactor's time with the computer's.
func TestClock(t *testing.T) {
	onLoop(t, func(t *testing.T, l *reactor.Loop, end func()) {
		before := time.Now()
		now := l.Now()
		if now.Before(before) || now.After(time.Now()) {
			t.Errorf("the loop's time is %v, the computer's %v", now, before)
		}
		const d = 2 * time.Millisecond
		l.CallLater(d, func() {
			if passed := l.Now().Sub(now); passed < d {
				t.Errorf("a timer of %v is called after %v", d, passed)
			}
			end()
		})
	})
}
