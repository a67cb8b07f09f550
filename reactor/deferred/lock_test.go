package deferred_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

type unit = deferred.Unit

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s did not panic", what)
		}
	}()
	f()
}

func TestLock(t *testing.T) {
	l := deferred.NewLock(nil)
	mustPanic(t, "Release of a free lock", l.Release)
	a, b, c := l.Acquire(), l.Acquire(), l.Acquire()
	check(t, a, "value {}")
	check(t, b, "waiting")
	if !l.Locked() || l.Waiting() != 2 {
		t.Errorf("locked %v, %d waiting", l.Locked(), l.Waiting())
	}
	b.Cancel()
	check(t, b, cancelledText)
	l.Release()
	check(t, c, "value {}")
	l.Release()
	if l.Locked() {
		t.Error("still locked")
	}
	mustPanic(t, "one Release too many", l.Release)
}

func TestSemaphore(t *testing.T) {
	mustPanic(t, "NewSemaphore(0)", func() { deferred.NewSemaphore(nil, 0) })
	s := deferred.NewSemaphore(nil, 2)
	a, b, c := s.Acquire(), s.Acquire(), s.Acquire()
	check(t, a, "value {}")
	check(t, b, "value {}")
	check(t, c, "waiting")
	if s.Free() != 0 {
		t.Errorf("%d free", s.Free())
	}
	s.Release()
	check(t, c, "value {}")
	s.Release()
	s.Release()
	if s.Free() != 2 {
		t.Errorf("%d free", s.Free())
	}
}

func TestManyWaitersNeedNoStack(t *testing.T) {
	l := deferred.NewLock(nil)
	l.Acquire()
	depth := 0
	for range long / 10 {
		deferred.RunWith(l, func() *deferred.Deferred[int] {
			depth = max(depth, stackDepth())
			return deferred.Succeed(nil, 1)
		})
	}
	l.Release()
	if l.Locked() || depth == 0 || depth > 50 {
		t.Errorf("locked %v, ran %d calls deep", l.Locked(), depth)
	}
}

func TestRunWith(t *testing.T) {
	l := deferred.NewLock(nil)
	work := deferred.New[int](nil)
	a := deferred.RunWith(l, func() *deferred.Deferred[int] { return work })
	b := deferred.RunWith(l, func() *deferred.Deferred[int] { return deferred.Succeed(nil, 2) })
	c := deferred.RunWith(l, func() *deferred.Deferred[int] { t.Error("ran although cancelled"); return nil })
	c.Cancel()
	check(t, b, "waiting")
	check(t, c, cancelledText)
	a.Cancel()
	check(t, a, cancelledText)
	check(t, b, "value 2")
	if l.Locked() {
		t.Error("still locked")
	}
	mustPanic(t, "a function that panics", func() {
		deferred.RunWith(l, func() *deferred.Deferred[int] { panic("bug") })
	})
	if l.Locked() {
		t.Error("still locked after a panic")
	}
}

func TestQueue(t *testing.T) {
	q := deferred.NewQueue[int](nil, 2, 1)
	for i, want := range []error{nil, nil, deferred.ErrQueueOverflow} {
		if err := q.Put(i); !errors.Is(err, want) {
			t.Errorf("Put %d: %v", i, err)
		}
	}
	if q.Len() != 2 {
		t.Errorf("Len %d", q.Len())
	}
	check(t, q.Get(), "value 0")
	check(t, q.Get(), "value 1")
	first := q.Get()
	quiet(t)
	check(t, q.Get(), "error: queue has too many waiting for it")
	if q.Waiting() != 1 {
		t.Errorf("%d waiting", q.Waiting())
	}
	first.Cancel()
	check(t, first, cancelledText)
	second := q.Get()
	q.Put(7)
	check(t, second, "value 7")
}

func TestQueueLimits(t *testing.T) {
	none := deferred.NewQueue[int](nil, 0, deferred.Unlimited)
	if err := none.Put(1); !errors.Is(err, deferred.ErrQueueOverflow) {
		t.Errorf("Put into a queue of none: %v", err)
	}
	var got []int
	for range 100 {
		none.Get().Handle(func(n int, err error) { got = append(got, n) })
	}
	for i := range 100 {
		if err := none.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 100 || !slices.IsSorted(got) {
		t.Errorf("got %v", got)
	}
	all := deferred.NewQueue[int](nil, deferred.Unlimited, 0)
	for i := range 100 {
		if err := all.Put(i); err != nil {
			t.Fatal(err)
		}
	}
	check(t, all.Get(), "value 0")
}
