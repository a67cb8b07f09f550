package deferred

// link is a Deferred of any type.
type link interface {
	// run runs steps until none is left, or one waits. A next that is not nil has to run first; then again says
	// that this link wants to run once more after it.
	run() (next link, again bool)
	// upstream is what this link waits for, or nil.
	upstream() link
	// cancel cancels this very link.
	cancel()
	// abandon is called when a panic passes through.
	abandon()
}

// drive runs l and everything that becomes runnable by it, depth first: what a step sets off is through before the
// next step runs. The stack of what is unfinished is kept here and not in Go's, and a link that has nothing left to do
// leaves it, so that a chain of any length runs in constant space.
func drive(l link) {
	var stack []link
	through := false
	defer func() {
		if through {
			return
		}
		// A callback panicked. The panic is the loop's business; the Deferreds must stay usable.
		l.abandon()
		for _, s := range stack {
			s.abandon()
		}
	}()
	for {
		next, again := l.run()
		if next != nil {
			if again {
				stack = append(stack, l)
			}
			l = next
			continue
		}
		if len(stack) == 0 {
			through = true
			return
		}
		l = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
	}
}

func (d *Deferred[T]) abandon() { d.running = false }

// fire gives d its outcome.
func (d *Deferred[T]) fire(value T, err error) {
	d.settle(value, err)
	d.kick()
}

// settle notes the outcome of d, or of the Deferred that it waited for.
func (d *Deferred[T]) settle(value T, err error) {
	d.fired = true
	d.waiting = nil
	d.set(value, err)
}

func (d *Deferred[T]) set(value T, err error) {
	if err != nil {
		var zero T
		value = zero
	}
	d.value, d.err, d.open = value, err, err != nil
}

// ready reports whether d's steps may run now.
func (d *Deferred[T]) ready() bool {
	return d.fired && !d.running && d.pauses == 0 && d.waiting == nil
}

// kick runs what can be run.
func (d *Deferred[T]) kick() {
	if !d.ready() {
		return
	}
	if d.next == len(d.steps) {
		d.rest()
		return
	}
	drive(d)
}

func (d *Deferred[T]) add(s step[T]) *Deferred[T] {
	d.steps = append(d.steps, s)
	d.kick()
	return d
}

func (d *Deferred[T]) run() (next link, again bool) {
	d.running = true
	for d.next < len(d.steps) && d.pauses == 0 && d.waiting == nil {
		s := d.steps[d.next]
		d.steps[d.next] = step[T]{}
		d.next++
		if s.special != nil {
			if next = s.special(d); next != nil {
				if d.waiting == nil && d.pauses == 0 && d.next < len(d.steps) {
					return next, true
				}
				break
			}
			continue
		}
		d.apply(s)
	}
	d.running = false
	d.rest()
	return next, false
}

func (d *Deferred[T]) apply(s step[T]) {
	switch {
	case s.both != nil:
		d.set(s.both(d.value, d.err))
	case d.err == nil && s.onValue != nil:
		d.set(s.onValue(d.value))
	case d.err != nil && s.onError != nil:
		d.set(s.onError(d.err))
	}
}

// rest is called when no step can run for now.
func (d *Deferred[T]) rest() {
	if d.next < len(d.steps) || d.waiting != nil {
		return
	}
	d.steps, d.next = d.steps[:0], 0
	if d.open && !d.listed {
		d.list()
	}
}
