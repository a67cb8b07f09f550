// Package timers is the queue of a guest's timers. The guest keeps all of them here and asks the host for one timer
// only, due when the first of them is; that gives Twisted's order exactly and costs no import for a timer that is
// cancelled or put off before it fires, as an idle timer is with every byte received.
//
// Times are durations since a start that the caller chooses.
package timers

import (
	"container/heap"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Queue holds timers in the order in which they are to fire: by due time, and by age where due times are equal.
type Queue struct {
	order ordered
	made  uint64 // timers made or put off so far
}

// Timer is a function to be called. Its methods have the errors of [protocol.DelayedCall].
type Timer struct {
	queue *Queue
	due   time.Duration
	turn  uint64 // place among those due at the same time
	index int    // in the heap; -1: outside
	f     func()
	err   error // why it is not active
}

// Add has f called at due.
func (q *Queue) Add(due time.Duration, f func()) *Timer {
	t := &Timer{queue: q, f: f}
	q.put(t, due)
	return t
}

func (q *Queue) put(t *Timer, due time.Duration) {
	t.due, t.turn = due, q.made
	q.made++
	heap.Push(&q.order, t)
}

// Next is the due time of the first timer; ok is false if there is none.
func (q *Queue) Next() (due time.Duration, ok bool) {
	if len(q.order) == 0 {
		return 0, false
	}
	return q.order[0].due, true
}

// Mark stands for this moment: see [Queue.Fire].
func (q *Queue) Mark() (mark uint64) { return q.made }

// Fire calls the function of the first timer that is due at now and was made before mark. It reports whether there was
// one. Timers made while others fire are thereby left for the next turn.
func (q *Queue) Fire(now time.Duration, mark uint64) bool {
	if len(q.order) == 0 {
		return false
	}
	t := q.order[0]
	// Timers made during this turn are due after those that were due when it began: the first one ends it.
	if t.due > now || t.turn >= mark {
		return false
	}
	f := t.leave(protocol.ErrAlreadyCalled)
	f()
	return true
}

// leave takes t out of the queue for good, for the reason err, and returns its function.
func (t *Timer) leave(err error) func() {
	heap.Remove(&t.queue.order, t.index)
	f := t.f
	t.f, t.err = nil, err
	return f
}

// Due is when t is due, or was.
func (t *Timer) Due() time.Duration { return t.due }

// Active reports whether t is still to fire.
func (t *Timer) Active() bool { return t.err == nil }

// Cancel keeps t from firing.
func (t *Timer) Cancel() error {
	if t.err != nil {
		return t.err
	}
	t.leave(protocol.ErrAlreadyCancelled)
	return nil
}

// Set makes t due at another time, as if it had been made now.
func (t *Timer) Set(due time.Duration) error {
	if t.err != nil {
		return t.err
	}
	t.due, t.turn = due, t.queue.made
	t.queue.made++
	heap.Fix(&t.queue.order, t.index)
	return nil
}

// ordered implements heap.Interface.
type ordered []*Timer

func (o ordered) Len() int { return len(o) }

func (o ordered) Less(i, j int) bool {
	if o[i].due != o[j].due {
		return o[i].due < o[j].due
	}
	return o[i].turn < o[j].turn
}

func (o ordered) Swap(i, j int) {
	o[i], o[j] = o[j], o[i]
	o[i].index, o[j].index = i, j
}

// Push implements heap.Interface.
func (o *ordered) Push(x any) {
	t := x.(*Timer)
	t.index = len(*o)
	*o = append(*o, t)
}

// Pop implements heap.Interface.
func (o *ordered) Pop() any {
	last := len(*o) - 1
	t := (*o)[last]
	(*o)[last] = nil
	*o = (*o)[:last]
	t.index = -1
	return t
}
