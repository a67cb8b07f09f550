package deferred

import (
	"runtime"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Deferred is the outcome of an operation under way: a value of type T, or an error. Functions are hung onto it with
// the Add methods and with [Then] and its relatives; they run in the order they were added, at once if the outcome is
// there already.
//
// A Deferred belongs to one loop: everything but its making happens on that loop's goroutine.
type Deferred[T any] struct {
	value T
	err   error

	steps []step[T] // what was added
	next  int       // the first of steps that has not run

	// waiting is the Deferred whose outcome this one waits for: the source of a derived one, or what a callback
	// returned. Cancel goes there.
	waiting   link
	canceller func(*Deferred[T])
	clock     protocol.Clock
	site      uintptr
	pauses    int32

	fired   bool // has, or had, an outcome
	running bool // its steps run, possibly further up the call stack
	swallow bool // the next Callback or Errback comes too late, and is forgiven
	open    bool // err has been given to nobody
	listed  bool // is to be looked at by the scope
	patient bool // the canceller fires it, if not at once then later
}

// step is one thing that was added. Exactly one field is set, but for onValue and onError, which may come together.
type step[T any] struct {
	onValue func(T) (T, error)
	onError func(error) (T, error)
	both    func(T, error) (T, error)
	// special changes d itself, and returns the Deferred that is to run before d's next step, or nil.
	special func(d *Deferred[T]) link
}

// Unit is the value of a Deferred that says no more than that something has happened.
type Unit = struct{}

// New returns a Deferred without an outcome, which reports an error that nobody handles as described under "Errors
// that nobody handles" above. Cancelling it fails it with [ErrCancelled], and forgives the producer its one Callback
// or Errback that comes after.
func New[T any](clock protocol.Clock) *Deferred[T] { return create[T](clock, nil, 1) }

// NewCancellable is New for an operation that can be stopped. Cancel calls canceller, which may fire the Deferred
// itself; if it does not, the Deferred fails with [ErrCancelled].
func NewCancellable[T any](clock protocol.Clock, canceller func(d *Deferred[T])) *Deferred[T] {
	return create(clock, canceller, 1)
}

// Succeed returns a Deferred that has fired with value.
func Succeed[T any](clock protocol.Clock, value T) *Deferred[T] {
	d := create[T](clock, nil, 1)
	d.fire(value, nil)
	return d
}

// Fail returns a Deferred that has failed with err, which must not be nil.
func Fail[T any](clock protocol.Clock, err error) *Deferred[T] {
	d := create[T](clock, nil, 1)
	must(err)
	var zero T
	d.fire(zero, err)
	return d
}

// Execute calls f and returns a Deferred of its result, so that a function that answers at once can stand where one that
// takes time is expected.
func Execute[T any](clock protocol.Clock, f func() (T, error)) *Deferred[T] {
	d := create[T](clock, nil, 1)
	d.fire(f())
	return d
}

// create makes a Deferred for the function skip frames above it.
func create[T any](clock protocol.Clock, canceller func(*Deferred[T]), skip int) *Deferred[T] {
	d := &Deferred[T]{clock: clock, canceller: canceller}
	var pc [1]uintptr
	runtime.Callers(skip+2, pc[:])
	d.site = pc[0]
	return d
}

// Callback fires d with value. It fails with [ErrAlreadyCalled] if d has fired.
func (d *Deferred[T]) Callback(value T) error {
	if d.fired {
		return d.late()
	}
	d.fire(value, nil)
	return nil
}

// Errback fails d with err, which must not be nil. It fails with [ErrAlreadyCalled] if d has fired.
func (d *Deferred[T]) Errback(err error) error {
	must(err)
	if d.fired {
		return d.late()
	}
	var zero T
	d.fire(zero, err)
	return nil
}

func must(err error) {
	if err == nil {
		panic("deferred: a nil error is not a failure")
	}
}

func (d *Deferred[T]) late() error {
	if d.swallow {
		d.swallow = false
		return nil
	}
	return ErrAlreadyCalled
}

// Called reports whether d has fired. Its steps may still be waiting for another Deferred.
func (d *Deferred[T]) Called() bool { return d.fired }

// Result returns the outcome so far; ok is false while there is none, or while a step waits for another Deferred.
// Looking does not handle an error.
func (d *Deferred[T]) Result() (value T, err error, ok bool) {
	if !d.fired || d.waiting != nil || d.next < len(d.steps) {
		return value, nil, false
	}
	return d.value, d.err, true
}

// Pause keeps d's steps from running until Unpause has been called as often.
func (d *Deferred[T]) Pause() { d.pauses++ }

// Unpause undoes one Pause, and panics without one.
func (d *Deferred[T]) Unpause() {
	if d.pauses == 0 {
		panic("deferred: Unpause without Pause")
	}
	d.pauses--
	d.kick()
}

// Cancel says that the outcome is no longer wanted. On a Deferred that has not fired it calls the canceller, and fails
// it with [ErrCancelled] if that did not fire it. On one that waits for another Deferred it cancels that one, however
// long the chain. Otherwise it does nothing.
func (d *Deferred[T]) Cancel() {
	var l link = d
	for up := l.upstream(); up != nil; up = l.upstream() {
		l = up
	}
	l.cancel()
}

func (d *Deferred[T]) upstream() link { return d.waiting }

func (d *Deferred[T]) cancel() {
	if d.fired {
		return
	}
	// Taken away meanwhile, so that a canceller that cancels again does not come back to itself.
	if c := d.canceller; c != nil {
		d.canceller = nil
		c(d)
		if d.patient {
			d.canceller = c
		}
	} else {
		d.swallow = !d.patient
	}
	if !d.fired && !d.patient {
		var zero T
		d.fire(zero, ErrCancelled)
	}
}
