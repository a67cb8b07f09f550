// Package handle keeps what a guest may name by number. Numbers are small, so that a guest may keep them in an array, and
// a number that a guest invents or has from another instance names nothing of that instance.
package handle

const (
	// Max is the largest number of handles in a table, and the largest handle.
	Max = 1<<20 - 1

	// rest is how many numbers must be free before one of them is given again, the one that was freed first. A guest
	// that uses a handle just after its end is told so, and does not meet a newcomer.
	rest = 16
)

// Table maps handles to values. The zero Table is empty and ready. It is not safe for use by several goroutines, and must
// not be copied.
type Table[T any] struct {
	slots  []slot[T]
	inline [1]slot[T] // the first slots, as most tables have one value
	// Free slots are a queue, linked by handle; 0 is its end.
	first, last int32
	free        int
}

type slot[T any] struct {
	value T
	taken bool
	next  int32 // of the queue of free slots
}

// Put stores v and returns its handle, which is above zero. ok is false if the table holds [Max] values.
func (t *Table[T]) Put(v T) (h int32, ok bool) {
	if t.free > rest || len(t.slots) == Max && t.free > 0 {
		h = t.first
		t.first = t.slots[h-1].next
		t.free--
	} else {
		if len(t.slots) == Max {
			return 0, false
		}
		if t.slots == nil {
			t.slots = t.inline[:0]
		}
		t.slots = append(t.slots, slot[T]{})
		h = int32(len(t.slots))
	}
	t.slots[h-1] = slot[T]{value: v, taken: true}
	return h, true
}

// Get returns the value that h names.
func (t *Table[T]) Get(h int32) (v T, ok bool) {
	if s := t.slot(h); s != nil {
		return s.value, true
	}
	return v, false
}

// Replace makes h, which is in the table, name v.
func (t *Table[T]) Replace(h int32, v T) {
	if s := t.slot(h); s != nil {
		s.value = v
	}
}

// Remove forgets h. Its number is not given again before sixteen others have been removed.
func (t *Table[T]) Remove(h int32) {
	s := t.slot(h)
	if s == nil {
		return
	}
	*s = slot[T]{}
	if t.free == 0 {
		t.first = h
	} else {
		t.slots[t.last-1].next = h
	}
	t.last = h
	t.free++
}

// Len is the number of values.
func (t *Table[T]) Len() int { return len(t.slots) - t.free }

// All calls f with every handle and value, in the order of handles, until it returns false. f may remove what it is
// given.
func (t *Table[T]) All(f func(h int32, v T) bool) {
	for i := range t.slots {
		if s := &t.slots[i]; s.taken && !f(int32(i+1), s.value) {
			return
		}
	}
}

func (t *Table[T]) slot(h int32) *slot[T] {
	if h <= 0 || int(h) > len(t.slots) || !t.slots[h-1].taken {
		return nil
	}
	return &t.slots[h-1]
}
