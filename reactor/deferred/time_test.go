package deferred_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const second = time.Second

func TestLater(t *testing.T) {
	clock := reactortest.NewClock()
	d := deferred.Later(clock, 3*second, func() (int, error) { return 5, nil })
	e := deferred.Later(clock, 3*second, func() (int, error) { return 0, errTest })
	e.AddErrback(handled)
	cancelled := deferred.Later(clock, 3*second, func() (int, error) { t.Error("called"); return 0, nil })
	cancelled.Cancel()
	clock.Advance(2 * second)
	check(t, d, "waiting")
	clock.Advance(second)
	check(t, d, "value 5")
	check(t, e, "value -1")
	check(t, cancelled, cancelledText)
}

func TestTimeout(t *testing.T) {
	t.Run("in time", func(t *testing.T) {
		clock := reactortest.NewClock()
		d := deferred.New[int](clock).AddTimeout(clock, 2*second)
		clock.Advance(second)
		d.Callback(1)
		check(t, d, "value 1")
		if clock.Pending() > 0 {
			t.Error("the timer is still set")
		}
	})
	t.Run("fails in time", func(t *testing.T) {
		clock := reactortest.NewClock()
		d := deferred.New[int](clock).AddTimeout(clock, 2*second)
		d.Errback(errTest)
		check(t, d, "error: test failure")
		d.AddErrback(handled)
	})
	t.Run("too late", func(t *testing.T) {
		clock := reactortest.NewClock()
		stopped := false
		d := deferred.NewCancellable(clock, func(*deferred.Deferred[int]) { stopped = true })
		d.AddTimeout(clock, 2*second)
		d.AddBoth(func(_ int, err error) (int, error) {
			var timeout *deferred.TimeoutError
			if !errors.As(err, &timeout) || timeout.After != 2*second || !timeout.Timeout() ||
				!errors.Is(err, deferred.ErrTimeout) || errors.Is(err, deferred.ErrCancelled) ||
				err.Error() != "no outcome within 2s" {
				t.Errorf("error %v", err)
			}
			return 3, nil
		})
		clock.Advance(2 * second)
		check(t, d, "value 3")
		if !stopped {
			t.Error("the operation was not cancelled")
		}
	})
	t.Run("what the cancelled operation says instead passes", func(t *testing.T) {
		clock := reactortest.NewClock()
		d := deferred.NewCancellable(clock, func(d *deferred.Deferred[int]) { d.Errback(errTest) })
		d.AddTimeout(clock, second).AddBoth(func(_ int, err error) (int, error) {
			if !errors.Is(err, errTest) {
				t.Errorf("error %v", err)
			}
			return 0, nil
		})
		e := deferred.NewCancellable(clock, func(d *deferred.Deferred[int]) { d.Callback(4) }).AddTimeout(clock, second)
		clock.Advance(second)
		check(t, d, "value 0")
		check(t, e, "value 4")
	})
	t.Run("covers what was added before", func(t *testing.T) {
		clock := reactortest.NewClock()
		inner := deferred.New[int](clock)
		d := deferred.Succeed(clock, 1)
		d.AddTimeout(clock, second)
		d.AddDeferredCallback(func(int) *deferred.Deferred[int] { return inner })
		clock.Advance(10 * second)
		check(t, d, "waiting")
	})
	t.Run("a cancellation by somebody else stays one", func(t *testing.T) {
		clock := reactortest.NewClock()
		d := deferred.New[int](clock).AddTimeout(clock, second)
		d.Cancel()
		check(t, d, cancelledText)
	})
}

// loopTest is a LoopingCall on a clock of its own, and the times at which it called, in seconds.
type loopTest struct {
	clock *reactortest.Clock
	calls []float64
	call  *deferred.LoopingCall
}

func newLoopTest() *loopTest {
	l := &loopTest{clock: reactortest.NewClock()}
	l.call = deferred.NewLoopingCall(l.clock, func() error {
		l.calls = append(l.calls, l.clock.Now().Sub(reactortest.Epoch).Seconds())
		return nil
	})
	return l
}

func (l *loopTest) check(t *testing.T, want ...float64) {
	t.Helper()
	if len(l.calls) != len(want) {
		t.Fatalf("called at %v, want %v", l.calls, want)
	}
	for i := range want {
		if l.calls[i] != want[i] {
			t.Fatalf("called at %v, want %v", l.calls, want)
		}
	}
}

func TestLoopingCall(t *testing.T) {
	l := newLoopTest()
	d := l.call.Start(2*second, true)
	l.clock.Pump(second, second, second, second)
	l.check(t, 0, 2, 4)
	mustPanic(t, "a second Start", func() { l.call.Start(second, true) })
	l.call.Stop()
	l.call.Stop()
	if v, err, ok := d.Result(); !ok || err != nil || v != l.call || l.call.Running() {
		t.Errorf("after Stop: %v, %v, %v, running %v", v, err, ok, l.call.Running())
	}
	l.clock.Advance(10 * second)
	l.check(t, 0, 2, 4)

	l = newLoopTest()
	l.call.Start(2*second, false)
	l.check(t)
	l.clock.Pump(second, second)
	l.check(t, 2)
}

func TestLoopingCallSkips(t *testing.T) {
	l := newLoopTest()
	l.call.Start(2*second, true)
	l.clock.Pump(7*second, second/2, second/2, second, second)
	l.check(t, 0, 7, 8, 10)
}

func TestLoopingCallReset(t *testing.T) {
	l := newLoopTest()
	l.call.Start(2*second, true)
	l.clock.Advance(second)
	l.call.Reset()
	l.clock.Pump(second, second, second, second)
	l.check(t, 0, 3, 5)
	l.call.Stop()
	l.call.Reset()
	if l.clock.Pending() > 0 {
		t.Error("Reset started it")
	}
}

func TestLoopingCallWithoutInterval(t *testing.T) {
	l := newLoopTest()
	l.call.Start(0, true)
	l.clock.Pump(0, 0, second)
	l.check(t, 0, 0, 0, 1)
	mustPanic(t, "a negative interval", func() { newLoopTest().call.Start(-1, true) })
}

func TestLoopingCallFails(t *testing.T) {
	clock := reactortest.NewClock()
	calls := 0
	l := deferred.NewLoopingCall(clock, func() error {
		if calls++; calls == 2 {
			return errTest
		}
		return nil
	})
	var failure error
	l.Start(second, true).Handle(func(_ *deferred.LoopingCall, err error) { failure = err })
	clock.Pump(second, second, second)
	if !errors.Is(failure, errTest) {
		t.Errorf("error %v", failure)
	}
	if calls != 2 || l.Running() {
		t.Errorf("%d calls, running %v", calls, l.Running())
	}
}

func TestLoopingCallCounts(t *testing.T) {
	for _, now := range []bool{true, false} {
		clock := reactortest.NewClock()
		var counts []int
		l := deferred.NewLoopingCallWithCount(clock, func(n int) error { counts = append(counts, n); return nil })
		l.Start(second, now)
		clock.Pump(second, 3*second, second/2, second/2)
		sum := 0
		for _, n := range counts {
			sum += n
		}
		want := []int{1, 3, 1}
		if now {
			want = []int{1, 1, 3, 1}
		}
		if len(counts) != len(want) {
			t.Fatalf("counts %v, want %v", counts, want)
		}
		for i := range want {
			if counts[i] != want[i] {
				t.Errorf("counts %v, want %v", counts, want)
			}
		}
	}
}

func TestLoopingCallWaits(t *testing.T) {
	clock := reactortest.NewClock()
	var work *deferred.Deferred[unit]
	var counts []int
	l := deferred.NewLoopingCallDeferred(clock, func(n int) *deferred.Deferred[unit] {
		counts = append(counts, n)
		work = deferred.New[unit](clock)
		return work
	})
	d := l.Start(second, true)
	clock.Advance(5 * second / 2)
	if len(counts) != 1 {
		t.Fatalf("called %d times while it was at work", len(counts))
	}
	work.Callback(unit{})
	clock.Advance(second / 2)
	if len(counts) != 2 || counts[1] != 3 {
		t.Fatalf("counts %v", counts)
	}
	l.Stop()
	if d.Called() {
		t.Error("stopped while it was at work")
	}
	work.Callback(unit{})
	if !d.Called() || clock.Pending() > 0 {
		t.Error("not stopped when the work was done")
	}
}

func TestCancelledLoopingCall(t *testing.T) {
	l := newLoopTest()
	d := l.call.Start(second, false)
	d.Cancel()
	if l.call.Running() || l.clock.Pending() > 0 {
		t.Error("still running")
	}
}
