package deferred_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAwait(t *testing.T) {
	a, b := deferred.New[int](nil), deferred.New[string](nil)
	var order []string
	d := deferred.Go(nil, func(co *deferred.Coroutine) (string, error) {
		order = append(order, "begins")
		n, err := deferred.Await(co, a)
		if err != nil {
			return "", err
		}
		order = append(order, "has a")
		s, err := deferred.Await(co, b)
		return strings.Repeat(s, n), err
	})
	order = append(order, "back")
	check(t, d, "waiting")
	a.Callback(3)
	order = append(order, "fired a")
	b.Callback("x")
	check(t, d, "value xxx")
	if got := strings.Join(order, ", "); got != "begins, back, has a, fired a" {
		t.Errorf("order: %s", got)
	}
}

func TestAwaitError(t *testing.T) {
	r := reactortest.NewReactor()
	a := deferred.New[int](r)
	d := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
		_, err := deferred.Await(co, a)
		if !errors.Is(err, errTest) {
			t.Errorf("error %v", err)
		}
		return deferred.Await(co, deferred.Fail[int](r, err))
	})
	a.Errback(errTest)
	check(t, d, "error: test failure")
	d.AddErrback(handled)
	r.Settle()
	if len(r.Unhandled) > 0 {
		t.Errorf("reported %v", r.Unhandled)
	}
}

func TestAwaitCancelled(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(co *deferred.Coroutine, err error) (int, error)
		want string
	}{
		{"gives up", func(_ *deferred.Coroutine, err error) (int, error) { return 0, err }, cancelledText},
		{"has an answer", func(*deferred.Coroutine, error) (int, error) { return 6, nil }, "value 6"},
		{"waits on", func(co *deferred.Coroutine, _ error) (int, error) {
			return deferred.Await(co, deferred.Later(co.Clock(), second, func() (int, error) { return 7, nil }))
		}, "value 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := reactortest.NewReactor()
			stopped := false
			a := deferred.NewCancellable(r, func(*deferred.Deferred[int]) { stopped = true })
			d := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
				_, err := deferred.Await(co, a)
				return c.then(co, err)
			})
			d.Cancel()
			if !stopped {
				t.Error("what it waited for was not cancelled")
			}
			r.Advance(second)
			check(t, d, c.want)
		})
	}
}

func TestAwaitWhatHasFired(t *testing.T) {
	d := deferred.Go(nil, func(co *deferred.Coroutine) (int, error) {
		sum := 0
		for range long {
			n, err := deferred.Await(co, deferred.Succeed(nil, 1))
			if err != nil {
				return 0, err
			}
			sum += n
		}
		return sum, nil
	})
	check(t, d, "value 100000")
}

func TestCoroutinesOfOneLoop(t *testing.T) {
	r := reactortest.NewReactor()
	lock := deferred.NewLock(r)
	var order []string
	for _, name := range []string{"a", "b", "c"} {
		deferred.Go(r, func(co *deferred.Coroutine) (unit, error) {
			if _, err := deferred.Await(co, lock.Acquire()); err != nil {
				return unit{}, err
			}
			defer lock.Release()
			order = append(order, name+" in")
			err := deferred.Sleep(co, second)
			order = append(order, name+" out")
			return unit{}, err
		})
	}
	r.Pump(second, second, second)
	if got := strings.Join(order, ", "); got != "a in, a out, b in, b out, c in, c out" {
		t.Errorf("order: %s", got)
	}
}

func TestPanicInACoroutine(t *testing.T) {
	a := deferred.New[int](nil)
	deferred.Go(nil, func(co *deferred.Coroutine) (int, error) {
		deferred.Await(co, a)
		panic("bug")
	})
	defer func() {
		if p := recover(); p != "bug" {
			t.Errorf("recovered %v", p)
		}
	}()
	a.Callback(1)
	t.Error("the panic did not pass")
}

func TestScopeClosesCoroutines(t *testing.T) {
	r := reactortest.NewReactor()
	cleaned := 0
	wait := func(co *deferred.Coroutine) error {
		_, err := deferred.Await(co, deferred.New[int](r))
		return err
	}
	polite := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
		defer func() { cleaned++ }()
		return 1, wait(co)
	})
	deaf := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
		defer func() { cleaned++ }()
		for {
			wait(co)
		}
	})
	finished := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
		wait(co)
		return 2, nil
	})
	r.Close()
	check(t, polite, cancelledText)
	check(t, deaf, cancelledText)
	check(t, finished, "value 2")
	check(t, deferred.Go(r, func(co *deferred.Coroutine) (int, error) { return 3, wait(co) }), cancelledText)
	if cleaned != 2 {
		t.Errorf("%d coroutines were unwound, want 2", cleaned)
	}
}
