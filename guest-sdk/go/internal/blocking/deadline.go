package blocking

import (
	"sync"
	"time"
)

// begun is a time in the past, to tell without a look at the clock that one before it has passed: net/http sets such a
// deadline with each request.
var begun = time.Now()

// deadline is a time after which calls fail with os.ErrDeadlineExceeded. Its fields are guarded by the lock of its
// owner's condition, which is woken when the time has come.
//
// Only calls that wait need a timer, and most deadlines are replaced before anything waits for them. So the timer is set
// by a call that begins to wait, and one that comes too early is left: it finds when it fires that there is time left.
type deadline struct {
	at      time.Time // zero: none
	waiting int       // how many calls wait
	timer   *time.Timer
	due     time.Time // when the timer fires; zero: it does not run
	changed *sync.Cond
}

// passed reports whether the time has come.
func (d *deadline) passed() bool {
	return !d.at.IsZero() && (d.at.Before(begun) || time.Until(d.at) <= 0)
}

// set replaces the deadline. The caller holds the lock.
func (d *deadline) set(at time.Time) {
	d.at = at
	if d.waiting > 0 {
		d.arm()
	}
}

// wait waits until the condition changes or the time has come. The caller holds the lock.
func (d *deadline) wait() {
	d.waiting++
	d.arm()
	d.changed.Wait()
	d.waiting--
}

// arm sees that those who wait are woken in time.
func (d *deadline) arm() {
	if d.at.IsZero() || !d.due.IsZero() && !d.at.Before(d.due) {
		return
	}
	left := max(0, time.Until(d.at))
	d.due = d.at
	if d.timer == nil {
		d.timer = time.AfterFunc(left, d.fire)
	} else {
		d.timer.Reset(left)
	}
}

func (d *deadline) fire() {
	d.changed.L.Lock()
	defer d.changed.L.Unlock()
	d.due = time.Time{}
	switch {
	case d.waiting == 0:
	case d.passed():
		d.changed.Broadcast()
	default:
		d.arm()
	}
}

// stop is for an owner that is closed. The caller holds the lock.
func (d *deadline) stop() {
	d.at, d.due = time.Time{}, time.Time{}
	if d.timer != nil {
		d.timer.Stop()
	}
}
