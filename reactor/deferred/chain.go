package deferred

// AddCallback hangs f on the value: f's result becomes d's. An error passes it by. It returns d.
func (d *Deferred[T]) AddCallback(f func(T) (T, error)) *Deferred[T] {
	return d.add(step[T]{onValue: f})
}

// AddErrback hangs f on an error: f handles it by returning a value, or fails with an error of its own or the same
// one. A value passes it by. It returns d.
func (d *Deferred[T]) AddErrback(f func(error) (T, error)) *Deferred[T] {
	return d.add(step[T]{onError: f})
}

// AddCallbacks hangs onValue and onError side by side: exactly one of them runs, so onError does not see what onValue
// fails with. It returns d.
func (d *Deferred[T]) AddCallbacks(onValue func(T) (T, error), onError func(error) (T, error)) *Deferred[T] {
	return d.add(step[T]{onValue: onValue, onError: onError})
}

// AddBoth hangs f on the outcome, whichever it is; with an error the value is zero. It returns d.
func (d *Deferred[T]) AddBoth(f func(T, error) (T, error)) *Deferred[T] {
	return d.add(step[T]{both: f})
}

// Handle hangs f on the outcome as the end of the matter: f takes an error as handled. It returns d, whose value stays
// (and is zero after an error).
func (d *Deferred[T]) Handle(f func(value T, err error)) *Deferred[T] {
	return d.add(step[T]{both: func(value T, err error) (T, error) {
		f(value, err)
		return value, nil
	}})
}

// AddDeferredCallback is AddCallback for an f that starts another operation: d waits for the Deferred that f returns
// and goes on with its outcome. That Deferred has then handed its error over.
func (d *Deferred[T]) AddDeferredCallback(f func(T) *Deferred[T]) *Deferred[T] {
	return d.add(step[T]{special: func(d *Deferred[T]) link {
		if d.err != nil {
			return nil
		}
		return d.await(f(d.value))
	}})
}

// AddDeferredErrback is AddErrback for an f that starts another operation, such as a second attempt.
func (d *Deferred[T]) AddDeferredErrback(f func(error) *Deferred[T]) *Deferred[T] {
	return d.add(step[T]{special: func(d *Deferred[T]) link {
		if d.err == nil {
			return nil
		}
		return d.await(f(d.err))
	}})
}

// await makes d, in one of its steps, wait for inner.
func (d *Deferred[T]) await(inner *Deferred[T]) link {
	if inner == nil {
		panic("deferred: a callback returned a nil Deferred")
	}
	if inner == d {
		panic("deferred: a callback returned the Deferred that it belongs to")
	}
	var zero T
	d.set(zero, nil)
	return inner.feed(d)
}

// feed has d's outcome handed to "to" after the steps it has, and returns d if it must run for that.
func (d *Deferred[T]) feed(to *Deferred[T]) link {
	to.waiting = d
	d.steps = append(d.steps, step[T]{special: func(d *Deferred[T]) link {
		return hand(d, to, d.value, d.err)
	}})
	if d.ready() {
		return d
	}
	return nil
}

// hand gives an outcome that came of d to the Deferred that waits for d, and returns that one if it must run. If it
// waits no longer, an error stays with d.
func hand[T, U any](d *Deferred[T], to *Deferred[U], value U, err error) link {
	if to.waiting != link(d) {
		return nil
	}
	d.open = false
	to.settle(value, err)
	if to.ready() {
		return to
	}
	return nil
}

// ChainDeferred hands d's outcome to other, as Callback and Errback would; d keeps its value, and its error is other's
// from then on. Cancelling other cancels d. If other has an outcome of its own by then, an error stays with d.
func (d *Deferred[T]) ChainDeferred(other *Deferred[T]) *Deferred[T] {
	if other.fired {
		return d
	}
	if next := d.feed(other); next != nil {
		drive(next)
	}
	return d
}

// Then returns a new Deferred with what f makes of d's value, or with the error of f or of d. d keeps its own value, so
// that several can be derived from it; its error is handed over. Cancelling the new one cancels d.
func Then[T, U any](d *Deferred[T], f func(T) (U, error)) *Deferred[U] { return then(d, f, 1) }

func then[T, U any](d *Deferred[T], f func(T) (U, error), skip int) *Deferred[U] {
	to := derive[T, U](d, skip+1)
	d.add(step[T]{special: func(d *Deferred[T]) link {
		if to.waiting != link(d) {
			return nil
		}
		var value U
		err := d.err
		if err == nil {
			value, err = f(d.value)
		}
		return hand(d, to, value, err)
	}})
	return to
}

// ThenBoth is Then for an f that sees the error too, and may handle it; the value is zero then.
func ThenBoth[T, U any](d *Deferred[T], f func(T, error) (U, error)) *Deferred[U] {
	to := derive[T, U](d, 1)
	d.add(step[T]{special: func(d *Deferred[T]) link {
		if to.waiting != link(d) {
			return nil
		}
		value, err := f(d.value, d.err)
		return hand(d, to, value, err)
	}})
	return to
}

// ThenDeferred is Then for an f that starts another operation: the new Deferred has the outcome of the one that f
// returns, and cancelling it cancels whichever of the two is under way.
func ThenDeferred[T, U any](d *Deferred[T], f func(T) *Deferred[U]) *Deferred[U] {
	return thenDeferred(d, f, 1)
}

func thenDeferred[T, U any](d *Deferred[T], f func(T) *Deferred[U], skip int) *Deferred[U] {
	to := derive[T, U](d, skip+1)
	d.add(step[T]{special: func(d *Deferred[T]) link {
		if to.waiting != link(d) {
			return nil
		}
		if d.err != nil {
			var zero U
			return hand(d, to, zero, d.err)
		}
		inner := f(d.value)
		if inner == nil {
			panic("deferred: a callback returned a nil Deferred")
		}
		return inner.feed(to)
	}})
	return to
}

// derive makes the Deferred that the function skip frames above it returns for d.
func derive[T, U any](d *Deferred[T], skip int) *Deferred[U] {
	to := create[U](d.clock, nil, skip+1)
	to.waiting = d
	return to
}
