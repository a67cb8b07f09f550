package deferred

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Later calls f after a time and returns a Deferred of its result. Cancelling it cancels the timer.
func Later[T any](clock protocol.Clock, after time.Duration, f func() (T, error)) *Deferred[T] {
	var timer protocol.DelayedCall
	d := create(clock, func(*Deferred[T]) { timer.Cancel() }, 1)
	timer = clock.CallLater(after, func() {
		if value, err := f(); err != nil {
			d.Errback(err)
		} else {
			d.Callback(value)
		}
	})
	return d
}

// AddTimeout cancels d when it has no outcome after a time, and then turns the [ErrCancelled] into a [*TimeoutError].
// It covers what was added to d before it; an outcome that the cancelled operation produces nonetheless passes. It
// returns d.
func (d *Deferred[T]) AddTimeout(clock protocol.Clock, after time.Duration) *Deferred[T] {
	timedOut := false
	timer := clock.CallLater(after, func() {
		timedOut = true
		d.Cancel()
	})
	return d.AddBoth(func(value T, err error) (T, error) {
		if timer.Active() {
			timer.Cancel()
		}
		if timedOut && err != nil && cancelled(err) {
			err = &TimeoutError{After: after}
		}
		return value, err
	})
}
