package reactor_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestBlockingCallFromThread(t *testing.T) {
	r := start(t, reactor.Config{Loops: 2})
	l := r.Loops()[1]
	broken := errors.New("broken")
	if v, err := reactor.BlockingCallFromThread(l, func() (string, error) { return "value", nil }); v != "value" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := reactor.BlockingCallFromThread(l, func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	var panicked *reactor.PanicError
	if _, err := reactor.BlockingCallFromThread(l, func() (int, error) { panic("boo") }); !errors.As(err, &panicked) {
		t.Errorf("%v", err)
	}
	if _, err := reactor.BlockingCallFromThread(l, func() (int, error) { runtime.Goexit(); return 0, nil }); err == nil {
		t.Error("a function that ends its goroutine is no error")
	}
	later := func() *deferred.Deferred[string] {
		return deferred.Later(l, time.Millisecond, func() (string, error) { return "later", nil })
	}
	if v, err := reactor.BlockingAwaitFromThread(l, later); v != "later" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := reactor.BlockingAwaitFromThread(l, func() *deferred.Deferred[string] {
		d := later()
		l.Detach()
		return d
	}); v != "later" || err != nil {
		t.Errorf("off the loop: %q, %v", v, err)
	}
	if _, err := reactor.BlockingAwaitFromThread(l, func() *deferred.Deferred[int] {
		return deferred.Fail[int](l, broken)
	}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if _, err := reactor.BlockingAwaitFromThread(l, func() *deferred.Deferred[int] { panic("boo") }); !errors.As(err, &panicked) {
		t.Errorf("%v", err)
	}
}

// TestBlockingCallEnds: who waits for a loop that ends is told so.
func TestBlockingCallEnds(t *testing.T) {
	r := start(t, reactor.Config{Loops: 2})
	l := r.Loops()[1]
	waits, failure := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := reactor.BlockingAwaitFromThread(l, func() *deferred.Deferred[int] {
			close(waits)
			return deferred.New[int](l)
		})
		failure <- err
	}()
	wait(t, waits, "the call")
	r.stop()
	if err := wait(t, failure, "the end of the waiting"); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("%v", err)
	}
	if _, err := reactor.BlockingCallFromThread(l, func() (int, error) { t.Error("was called"); return 0, nil }); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
	if err := r.CallInThread(func() { t.Error("was called") }); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("CallInThread after the end: %v", err)
	}
	if err := r.SuggestThreadPoolSize(1); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("SuggestThreadPoolSize after the end: %v", err)
	}
}

// gauge counts the functions that run at a time. Each waits until it is released.
type gauge struct {
	begun   chan struct{}
	release chan struct{}
	mu      sync.Mutex
	active  int
	most    int
}

func newGauge() *gauge { return &gauge{begun: make(chan struct{}, 100), release: make(chan struct{})} }

func (g *gauge) run() {
	g.mu.Lock()
	g.active++
	g.most = max(g.most, g.active)
	g.mu.Unlock()
	g.begun <- struct{}{}
	<-g.release
	g.mu.Lock()
	g.active--
	g.mu.Unlock()
}

func TestCallInThread(t *testing.T) {
	r := prepare(t, reactor.Config{Loops: 2, Threads: 2})
	g := newGauge()
	spawn := func(n int) {
		t.Helper()
		for range n {
			if err := r.CallInThread(g.run); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := r.CallInThread(func() { panic("off the loop") }); err != nil {
		t.Fatal(err)
	}
	spawn(5)
	r.run()
	wait(t, g.begun, "the first function")
	wait(t, g.begun, "the second function")
	if err := r.SuggestThreadPoolSize(4); err != nil {
		t.Fatal(err)
	}
	wait(t, g.begun, "the third function")
	wait(t, g.begun, "the fourth function")
	if g.most != 4 {
		t.Errorf("%d functions at a time, want 4", g.most)
	}
	if err := r.SuggestThreadPoolSize(1); err != nil {
		t.Fatal(err)
	}
	r.onLoop(r.Loops()[0], func() {}) // the pool knows its size
	g.mu.Lock()
	g.most = 0
	g.mu.Unlock()
	for range 4 {
		g.release <- struct{}{}
	}
	wait(t, g.begun, "the fifth function")
	spawn(3)
	close(g.release)
	for range 3 {
		wait(t, g.begun, "the rest")
	}
	if g.most > 1 {
		t.Errorf("%d functions at a time, want 1", g.most)
	}
	r.logged("panic in a function called in a thread", "off the loop")
	if err := r.SuggestThreadPoolSize(0); err == nil {
		t.Error("a pool of none is no error")
	}
}
