package deferred_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// three returns three Deferreds, and what they were stopped by.
func three(r *reactortest.Reactor) (members []*deferred.Deferred[string], stopped *string) {
	stopped = new(string)
	for i := range 3 {
		members = append(members, deferred.NewCancellable(r, func(*deferred.Deferred[string]) {
			*stopped += fmt.Sprint(i)
		}))
	}
	return members, stopped
}

func TestListModes(t *testing.T) {
	// The second member fails, then the third and the first have values.
	const all = "value {[{a <nil>} { test failure} {c <nil>}] -1}"
	cases := []struct {
		name       string
		o          deferred.ListOptions
		wants      [3]string // after each of the three
		unhandled  int
		fails      bool
		firstIndex int
	}{
		{"plain", deferred.ListOptions{}, [3]string{"waiting", "waiting", all}, 1, false, 0},
		{"consume", deferred.ListOptions{ConsumeErrors: true}, [3]string{"waiting", "waiting", all}, 0, false, 0},
		{"one callback", deferred.ListOptions{FireOnOneCallback: true, ConsumeErrors: true}, [3]string{
			"waiting",
			"value {[{ <nil>} { test failure} {c <nil>}] 2}",
			"value {[{ <nil>} { test failure} {c <nil>}] 2}",
		}, 0, false, 0},
		{"one errback", deferred.ListOptions{FireOnOneErrback: true, ConsumeErrors: true}, [3]string{
			"error: number 1 of the list: test failure",
			"error: number 1 of the list: test failure",
			"error: number 1 of the list: test failure",
		}, 0, true, 1},
		{"one errback, not consumed", deferred.ListOptions{FireOnOneErrback: true}, [3]string{
			"error: number 1 of the list: test failure",
			"error: number 1 of the list: test failure",
			"error: number 1 of the list: test failure",
		}, 1, true, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := reactortest.NewReactor()
			m, _ := three(r)
			l := deferred.List(r, c.o, m...)
			check(t, l, "waiting")
			m[1].Errback(errTest)
			check(t, l, c.wants[0])
			m[2].Callback("c")
			check(t, l, c.wants[1])
			m[0].Callback("a")
			check(t, l, c.wants[2])
			if _, err, _ := l.Result(); c.fails {
				var first *deferred.FirstError
				if !errors.As(err, &first) || first.Index != c.firstIndex || !errors.Is(err, errTest) {
					t.Errorf("error %v", err)
				}
			}
			l.AddErrback(func(error) (v deferred.ListResult[string], err error) { return v, nil })
			r.Settle()
			if len(r.Unhandled) != c.unhandled {
				t.Errorf("reported %v, want %d", r.Unhandled, c.unhandled)
			}
			check(t, m[0], "value a")
		})
	}
}

func TestEmptyLists(t *testing.T) {
	check(t, deferred.List[int](nil, deferred.ListOptions{}), "value {[] -1}")
	check(t, deferred.List[int](nil, deferred.ListOptions{FireOnOneErrback: true}), "value {[] -1}")
	check(t, deferred.List[int](nil, deferred.ListOptions{FireOnOneCallback: true}), "waiting")
	check(t, deferred.Gather[int](nil), "value []")
	check(t, deferred.Race[int](nil), "waiting")
}

func TestGather(t *testing.T) {
	r := reactortest.NewReactor()
	m, _ := three(r)
	g := deferred.Gather(r, m...)
	for _, i := range []int{2, 0, 1} {
		check(t, g, "waiting")
		m[i].Callback(fmt.Sprint("v", i))
	}
	check(t, g, "value [v0 v1 v2]")

	m, _ = three(r)
	g = deferred.Gather(r, m...)
	m[1].Errback(errTest)
	check(t, g, "error: number 1 of the list: test failure")
	m[0].Errback(errTest)
	m[2].Callback("")
	g.Handle(func([]string, error) {})
	r.Settle()
	if len(r.Unhandled) > 0 {
		t.Errorf("reported %v", r.Unhandled)
	}
}

func TestCancelledLists(t *testing.T) {
	r := reactortest.NewReactor()
	t.Run("gather", func(t *testing.T) {
		m, stopped := three(r)
		g := deferred.Gather(r, m...)
		m[1].Callback("done")
		g.Cancel()
		check(t, g, "error: number 0 of the list: deferred was cancelled")
		if *stopped != "02" {
			t.Errorf("stopped %q", *stopped)
		}
	})
	t.Run("list", func(t *testing.T) {
		m, _ := three(r)
		l := deferred.List(r, deferred.ListOptions{ConsumeErrors: true}, m...)
		m[1].Callback("done")
		l.Cancel()
		const cancelled = "{ deferred was cancelled}"
		check(t, l, "value {["+cancelled+" {done <nil>} "+cancelled+"] -1}")
	})
	t.Run("a member takes its time", func(t *testing.T) {
		slow := deferred.New[string](r)
		m := deferred.New[string](r).AddDeferredErrback(func(error) *deferred.Deferred[string] { return slow })
		l := deferred.List(r, deferred.ListOptions{}, m)
		l.Cancel()
		check(t, l, "waiting")
		l.Cancel()
		check(t, l, "value {[{ deferred was cancelled}] -1}")
	})
	t.Run("race", func(t *testing.T) {
		m, stopped := three(r)
		d := deferred.Race(r, m...)
		d.Cancel()
		check(t, d, "error: all 3 failed: deferred was cancelled; deferred was cancelled; deferred was cancelled")
		if *stopped != "012" {
			t.Errorf("stopped %q", *stopped)
		}
	})
	r.Settle()
	if len(r.Unhandled) > 0 {
		t.Errorf("reported %v", r.Unhandled)
	}
}

func TestRace(t *testing.T) {
	r := reactortest.NewReactor()
	m, stopped := three(r)
	d := deferred.Race(r, m...)
	m[0].Errback(errTest)
	check(t, d, "waiting")
	m[2].Callback("won")
	check(t, d, "value {2 won}")
	if *stopped != "1" {
		t.Errorf("stopped %q", *stopped)
	}
	r.Settle()
	if len(r.Unhandled) > 0 {
		t.Errorf("reported %v", r.Unhandled)
	}

	m, _ = three(r)
	d = deferred.Race(r, m...)
	m[0].Errback(errTest)
	m[1].Cancel()
	m[2].Errback(errTest)
	check(t, d, "error: all 3 failed: test failure; deferred was cancelled; test failure")
	if _, err, _ := d.Result(); !errors.Is(err, errTest) || !errors.Is(err, deferred.ErrCancelled) {
		t.Errorf("error %v", err)
	}
	r.Settle()
	if len(r.Unhandled) != 1 {
		t.Errorf("a failed race, not all of it cancelled, gave the reports %v", r.Unhandled)
	}
}

func TestRaceWonByALoserThatIsCancelled(t *testing.T) {
	first := deferred.New[string](nil)
	stubborn := deferred.NewCancellable(nil, func(d *deferred.Deferred[string]) { d.Callback("stubborn") })
	d := deferred.Race(nil, stubborn, first)
	first.Callback("first")
	check(t, d, "value {1 first}")
}
