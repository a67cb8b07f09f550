package deferred

import "github.com/wasmnet/wasmnet/reactor/protocol"

// Unlimited is a limit of a [Queue] that is none.
const Unlimited = -1

// Queue hands values from those that put them to those that get them, in order; whoever comes first waits for the other.
type Queue[T any] struct {
	clock   protocol.Clock
	size    int
	backlog int
	values  []T
	waiting waiters[T]
}

// NewQueue returns a Queue that holds up to size values that nobody has got yet, and up to backlog getters that wait.
// Either may be [Unlimited], or 0.
func NewQueue[T any](clock protocol.Clock, size, backlog int) *Queue[T] {
	return &Queue[T]{clock: clock, size: size, backlog: backlog}
}

// Put gives value to the getter that has waited longest, or keeps it. It fails with [ErrQueueOverflow] if the queue is
// full.
func (q *Queue[T]) Put(value T) error {
	if d := q.waiting.take(); d != nil {
		return d.Callback(value)
	}
	if q.size != Unlimited && len(q.values) >= q.size {
		return ErrQueueOverflow
	}
	q.values = append(q.values, value)
	return nil
}

// Get returns a Deferred of the oldest value, or of the next one that is put. It fails with [ErrQueueUnderflow] if too
// many wait already. Cancelling it while it waits gives up the place.
func (q *Queue[T]) Get() *Deferred[T] {
	d := create(q.clock, q.waiting.remove, 1)
	switch {
	case len(q.values) > 0:
		value := q.values[0]
		var zero T
		q.values[0] = zero
		q.values = q.values[1:]
		d.Callback(value)
	case q.backlog != Unlimited && q.waiting.len() >= q.backlog:
		d.Errback(ErrQueueUnderflow)
	default:
		q.waiting.add(d)
	}
	return d
}

// Len is how many values nobody has got yet.
func (q *Queue[T]) Len() int { return len(q.values) }

// Waiting is how many getters wait.
func (q *Queue[T]) Waiting() int { return q.waiting.len() }
