package blocking

import (
	"sync"
	"time"
)

// deadline is a time after which calls fail with os.ErrDeadlineExceeded. Its fields are guarded by the lock of its
// owner's condition, which is woken when the time has come.
type deadline struct {
	at      time.Time // zero: none
	passed  bool
	timer   *time.Timer
	changed *sync.Cond
}

// set replaces the deadline. The caller holds the lock.
func (d *deadline) set(at time.Time) {
	if at.IsZero() && d.at.IsZero() {
		return
	}
	d.at, d.passed = at, false
	if d.timer != nil {
		d.timer.Stop() // one that fires all the same sees that it is not time yet
	}
	if at.IsZero() {
		return
	}
	left := time.Until(at)
	switch {
	case left <= 0:
		d.passed = true
		d.changed.Broadcast()
	case d.timer == nil:
		d.timer = time.AfterFunc(left, d.fire)
	default:
		d.timer.Reset(left)
	}
}

func (d *deadline) fire() {
	d.changed.L.Lock()
	defer d.changed.L.Unlock()
	if d.at.IsZero() || d.passed {
		return
	}
	if left := time.Until(d.at); left > 0 {
		d.timer.Reset(left)
		return
	}
	d.passed = true
	d.changed.Broadcast()
}

// stop is for an owner that is closed. The caller holds the lock.
func (d *deadline) stop() {
	d.at = time.Time{}
	if d.timer != nil {
		d.timer.Stop()
	}
}
