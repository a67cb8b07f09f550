package deferred_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

var errTest = errors.New("test failure")

func double(n int) (int, error) { return 2 * n, nil }

// outcome returns d's outcome as text: "value 4", "error: test failure", or "waiting".
func outcome[T any](d *deferred.Deferred[T]) string {
	value, err, ok := d.Result()
	switch {
	case !ok:
		return "waiting"
	case err != nil:
		return "error: " + err.Error()
	}
	return fmt.Sprint("value ", value)
}

func check[T any](t *testing.T, d *deferred.Deferred[T], want string) {
	t.Helper()
	if got := outcome(d); got != want {
		t.Errorf("outcome is %q, want %q", got, want)
	}
}

func handled(error) (int, error) { return -1, nil }

func TestStepsRunInOrder(t *testing.T) {
	cases := []struct {
		name string
		err  error
		add  func(d *deferred.Deferred[int])
		want string
	}{
		{"no steps", nil, func(*deferred.Deferred[int]) {}, "value 1"},
		{"callback", nil, func(d *deferred.Deferred[int]) { d.AddCallback(double).AddCallback(double) }, "value 4"},
		{"errback is passed by", nil, func(d *deferred.Deferred[int]) { d.AddErrback(handled) }, "value 1"},
		{"callback is passed by", errTest, func(d *deferred.Deferred[int]) {
			d.AddCallback(double).AddErrback(handled).AddCallback(double)
		}, "value -2"},
		{"callback fails", nil, func(d *deferred.Deferred[int]) {
			d.AddCallback(func(int) (int, error) { return 9, errTest }).AddErrback(handled)
		}, "value -1"},
		{"errback fails", errTest, func(d *deferred.Deferred[int]) {
			d.AddErrback(func(err error) (int, error) { return 0, fmt.Errorf("wrapped: %w", err) })
			d.AddErrback(func(err error) (int, error) { return 0, err })
			d.AddBoth(func(v int, err error) (int, error) {
				if !errors.Is(err, errTest) || v != 0 {
					return 0, fmt.Errorf("got %v, %v", v, err)
				}
				return 5, nil
			})
		}, "value 5"},
		{"side by side", nil, func(d *deferred.Deferred[int]) {
			d.AddCallbacks(func(int) (int, error) { return 0, errTest }, handled)
			d.AddErrback(func(error) (int, error) { return 7, nil })
		}, "value 7"},
		{"side by side, error", errTest, func(d *deferred.Deferred[int]) { d.AddCallbacks(double, handled) }, "value -1"},
		{"handle keeps the value", nil, func(d *deferred.Deferred[int]) { d.Handle(func(int, error) {}) }, "value 1"},
		{"handle takes the error", errTest, func(d *deferred.Deferred[int]) { d.Handle(func(int, error) {}) }, "value 0"},
	}
	for _, c := range cases {
		fire := func(d *deferred.Deferred[int]) error {
			if c.err != nil {
				return d.Errback(c.err)
			}
			return d.Callback(1)
		}
		t.Run(c.name+"/fired after", func(t *testing.T) {
			d := deferred.New[int](nil)
			c.add(d)
			if err := fire(d); err != nil {
				t.Fatal(err)
			}
			check(t, d, c.want)
		})
		t.Run(c.name+"/fired before", func(t *testing.T) {
			quiet(t)
			d := deferred.New[int](nil)
			if err := fire(d); err != nil {
				t.Fatal(err)
			}
			c.add(d)
			check(t, d, c.want)
		})
	}
}

// quiet collects reports instead of printing them.
func quiet(t *testing.T) *[]string {
	var reports []string
	deferred.SetReporter(func(e *deferred.UnhandledError) { reports = append(reports, e.Error()) })
	t.Cleanup(func() { deferred.SetReporter(nil) })
	return &reports
}

func TestFiresOnce(t *testing.T) {
	d := deferred.Succeed(nil, 1)
	if err := d.Callback(2); !errors.Is(err, deferred.ErrAlreadyCalled) {
		t.Errorf("second Callback: %v", err)
	}
	if err := d.Errback(errTest); !errors.Is(err, deferred.ErrAlreadyCalled) {
		t.Errorf("Errback after Callback: %v", err)
	}
	check(t, d, "value 1")
}

func TestNeverReentrant(t *testing.T) {
	d := deferred.New[int](nil)
	var order []string
	d.AddCallback(func(n int) (int, error) {
		order = append(order, "a in")
		d.AddCallback(func(n int) (int, error) {
			order = append(order, "c")
			return n, nil
		})
		order = append(order, "a out")
		return n, nil
	})
	d.AddCallback(func(n int) (int, error) {
		order = append(order, "b")
		return n, nil
	})
	d.Callback(1)
	if got := strings.Join(order, ", "); got != "a in, a out, b, c" {
		t.Errorf("order: %s", got)
	}
}

func TestPause(t *testing.T) {
	d := deferred.Succeed(nil, 1)
	d.Pause()
	d.Pause()
	d.AddCallback(double)
	d.Unpause()
	check(t, d, "waiting")
	d.Unpause()
	check(t, d, "value 2")
	defer func() {
		if recover() == nil {
			t.Error("Unpause without Pause did not panic")
		}
	}()
	d.Unpause()
}

func TestPauseInsideACallback(t *testing.T) {
	d := deferred.New[int](nil)
	d.AddCallback(func(n int) (int, error) {
		d.Pause()
		return n, nil
	}).AddCallback(double)
	d.Callback(1)
	check(t, d, "waiting")
	d.Unpause()
	check(t, d, "value 2")
}

func TestNilErrorPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"Errback": func() { deferred.New[int](nil).Errback(nil) },
		"Fail":    func() { deferred.Fail[int](nil, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			f()
		})
	}
}

func TestPanicPassesAndLeavesTheDeferredUsable(t *testing.T) {
	d := deferred.New[int](nil)
	e := deferred.Then(d, double)
	e.AddCallback(func(int) (int, error) { panic("bug") })
	d.AddCallback(double)
	func() {
		defer func() {
			if p := recover(); p != "bug" {
				t.Errorf("recovered %v", p)
			}
		}()
		d.Callback(1)
	}()
	e.AddCallback(double)
	check(t, e, "value 4")
	d.AddCallback(double)
	check(t, d, "value 4")
}
