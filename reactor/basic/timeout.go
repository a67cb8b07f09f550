package basic

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Timeout calls a function when nothing has happened for a while (Twisted's TimeoutMixin). The zero value is off. Reset
// only notes the time, so it can be called for every message: the one timer behind it is set again when it runs out.
type Timeout struct {
	clock   protocol.Clock
	period  time.Duration
	expired func()
	last    time.Time // when something happened
	timer   protocol.DelayedCall
}

// Set starts the watch anew: expired is called once, when Reset has not been called for period. A period of 0 ends the
// watch. It returns the period before.
func (t *Timeout) Set(clock protocol.Clock, period time.Duration, expired func()) time.Duration {
	before := t.period
	t.Stop()
	if period > 0 {
		t.clock, t.period, t.expired, t.last = clock, period, expired, clock.Now()
		t.timer = clock.CallLater(period, t.check)
	}
	return before
}

// Reset says that something has happened.
func (t *Timeout) Reset() {
	if t.timer != nil {
		t.last = t.clock.Now()
	}
}

// Stop ends the watch. A protocol calls it in ConnectionLost.
func (t *Timeout) Stop() {
	if t.timer != nil && t.timer.Active() {
		t.timer.Cancel()
	}
	t.timer, t.period, t.expired = nil, 0, nil
}

// Period is the time that was set, 0 when the watch is off or has run out.
func (t *Timeout) Period() time.Duration { return t.period }

func (t *Timeout) check() {
	if left := t.period - t.clock.Now().Sub(t.last); left > 0 {
		t.timer = t.clock.CallLater(left, t.check)
		return
	}
	expired := t.expired
	t.Stop()
	expired()
}
