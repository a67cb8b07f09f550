package deferred_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

func TestThenChangesType(t *testing.T) {
	d := deferred.New[int](nil)
	s := deferred.Then(d, func(n int) (string, error) { return strings.Repeat("x", n), nil })
	l := deferred.Then(s, func(s string) (bool, error) { return len(s) == 3, nil })
	d.Callback(3)
	check(t, s, "value xxx")
	check(t, l, "value true")
	check(t, d, "value 3")
}

func TestThenForks(t *testing.T) {
	d := deferred.New[int](nil)
	a := deferred.Then(d, double)
	d.AddCallback(func(n int) (int, error) { return n + 10, nil })
	b := deferred.Then(d, double)
	d.Callback(1)
	check(t, a, "value 2")
	check(t, b, "value 22")
}

func TestThenBothHandles(t *testing.T) {
	d := deferred.New[int](nil)
	s := deferred.ThenBoth(d, func(n int, err error) (string, error) { return strconv.Itoa(n) + err.Error(), nil })
	d.Errback(errTest)
	check(t, s, "value 0test failure")
}

func TestThenDeferred(t *testing.T) {
	for _, c := range []struct {
		name  string
		inner func() *deferred.Deferred[string]
		want  string
	}{
		{"fired", func() *deferred.Deferred[string] { return deferred.Succeed(nil, "in") }, "value in"},
		{"waiting", func() *deferred.Deferred[string] { return deferred.New[string](nil) }, "value later"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := deferred.New[int](nil)
			inner := c.inner()
			s := deferred.ThenDeferred(d, func(int) *deferred.Deferred[string] { return inner })
			check(t, s, "waiting")
			d.Callback(1)
			inner.Callback("later")
			check(t, s, c.want)
		})
	}
	t.Run("error passes by", func(t *testing.T) {
		d := deferred.New[int](nil)
		s := deferred.ThenDeferred(d, func(int) *deferred.Deferred[string] { t.Error("called"); return nil })
		s.AddErrback(func(err error) (string, error) { return err.Error(), nil })
		d.Errback(errTest)
		check(t, s, "value test failure")
	})
}

func TestReturnedDeferredPausesTheChain(t *testing.T) {
	d, inner := deferred.New[int](nil), deferred.New[int](nil)
	d.AddDeferredCallback(func(int) *deferred.Deferred[int] { return inner }).AddCallback(double)
	d.Callback(1)
	check(t, d, "waiting")
	if !d.Called() {
		t.Error("not Called although it has fired")
	}
	if err := d.Callback(5); !errors.Is(err, deferred.ErrAlreadyCalled) {
		t.Errorf("Callback while waiting: %v", err)
	}
	inner.Callback(21)
	check(t, d, "value 42")
}

func TestDeferredErrbackTriesAgain(t *testing.T) {
	d := deferred.New[int](nil)
	again := deferred.New[int](nil)
	d.AddDeferredErrback(func(error) *deferred.Deferred[int] { return again })
	d.AddDeferredErrback(func(error) *deferred.Deferred[int] { t.Error("called"); return nil })
	d.Errback(errTest)
	again.Callback(3)
	check(t, d, "value 3")
}

func TestChainDeferred(t *testing.T) {
	reports := quiet(t)
	d, other := deferred.New[int](nil), deferred.New[int](nil)
	other.AddErrback(handled)
	d.ChainDeferred(other)
	d.Errback(errTest)
	check(t, other, "value -1")

	d, other = deferred.Succeed(nil, 4), deferred.New[int](nil)
	d.ChainDeferred(other)
	check(t, other, "value 4")
	check(t, d, "value 4")
	if len(*reports) > 0 {
		t.Errorf("reported: %v", *reports)
	}

	d, other = deferred.New[int](nil), deferred.New[int](nil)
	d.ChainDeferred(other)
	other.Callback(1)
	d.Errback(errTest)
	if len(*reports) != 1 {
		t.Errorf("an error that its chain did not take gave %d reports", len(*reports))
	}
}

func TestCallbackReturnsNoUsableDeferred(t *testing.T) {
	none := func(int) *deferred.Deferred[int] { return nil }
	d := deferred.New[int](nil)
	for name, f := range map[string]func(){
		"itself": func() {
			d.AddDeferredCallback(func(int) *deferred.Deferred[int] { return d })
			d.Callback(1)
		},
		"nil":                    func() { deferred.Succeed(nil, 1).AddDeferredCallback(none) },
		"nil, from ThenDeferred": func() { deferred.ThenDeferred(deferred.Succeed(nil, 1), none) },
		"nil, from RunWith's f": func() {
			deferred.RunWith(deferred.NewLock(nil), func() *deferred.Deferred[int] { return nil })
		},
	} {
		mustPanic(t, "a callback that returns "+name, f)
	}
}

func TestDerivedOnesThatWaitNoLonger(t *testing.T) {
	reports := quiet(t)
	d := deferred.New[int](nil)
	both := deferred.ThenBoth(d, func(int, error) (int, error) { t.Error("called"); return 0, nil })
	inner := deferred.ThenDeferred(d, func(int) *deferred.Deferred[int] { t.Error("called"); return nil })
	both.Callback(1)
	inner.Callback(2)
	d.Errback(errTest)
	check(t, both, "value 1")
	check(t, inner, "value 2")
	if len(*reports) != 1 {
		t.Errorf("an error that nobody took gave %d reports", len(*reports))
	}
}

func TestExecute(t *testing.T) {
	check(t, deferred.Execute(nil, func() (int, error) { return 3, nil }), "value 3")
}

// A chain this long has to run in constant stack: a guest has little of it.
const long = 100_000

func TestLongChains(t *testing.T) {
	t.Run("Then", func(t *testing.T) {
		d := deferred.New[int](nil)
		end := d
		for range long {
			end = deferred.Then(end, func(n int) (int, error) { return n + 1, nil })
		}
		depth := 0
		end.AddCallback(func(n int) (int, error) { depth = stackDepth(); return n, nil })
		d.Callback(0)
		check(t, end, "value 100000")
		if depth > 50 {
			t.Errorf("the end of the chain ran %d calls deep", depth)
		}
	})
	t.Run("returned", func(t *testing.T) {
		inner := deferred.New[int](nil)
		outer := inner
		for range long {
			waitFor := outer
			outer = deferred.Succeed(nil, 0).AddDeferredCallback(func(int) *deferred.Deferred[int] { return waitFor })
			outer.AddCallback(func(n int) (int, error) { return n + 1, nil })
		}
		depth := 0
		outer.AddCallback(func(n int) (int, error) { depth = stackDepth(); return n, nil })
		inner.Callback(0)
		check(t, outer, "value 100000")
		if depth > 50 {
			t.Errorf("the end of the chain ran %d calls deep", depth)
		}
	})
	t.Run("returned and fired", func(t *testing.T) {
		d := deferred.New[int](nil)
		for range long {
			d.AddDeferredCallback(func(n int) *deferred.Deferred[int] { return deferred.Succeed(nil, n+1) })
		}
		d.Callback(0)
		check(t, d, "value 100000")
	})
	t.Run("cancel", func(t *testing.T) {
		d := deferred.New[int](nil)
		end := d
		for range long {
			end = deferred.Then(end, double)
		}
		end.Cancel()
		check(t, end, "error: deferred was cancelled")
		check(t, d, "error: deferred was cancelled")
	})
}
