package reactor

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// timers is a heap ordered by due time, and among equal times by the order of making.
//
// A timer that is put off keeps its place until it comes to the top and is only then moved, so that an idle timeout
// that every message puts off costs nothing. A timer that is cancelled leaves at once: what is cancelled never
// gathers.
type timers struct {
	heap []timerEntry
	made uint64 // how many were made or rescheduled
}

// timerEntry is a timer and the time that its place in the heap is for, which is never after it is due.
type timerEntry struct {
	due   int64
	order uint64
	timer *timer
}

func (a timerEntry) before(b timerEntry) bool {
	return a.due < b.due || a.due == b.due && a.order < b.order
}

// timer implements [protocol.DelayedCall].
type timer struct {
	loop  *Loop
	f     func()
	due   int64 // nanoseconds of the loop's clock
	order uint64
	place int // in the heap; calledTimer or cancelledTimer outside
}

const (
	calledTimer    = -1
	cancelledTimer = -2
)

var _ protocol.DelayedCall = (*timer)(nil)

// CallLater implements [protocol.Clock].
func (l *Loop) CallLater(d time.Duration, f func()) protocol.DelayedCall {
	if d < 0 {
		panic(fmt.Sprintf("reactor: CallLater with a negative delay: %v", d))
	}
	t := &timer{loop: l, f: f, due: l.after(d)}
	l.timers.add(t)
	return t
}

// Now implements [protocol.Clock].
func (l *Loop) Now() time.Time { return time.Now() }

// nanotime is the loop's clock: nanoseconds since the reactor was made, and never 0.
func (l *Loop) nanotime() int64 { return int64(time.Since(l.reactor.epoch)) + 1 }

// after is the time d from now; one beyond the clock's range is its end.
func (l *Loop) after(d time.Duration) int64 {
	now := l.nanotime()
	if due := now + int64(d); due >= now || d < 0 {
		return due
	}
	return 1<<63 - 1
}

func (t *timer) Active() bool { return t.place >= 0 }

func (t *timer) Time() time.Time { return t.loop.reactor.epoch.Add(time.Duration(t.due - 1)) }

func (t *timer) Cancel() error {
	if err := t.over(); err != nil {
		return err
	}
	t.loop.timers.remove(t.place)
	t.place = cancelledTimer
	t.f = nil
	return nil
}

func (t *timer) Reset(d time.Duration) error {
	if d < 0 {
		panic(fmt.Sprintf("reactor: Reset with a negative delay: %v", d))
	}
	return t.reschedule(t.loop.after(d))
}

func (t *timer) Delay(d time.Duration) error {
	due := t.due + int64(d)
	if d > 0 && due < t.due {
		due = 1<<63 - 1
	}
	return t.reschedule(due)
}

func (t *timer) reschedule(due int64) error {
	if err := t.over(); err != nil {
		return err
	}
	t.loop.timers.move(t, due)
	return nil
}

// over is the error of an operation on a timer that is not active.
func (t *timer) over() error {
	switch {
	case t.place == calledTimer:
		return protocol.ErrAlreadyCalled
	case t.place == cancelledTimer:
		return protocol.ErrAlreadyCancelled
	}
	return nil
}

func (ts *timers) add(t *timer) {
	ts.made++
	t.order = ts.made
	t.place = len(ts.heap)
	ts.heap = append(ts.heap, timerEntry{t.due, t.order, t})
	ts.up(t.place)
}

// move changes when t is due. Among equal times it counts as made now.
func (ts *timers) move(t *timer, due int64) {
	ts.made++
	t.order = ts.made
	t.due = due
	if e := &ts.heap[t.place]; due < e.due {
		*e = timerEntry{due, t.order, t}
		ts.up(t.place)
	}
}

// next is when the first timer is due; ok is false if there is none.
func (ts *timers) next() (due int64, ok bool) {
	for len(ts.heap) > 0 {
		e := &ts.heap[0]
		if e.order == e.timer.order {
			return e.due, true
		}
		*e = timerEntry{e.timer.due, e.timer.order, e.timer}
		ts.down(0)
	}
	return 0, false
}

// pop removes the first timer if it is due at now and was made no later than made, and returns its function.
func (ts *timers) pop(now int64, made uint64) func() {
	if due, ok := ts.next(); !ok || due > now || ts.heap[0].order > made {
		return nil
	}
	t := ts.heap[0].timer
	ts.remove(0)
	t.place = calledTimer
	f := t.f
	t.f = nil
	return f
}

func (ts *timers) remove(i int) {
	last := len(ts.heap) - 1
	ts.put(i, ts.heap[last])
	ts.heap[last] = timerEntry{}
	ts.heap = ts.heap[:last]
	if i < last {
		ts.down(i)
		ts.up(i)
	}
}

func (ts *timers) put(i int, e timerEntry) {
	ts.heap[i] = e
	e.timer.place = i
}

// fanout is the number of children of a node: four are on one or two cache lines, and halve the depth.
const fanout = 4

func (ts *timers) up(i int) {
	e := ts.heap[i]
	for i > 0 {
		parent := (i - 1) / fanout
		if !e.before(ts.heap[parent]) {
			break
		}
		ts.put(i, ts.heap[parent])
		i = parent
	}
	ts.put(i, e)
}

func (ts *timers) down(i int) {
	e := ts.heap[i]
	for {
		first := i*fanout + 1
		if first >= len(ts.heap) {
			break
		}
		least := first
		for j := first + 1; j < min(first+fanout, len(ts.heap)); j++ {
			if ts.heap[j].before(ts.heap[least]) {
				least = j
			}
		}
		if !ts.heap[least].before(e) {
			break
		}
		ts.put(i, ts.heap[least])
		i = least
	}
	ts.put(i, e)
}
