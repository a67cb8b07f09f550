package behaviour

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// outcome is what a Deferred ended with.
type outcome[T any] struct {
	value T
	err   error
}

// start calls begin on the loop and returns where the outcome of its Deferred arrives.
func start[T any](r *trial.Reactor, begin func(l *reactor.Loop) *deferred.Deferred[T]) <-chan outcome[T] {
	done := make(chan outcome[T], 1)
	r.OnLoop(func(l *reactor.Loop) {
		begin(l).Handle(func(value T, err error) { done <- outcome[T]{value, err} })
	})
	return done
}

// TestDeferToThread restates deferToThread's tests: results, errors and panics come back to the loop.
func TestDeferToThread(t *testing.T) {
	mistake := errors.New("it does not work")
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		for name, c := range map[string]struct {
			f     func() (int, error)
			check func(o outcome[int]) bool
		}{
			"a value":  {func() (int, error) { return 7, nil }, func(o outcome[int]) bool { return o.value == 7 && o.err == nil }},
			"an error": {func() (int, error) { return 0, mistake }, func(o outcome[int]) bool { return errors.Is(o.err, mistake) }},
			"a panic": {func() (int, error) { panic(mistake) }, func(o outcome[int]) bool {
				var p *reactor.PanicError
				return errors.As(o.err, &p) && errors.Is(o.err, mistake)
			}},
		} {
			done := start(r, func(l *reactor.Loop) *deferred.Deferred[int] { return reactor.DeferToThread(l, c.f) })
			if o := trial.Wait(t, done, "the outcome of "+name); !c.check(o) {
				t.Errorf("%s: the outcome is %d, %v", name, o.value, o.err)
			}
		}
	})
}

// TestThreadsAreBounded has more functions than threads: they wait for their turn.
func TestThreadsAreBounded(t *testing.T) {
	const threads = 3
	r := trial.Start(t, reactor.Config{Threads: threads})
	var running atomic.Int32
	begun, release := make(chan struct{}, 10), make(chan struct{})
	work := func(l *reactor.Loop) *deferred.Deferred[int32] {
		return reactor.DeferToThread(l, func() (int32, error) {
			n := running.Add(1)
			begun <- struct{}{}
			<-release
			running.Add(-1)
			return n, nil
		})
	}
	var outcomes []<-chan outcome[int32]
	for range 3 * threads {
		outcomes = append(outcomes, start(r, work))
	}
	for range threads {
		trial.Wait(t, begun, "the begin of a function")
	}
	close(release)
	for _, done := range outcomes {
		if o := trial.Wait(t, done, "the end of a function"); o.value > threads || o.err != nil {
			t.Errorf("the outcome is %d, %v, want no more than %d at a time", o.value, o.err, threads)
		}
	}
}

// TestCancelThread cancels a function that waits for a thread, and one that has one.
func TestCancelThread(t *testing.T) {
	r := trial.Start(t, reactor.Config{Threads: 1})
	begun, release := make(chan struct{}), make(chan struct{})
	var runs, waits *deferred.Deferred[string]
	first := start(r, func(l *reactor.Loop) *deferred.Deferred[string] {
		runs = reactor.DeferToThread(l, func() (string, error) {
			close(begun)
			<-release
			return "too late", nil
		})
		return runs
	})
	trial.Wait(t, begun, "the first function")
	second := start(r, func(l *reactor.Loop) *deferred.Deferred[string] {
		waits = reactor.DeferToThread(l, func() (string, error) {
			t.Error("a cancelled function is called")
			return "", nil
		})
		return waits
	})
	r.OnLoop(func(*reactor.Loop) {
		waits.Cancel()
		runs.Cancel()
	})
	for name, done := range map[string]<-chan outcome[string]{"the one that runs": first, "the one that waits": second} {
		if o := trial.Wait(t, done, "the outcome of "+name); !errors.Is(o.err, deferred.ErrCancelled) {
			t.Errorf("%s: the outcome is %q, %v", name, o.value, o.err)
		}
	}
	close(release)
	third := start(r, func(l *reactor.Loop) *deferred.Deferred[string] {
		return reactor.DeferToThread(l, func() (string, error) { return "in turn", nil })
	})
	if o := trial.Wait(t, third, "the third function"); o.value != "in turn" || o.err != nil {
		t.Errorf("the third: %q, %v", o.value, o.err)
	}
}

// TestThreadsEndWithTheReactor stops the reactor while a function runs and others wait: Run returns when those that have
// begun have ended.
func TestThreadsEndWithTheReactor(t *testing.T) {
	r := trial.Start(t, reactor.Config{Threads: 2})
	begun, release := make(chan struct{}, 100), make(chan struct{})
	var running atomic.Int32
	r.OnLoop(func(l *reactor.Loop) {
		for range 100 {
			reactor.DeferToThread(l, func() (int, error) {
				running.Add(1)
				defer running.Add(-1)
				begun <- struct{}{}
				<-release
				return 0, nil
			})
		}
	})
	trial.Wait(t, begun, "the first function")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	close(release)
	r.Ended()
	if n := running.Load(); n != 0 {
		t.Errorf("%d functions run after the end", n)
	}
}
