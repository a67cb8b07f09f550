// Package wheel is a coarse clockwork for the many deadlines of many connections: idle, first byte, lifetime. Keeping
// a deadline costs nothing per event, because it is looked at only when it may have come: an entry is put where its
// earliest deadline lies, and its owner says, when the wheel reaches it, what remains.
package wheel

// Slots is how many ticks ahead an entry can be put; one that is due later is visited on the way and put on.
const Slots = 256

// Entry is embedded in what has deadlines.
type Entry struct {
	next, prev *Entry
	Owner      Owner
}

// Owner has deadlines.
type Owner interface {
	// Due is called on the wheel's goroutine when the entry's tick has come. It returns in how many ticks it wants
	// to be called again, or 0 for never. It may remove its own entry, and no other.
	Due(now int64) int64
}

// Wheel calls the entries that are due. It is used by one goroutine.
type Wheel struct {
	now   int64
	slots [Slots]Entry // heads of rings
	count int
}

// New returns a wheel at tick 0.
func New() *Wheel {
	w := &Wheel{}
	for i := range w.slots {
		w.slots[i].next, w.slots[i].prev = &w.slots[i], &w.slots[i]
	}
	return w
}

// Now is the number of ticks so far.
func (w *Wheel) Now() int64 { return w.now }

// Len is the number of entries.
func (w *Wheel) Len() int { return w.count }

// Add puts e where it is called after the given number of ticks, at least one. An entry that is on the wheel is moved.
func (w *Wheel) Add(e *Entry, ticks int64) {
	w.Remove(e)
	ticks = min(max(ticks, 1), Slots-1)
	head := &w.slots[(w.now+ticks)%Slots]
	e.prev, e.next = head.prev, head
	head.prev.next, head.prev = e, e
	w.count++
}

// Waiting reports whether e is on a wheel.
func (e *Entry) Waiting() bool { return e.next != nil }

// Remove takes e off. It does nothing if e is not on the wheel.
func (w *Wheel) Remove(e *Entry) {
	if e.next == nil {
		return
	}
	e.prev.next, e.next.prev = e.next, e.prev
	e.next, e.prev = nil, nil
	w.count--
}

// Advance goes on to the tick now and calls what is due on the way. An empty wheel goes there at once.
func (w *Wheel) Advance(now int64) {
	for w.now < now {
		if w.count == 0 {
			w.now = now
			return
		}
		w.Tick()
	}
}

// Tick goes one tick on and calls what is due.
func (w *Wheel) Tick() {
	w.now++
	head := &w.slots[w.now%Slots]
	for last := head.prev; head.next != head; {
		e := head.next
		w.Remove(e)
		if again := e.Owner.Due(w.now); again > 0 {
			w.Add(e, again)
		}
		if e == last {
			return
		}
	}
}
