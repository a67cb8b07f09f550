package reactor_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	protocol.HandleTask("reactor_test.reverse", func(input []byte) ([]byte, error) {
		if len(input) == 0 {
			return nil, errEmpty
		}
		for i, j := 0, len(input)-1; i < j; i, j = i+1, j-1 {
			input[i], input[j] = input[j], input[i]
		}
		return input, nil
	})
}

var errEmpty = errors.New("nothing to reverse")

// outcome is what a request ended with.
type outcome struct {
	value any
	err   error
}

func TestNamedTasks(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	l := r.Loops()[0]
	outcomes := make(chan outcome, 1)
	done := func(result []byte, err error) { outcomes <- outcome{string(result), err} }
	input := []byte("abc")
	r.onLoop(l, func() {
		l.DeferToThread("reactor_test.reverse", input, done)
		copy(input, "xyz") // the task has a copy
	})
	if o := wait(t, outcomes, "the task"); o.value != "cba" || o.err != nil {
		t.Errorf("%v", o)
	}
	r.onLoop(l, func() { l.DeferToThread("reactor_test.reverse", nil, done) })
	if o := wait(t, outcomes, "the task"); !errors.Is(o.err, errEmpty) {
		t.Errorf("%v", o)
	}
	r.onLoop(l, func() { l.DeferToThread("no such task", nil, done) })
	if o := wait(t, outcomes, "the task"); o.err == nil {
		t.Error("a task that does not exist has no error")
	}
	r.onLoop(l, func() {
		q := l.DeferToThread("reactor_test.reverse", []byte("abc"), done)
		q.Cancel()
		q.Cancel()
		if len(outcomes) > 0 {
			t.Error("the outcome came before Cancel returned")
		}
	})
	if o := wait(t, outcomes, "the outcome of a cancelled task"); !errors.Is(o.err, protocol.ErrConnectingCancelled) {
		t.Errorf("%v", o)
	}
}

func TestDeferToThread(t *testing.T) {
	const threads = 3
	r := start(t, reactor.Config{Loops: 2, Threads: threads})
	l := r.Loops()[1]
	var mu sync.Mutex
	active, most := 0, 0
	outcomes := make(chan outcome, 20)
	full := make(chan struct{})
	r.onLoop(l, func() {
		for i := range 20 {
			d := reactor.DeferToThread(l, func() (int, error) {
				mu.Lock()
				if active++; active > most {
					if most = active; most == threads {
						close(full)
					}
				}
				mu.Unlock()
				<-full
				mu.Lock()
				active--
				mu.Unlock()
				return i, nil
			})
			d.Handle(func(v int, err error) { outcomes <- outcome{v, err} })
		}
	})
	seen := map[any]bool{}
	for range 20 {
		o := wait(t, outcomes, "a result")
		if o.err != nil {
			t.Error(o.err)
		}
		seen[o.value] = true
	}
	if len(seen) != 20 || most != threads {
		t.Errorf("%d results, %d functions at a time; want 20 and %d", len(seen), most, threads)
	}

	r.onLoop(l, func() {
		reactor.DeferToThread(l, func() (int, error) { panic("off the loop") }).
			Handle(func(v int, err error) { outcomes <- outcome{v, err} })
	})
	var panicked *reactor.PanicError
	if o := wait(t, outcomes, "a panic"); !errors.As(o.err, &panicked) || panicked.Value != "off the loop" {
		t.Errorf("%v", o)
	}

	// A cancelled one is not begun.
	busy := make(chan struct{})
	r.onLoop(l, func() {
		for range threads {
			reactor.DeferToThread(l, func() (int, error) { <-busy; return 0, nil })
		}
		d := reactor.DeferToThread(l, func() (int, error) { t.Error("was called"); return 0, nil })
		d.Handle(func(v int, err error) { outcomes <- outcome{v, err} })
		d.Cancel()
		if len(outcomes) == 0 {
			t.Error("Cancel has no outcome")
		}
	})
	if o := wait(t, outcomes, "the outcome of a cancelled function"); !errors.Is(o.err, deferred.ErrCancelled) {
		t.Errorf("%v", o)
	}
	close(busy)
}

func TestResolve(t *testing.T) {
	block := make(chan struct{})
	r := start(t, reactor.Config{Loops: 1, Resolver: mapAndBlock{
		mapResolver{"two.test": {"192.0.2.1", "::ffff:192.0.2.2"}}, blockingResolver{block}}})
	l := r.Loops()[0]
	outcomes := make(chan outcome, 1)
	done := func(addresses []string, err error) { outcomes <- outcome{addresses, err} }
	resolve := func(host string) (q protocol.Request) {
		r.onLoop(l, func() {
			q = l.Resolve(host, done)
			if len(outcomes) > 0 {
				t.Error("the outcome came before Resolve returned")
			}
		})
		return q
	}
	for host, want := range map[string][]string{
		"two.test":  {"192.0.2.1", "192.0.2.2"},
		"127.0.0.1": {"127.0.0.1"},
		"::1":       {"::1"},
	} {
		q := resolve(host)
		if o := wait(t, outcomes, "Resolve"); !reflect.DeepEqual(o.value, want) || o.err != nil {
			t.Errorf("%s: %v, want %v", host, o, want)
		}
		r.onLoop(l, q.Cancel) // after the outcome: nothing
	}
	resolve("unknown.test")
	if o := wait(t, outcomes, "Resolve"); !errors.Is(o.err, protocol.ErrDNSLookup) {
		t.Errorf("%v", o)
	}
	q := resolve("blocks.test")
	r.onLoop(l, q.Cancel)
	if o := wait(t, outcomes, "Resolve"); !errors.Is(o.err, protocol.ErrConnectingCancelled) {
		t.Errorf("%v", o)
	}
	close(block)
}

// blockingResolver answers when it is let.
type blockingResolver struct{ block chan struct{} }

func (b blockingResolver) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	select {
	case <-b.block:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// mapAndBlock blocks on "blocks.test".
type mapAndBlock struct {
	mapResolver
	blockingResolver
}

func (m mapAndBlock) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if host == "blocks.test" {
		return m.blockingResolver.LookupNetIP(ctx, network, host)
	}
	return m.mapResolver.LookupNetIP(ctx, network, host)
}

// TestCallFromThread: functions of one goroutine are called in its order, and each once.
func TestCallFromThread(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l := r.Loops()[0]
		const callers, calls = 8, 2000
		var seen [callers]int
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				for j := range calls {
					l.CallFromThread(func() {
						if seen[i] != j {
							t.Errorf("call %d of goroutine %d came after %d others", j, i, seen[i])
						}
						seen[i]++
					})
				}
			})
		}
		all.Wait()
		r.onLoop(l, func() {
			for i, n := range seen {
				if n != calls {
					t.Errorf("%d calls of goroutine %d, want %d", n, i, calls)
				}
			}
		})
	})
}
