package deferred

import (
	"iter"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Coroutine is a function started by [Go]: straight-line code that waits for Deferreds. It runs on its loop, one
// stretch between two waits at a time, and nothing else of the loop runs meanwhile: it needs no locks.
type Coroutine struct {
	clock   protocol.Clock
	yield   func(Unit) bool
	next    func() (Unit, bool)
	stop    func()
	finish  func()     // fires the Deferred of Go
	wait    func(link) // makes that Deferred wait for another one
	parked  bool       // inside Await, and given up the loop
	stopped bool       // the scope has closed
	prev    *Coroutine // neighbours in the scope's list while parked
	follow  *Coroutine
	list    *parkedList // the list it is in, or nil
}

// abandoned unwinds a coroutine that waits on although its scope has closed.
type abandoned struct{}

// Go runs body as a coroutine of clock's loop, at once up to its first wait, and returns a Deferred of its result.
// Cancelling that Deferred cancels the one that body is waiting for, and body decides what becomes of it.
//
// A body whose wait never ends is kept until the loop's [Scope] closes; without one it is kept for ever.
func Go[T any](clock protocol.Clock, body func(co *Coroutine) (T, error)) *Deferred[T] {
	d := create[T](clock, nil, 1)
	co := &Coroutine{clock: clock}
	var value T
	var err error = ErrCancelled // the outcome of an abandoned one
	co.next, co.stop = iter.Pull(func(yield func(Unit) bool) {
		defer func() {
			if co.stopped {
				if p := recover(); p != nil && p != any(abandoned{}) {
					panic(p)
				}
			}
		}()
		co.yield = yield
		value, err = body(co)
	})
	co.finish = func() {
		if !d.fired {
			d.fire(value, err)
		}
	}
	co.wait = func(l link) {
		if !d.fired {
			d.waiting = l
		}
	}
	co.resume()
	return d
}

// Clock is the clock that the coroutine was started with.
func (co *Coroutine) Clock() protocol.Clock { return co.clock }

// resume runs the coroutine up to its next wait, on the loop.
func (co *Coroutine) resume() {
	if _, more := co.next(); !more {
		co.finish()
	}
}

// park gives up the loop until resume.
func (co *Coroutine) park(l link) {
	if s, ok := co.clock.(Scoped); ok && !s.DeferredScope().parked.add(co) {
		co.stopped = true
		return
	}
	co.wait(l)
	co.parked = true
	more := co.yield(Unit{})
	co.parked = false
	co.leave()
	co.wait(nil)
	co.stopped = co.stopped || !more
}

// Await waits for d, inside the coroutine co and nowhere else, and returns its outcome. The error is handled thereby.
// The loop goes on meanwhile.
func Await[T any](co *Coroutine, d *Deferred[T]) (T, error) {
	if co.stopped {
		panic(abandoned{})
	}
	var value T
	var err error
	arrived := false
	d.Handle(func(v T, e error) {
		value, err, arrived = v, e, true
		if co.parked {
			co.resume()
		}
	})
	if !arrived {
		co.park(d)
	}
	if !arrived {
		err = ErrCancelled
	}
	return value, err
}

// Sleep waits for a time. It fails with [ErrCancelled] when the coroutine is cancelled meanwhile.
func Sleep(co *Coroutine, d time.Duration) error {
	_, err := Await(co, Later(co.clock, d, func() (Unit, error) { return Unit{}, nil }))
	return err
}

// parkedList holds the coroutines of a scope that wait.
type parkedList struct {
	first  *Coroutine
	closed bool
}

// add returns false if the scope has closed.
func (l *parkedList) add(co *Coroutine) bool {
	if l.closed {
		return false
	}
	co.list, co.prev, co.follow = l, nil, l.first
	if l.first != nil {
		l.first.prev = co
	}
	l.first = co
	return true
}

func (co *Coroutine) leave() {
	if co.list == nil {
		return
	}
	if co.prev != nil {
		co.prev.follow = co.follow
	} else {
		co.list.first = co.follow
	}
	if co.follow != nil {
		co.follow.prev = co.prev
	}
	co.list, co.prev, co.follow = nil, nil, nil
}

// stopAll ends every coroutine in the list, and lets no other wait.
func (l *parkedList) stopAll() {
	l.closed = true
	for l.first != nil {
		co := l.first
		co.leave()
		co.stop()
		co.finish()
	}
}
