package deferred

import (
	"slices"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Semaphore lets a limited number of operations run at the same time. Those that wait get their turn in the order in
// which they asked.
type Semaphore struct {
	clock   protocol.Clock
	limit   int
	free    int
	waiting waiters[Unit]
	handing bool
}

// NewSemaphore returns a Semaphore that n holders can have at a time; it panics if n is less than 1.
func NewSemaphore(clock protocol.Clock, n int) *Semaphore {
	if n < 1 {
		panic("deferred: a semaphore of less than 1")
	}
	return &Semaphore{clock: clock, limit: n, free: n}
}

// Acquire returns a Deferred that fires when the caller holds the semaphore, which may be at once. Cancelling it while
// it waits gives up the place in the queue.
func (s *Semaphore) Acquire() *Deferred[Unit] {
	d := create(s.clock, s.waiting.remove, 1)
	if s.free > 0 {
		s.free--
		d.Callback(Unit{})
	} else {
		s.waiting.add(d)
	}
	return d
}

// Release gives the semaphore to the next that waits. It panics if nobody holds it.
func (s *Semaphore) Release() {
	if s.free == s.limit {
		panic("deferred: Release of what nobody holds")
	}
	s.free++
	if s.handing {
		return // by the loop below, further up the call stack
	}
	s.handing = true
	defer func() { s.handing = false }()
	for s.free > 0 {
		d := s.waiting.take()
		if d == nil {
			return
		}
		s.free--
		d.Callback(Unit{})
	}
}

// Free is how many more can hold it.
func (s *Semaphore) Free() int { return s.free }

// Waiting is how many wait for it.
func (s *Semaphore) Waiting() int { return s.waiting.len() }

// Lock is a Semaphore for one.
type Lock struct{ Semaphore }

// NewLock returns a Lock that nobody holds.
func NewLock(clock protocol.Clock) *Lock { return &Lock{*NewSemaphore(clock, 1)} }

// Locked reports whether somebody holds it.
func (l *Lock) Locked() bool { return l.free == 0 }

// Acquirer is a [Lock] or a [Semaphore].
type Acquirer interface {
	Acquire() *Deferred[Unit]
	Release()
}

// RunWith acquires a, runs f, releases a when the Deferred that f returned has fired, and has its outcome. Cancelling it
// gives up the waiting, or cancels what f has started.
func RunWith[T any](a Acquirer, f func() *Deferred[T]) *Deferred[T] {
	return thenDeferred(a.Acquire(), func(Unit) *Deferred[T] {
		panicking := true
		defer func() {
			if panicking {
				a.Release()
			}
		}()
		d := f()
		d.AddBoth(func(value T, err error) (T, error) {
			a.Release()
			return value, err
		})
		panicking = false
		return d
	}, 1)
}

// waiters is a queue of Deferreds that have not fired.
type waiters[T any] struct {
	queue []*Deferred[T]
}

func (w *waiters[T]) len() int           { return len(w.queue) }
func (w *waiters[T]) add(d *Deferred[T]) { w.queue = append(w.queue, d) }

func (w *waiters[T]) take() *Deferred[T] {
	if len(w.queue) == 0 {
		return nil
	}
	d := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	return d
}

// remove is the canceller of what waits.
func (w *waiters[T]) remove(d *Deferred[T]) {
	if i := slices.Index(w.queue, d); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
}
