package reactortest

import (
	"container/heap"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Epoch is when every [Clock] begins.
var Epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Clock is a protocol.Clock whose time stands still until it is advanced. It is used on one goroutine.
type Clock struct {
	now    time.Time
	timers timerHeap
	made   uint64
}

var _ protocol.Clock = (*Clock)(nil)

// NewClock returns a clock that shows [Epoch].
func NewClock() *Clock { return &Clock{now: Epoch} }

// Now implements protocol.Clock.
func (c *Clock) Now() time.Time { return c.now }

// CallLater implements protocol.Clock.
func (c *Clock) CallLater(d time.Duration, f func()) protocol.DelayedCall {
	if d < 0 {
		panic("reactortest: CallLater with a negative delay")
	}
	c.made++
	t := &timer{clock: c, at: c.now.Add(d), order: c.made, f: f}
	heap.Push(&c.timers, t)
	return t
}

// Advance moves the time on by d, at once, and then calls what is due: one iteration of a loop that was busy that long.
// What these calls ask to be called without delay is due in the next iteration: Advance(0) is one.
func (c *Clock) Advance(d time.Duration) {
	if d < 0 {
		panic("reactortest: time does not go backwards")
	}
	c.now = c.now.Add(d)
	last := c.made
	for len(c.timers) > 0 {
		t := c.timers[0]
		if t.at.After(c.now) || t.order > last {
			return
		}
		heap.Pop(&c.timers)
		t.called = true
		t.f()
	}
}

// Pump advances the clock by each of the steps.
func (c *Clock) Pump(steps ...time.Duration) {
	for _, d := range steps {
		c.Advance(d)
	}
}

// Pending is the number of calls that are still to be made.
func (c *Clock) Pending() int { return len(c.timers) }

// Next is how long it takes until the next call is due; ok is false when there is none.
func (c *Clock) Next() (d time.Duration, ok bool) {
	if len(c.timers) == 0 {
		return 0, false
	}
	return max(0, c.timers[0].at.Sub(c.now)), true
}

// timer is a DelayedCall.
type timer struct {
	clock     *Clock
	at        time.Time
	order     uint64 // of making: breaks ties, and tells what an iteration made itself
	f         func()
	index     int // in the heap, -1 outside
	called    bool
	cancelled bool
}

func (t *timer) state() error {
	switch {
	case t.called:
		return protocol.ErrAlreadyCalled
	case t.cancelled:
		return protocol.ErrAlreadyCancelled
	}
	return nil
}

func (t *timer) Cancel() error {
	if err := t.state(); err != nil {
		return err
	}
	t.cancelled = true
	if t.index >= 0 {
		heap.Remove(&t.clock.timers, t.index)
	}
	return nil
}

func (t *timer) Reset(d time.Duration) error {
	if d < 0 {
		panic("reactortest: Reset with a negative delay")
	}
	return t.move(t.clock.now.Add(d))
}

func (t *timer) Delay(d time.Duration) error { return t.move(t.at.Add(d)) }

func (t *timer) move(at time.Time) error {
	if err := t.state(); err != nil {
		return err
	}
	t.at = at
	if t.index >= 0 {
		heap.Fix(&t.clock.timers, t.index)
	}
	return nil
}

func (t *timer) Time() time.Time { return t.at }
func (t *timer) Active() bool    { return !t.called && !t.cancelled }

// timerHeap orders timers by time, those of equal times by the order of their making.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
