package policy

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestBucket(t *testing.T) {
	type take struct {
		at   time.Duration // since the first
		n    int
		wait time.Duration
	}
	const ms = time.Millisecond
	parent := func() *Bucket { return NewBucket(500, 0, nil) }
	tests := []struct {
		name   string
		bucket *Bucket
		takes  []take
	}{
		{"burst at once", NewBucket(1000, 100, nil), []take{{0, 100, 0}, {0, 1, ms}}},
		{"burst in parts", NewBucket(1000, 100, nil), []take{{0, 60, 0}, {0, 40, 0}, {0, 10, 10 * ms}}},
		{"in turn", NewBucket(1000, 100, nil), []take{{0, 100, 0}, {0, 10, 10 * ms}, {0, 10, 20 * ms}, {5 * ms, 10, 25 * ms}}},
		{"fills", NewBucket(1000, 100, nil), []take{{0, 100, 0}, {50 * ms, 50, 0}, {50 * ms, 1, ms}}},
		{"fills up and no further", NewBucket(1000, 100, nil), []take{{0, 100, 0}, {time.Hour, 100, 0}, {time.Hour, 1, ms}}},
		{"more than the burst", NewBucket(1000, 100, nil), []take{{0, 150, 50 * ms}}},
		{"burst of a second", NewBucket(1000, 0, nil), []take{{0, 1000, 0}, {0, 1, ms}}},
		{"parent is slower", NewBucket(1000, 0, parent()), []take{{0, 500, 0}, {0, 100, 200 * ms}}},
		{"parent is faster", NewBucket(100, 10, parent()), []take{{0, 10, 0}, {0, 10, 100 * ms}}},
		{"backwards", NewBucket(1000, 100, nil), []take{{0, 100, 0}, {-time.Second, 1, time.Second + ms}}},
		{"largest", NewBucket(maxRate, maxRate, nil), []take{{0, maxRate, 0}, {0, maxRate, time.Second}}},
		{"slowest", NewBucket(1, 1, nil), []take{{0, 1, 0}, {0, 1 << 30, 1 << 30 * time.Second}}},
	}
	start := reactortest.Epoch
	for _, test := range tests {
		for i, take := range test.takes {
			if wait := test.bucket.take(start.Add(take.at), take.n); wait != take.wait {
				t.Errorf("%s: take %d: wait %v, want %v", test.name, i, wait, take.wait)
			}
		}
	}
}

func TestBucketTree(t *testing.T) {
	now := reactortest.Epoch
	root := NewBucket(1000, 100, nil)
	a, b := NewBucket(10000, 80, root), NewBucket(10000, 90, root)
	if a.quantum() != 80 || NewBucket(1, 200, root).quantum() != 100 {
		t.Errorf("quanta %d, %d", a.quantum(), NewBucket(1, 200, root).quantum())
	}
	if wait := a.take(now, 80); wait != 0 {
		t.Errorf("the first waits %v", wait)
	}
	if wait := b.take(now, 80); wait != 60*time.Millisecond {
		t.Errorf("the second waits %v for what the first took", wait)
	}
	b.give(80)
	if wait := b.take(now, 20); wait != 0 {
		t.Errorf("after giving back it waits %v", wait)
	}
	if root.full(now) || !root.full(now.Add(100*time.Millisecond)) || root.full(now.Add(99*time.Millisecond)) {
		t.Error("the root is full at the wrong time")
	}
}

// Connections of several loops share a bucket: nothing is let through twice.
func TestBucketConcurrently(t *testing.T) {
	b := NewBucket(1000, 1000, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				b.take(reactortest.Epoch, 1)
			}
		})
	}
	wg.Wait()
	if wait := b.take(reactortest.Epoch, 1); wait != 3001*time.Millisecond {
		t.Errorf("after 4000 bytes the next waits %v", wait)
	}
}

func TestNewBucketPanics(t *testing.T) {
	for _, args := range [][2]int{{0, 1}, {-1, 1}, {1, -1}, {maxRate + 1, 1}, {1, maxRate + 1}} {
		for name, f := range map[string]func(){
			"NewBucket":     func() { NewBucket(args[0], args[1], nil) },
			"PerConnection": func() { PerConnection(args[0], args[1], nil) },
			"PerHost":       func() { PerHost(args[0], args[1], nil) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s(%d, %d) does not panic", name, args[0], args[1])
					}
				}()
				f()
			}()
		}
	}
}

func TestBuckets(t *testing.T) {
	now := reactortest.Epoch
	one := NewBucket(1, 0, nil)
	shared := Shared(one)
	if shared.Acquire(tcp("1.1.1.1:1"), now) != one || shared.Acquire(tcp("1.1.1.2:1"), now) != one {
		t.Error("Shared does not share")
	}
	shared.Release(one)
	each := PerConnection(5, 7, one)
	a, b := each.Acquire(tcp("1.1.1.1:1"), now), each.Acquire(tcp("1.1.1.1:1"), now)
	if a == b || a.rate != 5 || a.burst != 7 || a.parent != one {
		t.Errorf("%+v, %+v", a, b)
	}
	each.Release(a)
}

func TestPerHost(t *testing.T) {
	now := reactortest.Epoch
	hosts := PerHost(1000, 1000, nil).(*hostBuckets)
	a := hosts.Acquire(tcp("1.1.1.1:1"), now)
	if hosts.Acquire(tcp("1.1.1.1:2"), now) != a || hosts.Acquire(tcp("[::ffff:1.1.1.1]:3"), now) != a {
		t.Error("one host has two buckets")
	}
	if hosts.Acquire(protocol.UNIXAddress{}, now) != hosts.Acquire(protocol.UNIXAddress{Name: "/x"}, now) {
		t.Error("peers without an address have two buckets")
	}
	for range 3 {
		hosts.Release(a)
	}
	a.take(now, 1000)
	// While it is not full, connecting anew does not help.
	visit := func(now time.Time) {
		for i := range 3 * sweepAt {
			hosts.Release(hosts.Acquire(tcp(fmt.Sprintf("10.0.0.%d:1", i)), now))
		}
	}
	visit(now)
	if hosts.Acquire(tcp("1.1.1.1:1"), now) != a {
		t.Error("a bucket that was not full is forgotten")
	}
	hosts.Release(a)
	// What is full and out of use goes.
	visit(now.Add(time.Second))
	if n := len(hosts.buckets); n > sweepAt+1 {
		t.Errorf("%d buckets are kept", n)
	}
	if hosts.Acquire(tcp("1.1.1.1:1"), now.Add(time.Second)) == a {
		t.Error("a bucket that nobody needs is kept")
	}
}
