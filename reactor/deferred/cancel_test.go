package deferred_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

func stackDepth() int {
	return runtime.Callers(0, make([]uintptr, 1000))
}

const cancelledText = "error: deferred was cancelled"

func TestCancelWithoutCanceller(t *testing.T) {
	d := deferred.New[int](nil)
	d.Cancel()
	d.Cancel()
	check(t, d, cancelledText)
	if err := d.Callback(1); err != nil {
		t.Errorf("the producer's late Callback: %v", err)
	}
	if err := d.Callback(1); !errors.Is(err, deferred.ErrAlreadyCalled) {
		t.Errorf("the one after: %v", err)
	}
}

func TestCanceller(t *testing.T) {
	cases := []struct {
		name      string
		canceller func(*deferred.Deferred[int])
		want      string
	}{
		{"does nothing", func(*deferred.Deferred[int]) {}, cancelledText},
		{"fires", func(d *deferred.Deferred[int]) { d.Callback(3) }, "value 3"},
		{"fails", func(d *deferred.Deferred[int]) { d.Errback(errTest) }, "error: test failure"},
		{"cancels again", func(d *deferred.Deferred[int]) { d.Cancel() }, cancelledText},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			calls := 0
			d := deferred.NewCancellable(nil, func(d *deferred.Deferred[int]) { calls++; c.canceller(d) })
			d.Cancel()
			d.Cancel()
			check(t, d, c.want)
			if calls != 1 {
				t.Errorf("canceller was called %d times", calls)
			}
		})
	}
	t.Run("not after firing", func(t *testing.T) {
		d := deferred.NewCancellable(nil, func(*deferred.Deferred[int]) { t.Error("called") })
		d.Callback(1)
		d.Cancel()
		check(t, d, "value 1")
	})
	t.Run("late Callback is an error", func(t *testing.T) {
		d := deferred.NewCancellable(nil, func(*deferred.Deferred[int]) {})
		d.Cancel()
		if err := d.Callback(1); !errors.Is(err, deferred.ErrAlreadyCalled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestCancelGoesUpTheChain(t *testing.T) {
	stopped := ""
	operation := func(name string) *deferred.Deferred[int] {
		return deferred.NewCancellable(nil, func(*deferred.Deferred[int]) { stopped += name })
	}
	t.Run("to the source", func(t *testing.T) {
		stopped = ""
		d := operation("source")
		e := deferred.Then(deferred.Then(d, double), double)
		e.Cancel()
		check(t, e, cancelledText)
		if stopped != "source" {
			t.Errorf("stopped %q", stopped)
		}
	})
	t.Run("to what a callback returned", func(t *testing.T) {
		stopped = ""
		d, inner := operation("source"), operation("inner")
		e := deferred.ThenDeferred(d, func(int) *deferred.Deferred[int] { return inner })
		f := deferred.Succeed(nil, 1).AddDeferredCallback(func(int) *deferred.Deferred[int] { return e })
		d.Callback(1)
		f.Cancel()
		check(t, f, cancelledText)
		if stopped != "inner" {
			t.Errorf("stopped %q", stopped)
		}
	})
	t.Run("and the source may recover", func(t *testing.T) {
		stopped = ""
		d := operation("source").AddErrback(func(error) (int, error) { return 8, nil })
		e := deferred.Then(d, double)
		e.Cancel()
		check(t, e, "value 16")
	})
}

func TestDerivedFiredByItsUser(t *testing.T) {
	d := deferred.New[int](nil)
	e := deferred.Then(d, func(int) (int, error) { t.Error("called although nobody waits"); return 0, nil })
	e.Callback(9)
	d.Callback(1)
	check(t, e, "value 9")
}
