package reactor_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestTimerOrder(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l := r.Loops()[0]
		var order []string
		done := make(chan struct{})
		add := func(d time.Duration, name string) protocol.DelayedCall {
			return l.CallLater(d, func() { order = append(order, name) })
		}
		l.CallFromThread(func() {
			add(3*time.Millisecond, "third")
			add(time.Millisecond, "first")
			late := add(time.Millisecond, "moved behind")
			cancelled := add(2*time.Millisecond, "cancelled")
			add(2*time.Millisecond, "second")
			early := add(time.Hour, "moved ahead")
			l.CallLater(10*time.Millisecond, func() { close(done) })
			cancelled.Cancel()
			late.Delay(4 * time.Millisecond)
			early.Reset(0)
		})
		wait(t, done, "the last timer")
		want := []string{"moved ahead", "first", "second", "third", "moved behind"}
		if !slices.Equal(order, want) {
			t.Errorf("timers were called in the order %q, want %q", order, want)
		}
	})
}

// TestTimerZeroDelay: a timer made in a turn has its time in a later one, also if it is made by a timer, and even if
// it is due before others of this turn.
func TestTimerZeroDelay(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l := r.Loops()[0]
		var order []string
		done := make(chan struct{})
		l.CallFromThread(func() {
			l.CallLater(0, func() {
				order = append(order, "one")
				l.CallLater(0, func() {
					order = append(order, "three")
					close(done)
				})
				l.CallFromThread(func() { order = append(order, "posted") })
			})
			l.CallLater(0, func() { order = append(order, "two") })
			order = append(order, "zero")
		})
		wait(t, done, "the timer of a timer")
		want := []string{"zero", "one", "two", "posted", "three"}
		if !slices.Equal(order, want) {
			t.Errorf("the order is %q, want %q", order, want)
		}
	})
}

func TestTimerStates(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	l := r.Loops()[0]
	fired := make(chan struct{})
	var called, cancelled protocol.DelayedCall
	r.onLoop(l, func() {
		cancelled = l.CallLater(time.Hour, func() { t.Error("a cancelled timer was called") })
		if !cancelled.Active() {
			t.Error("a timer that waits is not active")
		}
		if left := cancelled.Time().Sub(l.Now()); left > time.Hour || left < time.Hour-patience {
			t.Errorf("a timer of one hour is due in %v", left)
		}
		if err := cancelled.Cancel(); err != nil {
			t.Error(err)
		}
		called = l.CallLater(0, func() { close(fired) })
	})
	wait(t, fired, "a timer")
	r.onLoop(l, func() {
		for name, state := range map[string]struct {
			timer protocol.DelayedCall
			want  error
		}{
			"called":    {called, protocol.ErrAlreadyCalled},
			"cancelled": {cancelled, protocol.ErrAlreadyCancelled},
		} {
			if state.timer.Active() {
				t.Errorf("%s: active", name)
			}
			for op, err := range map[string]error{
				"Cancel": state.timer.Cancel(), "Reset": state.timer.Reset(0), "Delay": state.timer.Delay(1),
			} {
				if !errors.Is(err, state.want) {
					t.Errorf("%s: %s: %v, want %v", name, op, err, state.want)
				}
			}
		}
	})
}

func TestTimerNegativeDelay(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	l := r.Loops()[0]
	r.onLoop(l, func() {
		tm := l.CallLater(time.Hour, func() {})
		for name, f := range map[string]func(){
			"CallLater": func() { l.CallLater(-1, func() {}) },
			"Reset":     func() { tm.Reset(-1) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s with a negative delay does not panic", name)
					}
				}()
				f()
			}()
		}
		// A negative Delay brings it forward.
		if err := tm.Delay(-2 * time.Hour); err != nil {
			t.Error(err)
		}
	})
}

// TestTimerPanic: the loop goes on, and says where it happened.
func TestTimerPanic(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l := r.Loops()[0]
		done := make(chan struct{})
		l.CallFromThread(func() {
			l.CallLater(0, func() { panic("in a timer") })
			l.CallLater(0, func() { close(done) })
			panic("in a posted function")
		})
		wait(t, done, "the timer after the one that panicked")
		r.logged("in a timer", "in a posted function", "timer_test.go")
	})
}

// TestTimersBeyondTheClock: a delay of hundreds of years is for ever.
func TestTimersBeyondTheClock(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l := r.Loops()[0]
		r.onLoop(l, func() { l.CallLater(1<<63-1, func() { t.Error("was called") }) })
		done := make(chan struct{})
		r.onLoop(l, func() { l.CallLater(time.Millisecond, func() { close(done) }) })
		wait(t, done, "a timer of a millisecond")
	})
}
