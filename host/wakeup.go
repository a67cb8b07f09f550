package host

import (
	"math"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A wakeup is when a guest wants to go on even if nothing happens to it: what poll_oneoff with [abi.WaitDescriptor] asked
// for. There is one for each instance, of which the last word counts, so a guest with thousands of timers of its own
// costs the loop one.
type wakeup struct {
	asked   bool                 // by the call under way; it may be beside the loop, so the rest is done when it is over
	due     int64                // on the monotonic clock; 0: never
	account *conn                // whose event asked for it
	call    protocol.DelayedCall // nil: there is none
	at      int64                // when call comes. It may be early: what is due is mostly put off again and again.
}

// wakeIn notes that the guest waits for events, and for delay to pass; below 0 for events alone.
func (i *instance) wakeIn(delay int64) {
	if i.wakeup == nil {
		i.wakeup = new(wakeup)
	}
	i.wakeup.asked, i.wakeup.due = true, 0
	if now := i.time().monotonic(); delay >= 0 && delay < math.MaxInt64-now {
		i.wakeup.due = now + delay
	}
}

// scheduleWakeup sees that a call comes in time for what the guest has asked for.
func (i *instance) scheduleWakeup() {
	w := i.wakeup
	w.asked, w.account = false, i.account
	if w.due == 0 || i.shard == nil || w.call != nil && w.at <= w.due {
		return
	}
	if w.call != nil {
		_ = w.call.Cancel() // one that waits for the instance stays, and finds nothing to do
	}
	i.callForWakeup()
}

func (i *instance) callForWakeup() {
	w := i.wakeup
	w.at = w.due
	w.call = i.shard.loop.CallLater(time.Duration(max(0, w.due-i.time().monotonic())), func() { i.wakeUp() })
}

// wakeUp delivers the event if it is due.
func (i *instance) wakeUp() (here bool) {
	w := i.wakeup
	switch {
	case i.end != nil || i.gone:
		return true
	case i.running:
		i.postpone(i.wakeUp)
		return true
	case i.shard.fuel.spent:
		i.shard.fuel.delay(func() { i.wakeUp() })
		return true
	}
	w.call = nil
	switch {
	case w.due == 0:
		return true
	case w.due > i.time().monotonic():
		i.callForWakeup()
		return true
	}
	w.due = 0
	i.shard.tally.Timers++
	if c := w.account; c != nil && c.inst == i {
		c.bill.Timers++
		i.account = c
	}
	return i.call(abi.TimerFired, abi.WakeUp, 0, 0)
}

// forgetWakeup is for an instance that ends.
func (i *instance) forgetWakeup() {
	if w := i.wakeup; w != nil && w.call != nil {
		_ = w.call.Cancel() // fails if it is due, and then finds that the instance is gone
	}
}
