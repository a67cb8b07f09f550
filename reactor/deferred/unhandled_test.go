package deferred_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestUnhandledErrorIsReportedWhenTheTurnEnds(t *testing.T) {
	cases := []struct {
		name string
		use  func(r *reactortest.Reactor)
		want int
	}{
		{"nobody", func(r *reactortest.Reactor) { deferred.Fail[int](r, errTest) }, 1},
		{"a value", func(r *reactortest.Reactor) { deferred.Succeed(r, 1) }, 0},
		{"an errback of the same turn", func(r *reactortest.Reactor) { deferred.Fail[int](r, errTest).AddErrback(handled) }, 0},
		{"an errback that fails", func(r *reactortest.Reactor) {
			deferred.Fail[int](r, errTest).AddErrback(func(err error) (int, error) { return 0, err })
		}, 1},
		{"only a callback", func(r *reactortest.Reactor) { deferred.Fail[int](r, errTest).AddCallback(double) }, 1},
		{"handed on to a derived one", func(r *reactortest.Reactor) {
			deferred.Then(deferred.Fail[int](r, errTest), double)
		}, 1},
		{"to two derived ones", func(r *reactortest.Reactor) {
			d := deferred.Fail[int](r, errTest)
			deferred.Then(d, double)
			deferred.Then(d, double).AddErrback(handled)
		}, 1},
		{"through a returned one", func(r *reactortest.Reactor) {
			inner := deferred.Fail[int](r, errTest)
			deferred.Succeed(r, 1).AddDeferredCallback(func(int) *deferred.Deferred[int] { return inner })
		}, 1},
		{"cancelled", func(r *reactortest.Reactor) { deferred.New[int](r).Cancel() }, 0},
		{"a callback that fails, then an errback", func(r *reactortest.Reactor) {
			d := deferred.Succeed(r, 1)
			d.AddCallback(func(int) (int, error) { return 0, errTest })
			d.AddErrback(handled)
			d.AddCallback(func(int) (int, error) { return 0, errTest })
		}, 1},
		{"waiting to be unpaused", func(r *reactortest.Reactor) {
			d := deferred.Fail[int](r, errTest)
			d.Pause()
			d.AddErrback(handled)
		}, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := reactortest.NewReactor()
			c.use(r)
			if len(r.Unhandled) > 0 {
				t.Errorf("reported before the turn ended: %v", r.Unhandled)
			}
			r.Settle()
			r.Settle()
			if len(r.Unhandled) != c.want {
				t.Fatalf("reported %v, want %d", r.Unhandled, c.want)
			}
			for _, e := range r.Unhandled {
				if !errors.Is(e, errTest) || !strings.HasPrefix(e.Created, "deferred/unhandled_test.go:") {
					t.Errorf("reported %v", e)
				}
			}
		})
	}
}

func TestUnhandledErrorInsideAReport(t *testing.T) {
	reports := 0
	var scope *deferred.Scope
	clock := &scoped{Clock: reactortest.NewClock()}
	scope = deferred.NewScope(func(e *deferred.UnhandledError) {
		if reports++; reports < 3 {
			deferred.Fail[int](clock, fmt.Errorf("while reporting: %w", e.Err))
		}
	})
	clock.scope = scope
	deferred.Fail[int](clock, errTest)
	scope.Flush()
	if reports != 3 {
		t.Errorf("%d reports, want 3", reports)
	}
}

type scoped struct {
	*reactortest.Clock
	scope *deferred.Scope
}

func (s *scoped) DeferredScope() *deferred.Scope { return s.scope }

func TestUnhandledErrorWithoutAScope(t *testing.T) {
	reports := quiet(t)
	clock := reactortest.NewClock()
	deferred.Fail[int](clock, errTest)
	deferred.Fail[int](clock, errTest).AddErrback(handled)
	if len(*reports) > 0 {
		t.Fatalf("reported at once: %v", *reports)
	}
	clock.Advance(0)
	if len(*reports) != 1 {
		t.Errorf("reported %v", *reports)
	}
}

func TestUnhandledErrorWithoutAClock(t *testing.T) {
	reports := quiet(t)
	d := deferred.New[int](nil)
	d.AddErrback(handled)
	d.Errback(errTest)
	if len(*reports) > 0 {
		t.Errorf("a handled error was reported: %v", *reports)
	}
	deferred.Fail[int](nil, errTest)
	if len(*reports) != 1 {
		t.Errorf("reported %v", *reports)
	}
}

func TestUnhandledErrorIsLogged(t *testing.T) {
	var out bytes.Buffer
	flags, output := log.Flags(), log.Writer()
	log.SetOutput(&out)
	log.SetFlags(0)
	t.Cleanup(func() { log.SetOutput(output); log.SetFlags(flags) })
	deferred.Fail[int](nil, errTest)
	if got := out.String(); !strings.HasPrefix(got, "unhandled error in Deferred made at deferred/unhandled_test.go:") ||
		!strings.HasSuffix(got, ": test failure\n") {
		t.Errorf("logged %q", got)
	}
}

// Where a Deferred was made is where the user's code called the package, whatever made it.
func TestCreatedIsTheUsersLine(t *testing.T) {
	r := reactortest.NewReactor()
	r.Hosts = nil
	failing := func(int) (int, error) { return 0, errTest }
	makers := map[string]func(){
		"New":            func() { deferred.New[int](r).Errback(errTest) },
		"NewCancellable": func() { deferred.NewCancellable[int](r, nil).Errback(errTest) },
		"Fail":           func() { deferred.Fail[int](r, errTest) },
		"Execute":        func() { deferred.Execute(r, func() (int, error) { return 0, errTest }) },
		"Then":           func() { deferred.Then(deferred.Succeed(r, 1), failing) },
		"ThenBoth": func() {
			deferred.ThenBoth(deferred.Succeed(r, 1), func(int, error) (int, error) { return 0, errTest })
		},
		"ThenDeferred": func() {
			failed := deferred.New[int](r)
			deferred.ThenDeferred(deferred.Succeed(r, 1), func(int) *deferred.Deferred[int] { return failed })
			failed.Errback(errTest)
		},
		"Later":  func() { deferred.Later(r, 0, func() (int, error) { return 0, errTest }) },
		"Gather": func() { deferred.Gather(r, deferred.Fail[int](r, errTest)) },
		"List": func() {
			o := deferred.ListOptions{FireOnOneErrback: true, ConsumeErrors: true}
			deferred.List(r, o, deferred.Fail[int](r, errTest))
		},
		"Race":     func() { deferred.Race(r, deferred.Fail[int](r, errTest)) },
		"Go":       func() { deferred.Go(r, func(*deferred.Coroutine) (int, error) { return 0, errTest }) },
		"Resolve":  func() { deferred.Resolve(r, "nowhere") },
		"ToThread": func() { deferred.ToThread(r, "no such task", nil) },
		"Connect": func() {
			deferred.Connect(r, "tcp:127.0.0.1:1", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return nil }))
		},
		"Get": func() { deferred.NewQueue[int](r, 0, 0).Get() },
		"RunWith": func() {
			deferred.RunWith(deferred.NewLock(r), func() *deferred.Deferred[int] { return deferred.Fail[int](r, errTest) })
		},
		"Start": func() { deferred.NewLoopingCall(r, func() error { return errTest }).Start(1, true) },
		"WhenDone": func() {
			fails := func() (*deferred.Deferred[unit], error) { return nil, errTest }
			deferred.NewCooperator(r).Cooperate(fails).WhenDone()
		},
	}
	for name, f := range makers {
		t.Run(name, func(t *testing.T) {
			r.Unhandled = nil
			f()
			r.Settle()
			if len(r.Unhandled) != 1 || !strings.HasPrefix(r.Unhandled[0].Created, "deferred/unhandled_test.go:") {
				t.Errorf("reported %v", r.Unhandled)
			}
		})
	}
}
