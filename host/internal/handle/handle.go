// Package handle keeps what a guest may name by number. A handle holds a slot and the slot's generation, so a number
// that a guest invents, keeps for too long or has from another instance names nothing.
package handle

const (
	slotBits = 20
	slotMask = 1<<slotBits - 1
	genBits  = 31 - slotBits // handles are positive 32-bit integers
	genMask  = 1<<genBits - 1
)

// Max is the largest number of handles in a table.
const Max = slotMask

// Table maps handles to values. The zero Table is empty and ready. It is not safe for use by several goroutines.
type Table[T any] struct {
	slots []slot[T]
	free  int32 // 1 + index of the first free slot, 0: none
	used  int
}

type slot[T any] struct {
	value T
	gen   uint16
	taken bool
	next  int32 // of the free list, as free
}

// Put stores v and returns its handle, which is above zero. ok is false if the table holds [Max] values.
func (t *Table[T]) Put(v T) (h int32, ok bool) {
	var i int32
	if t.free != 0 {
		i = t.free - 1
		t.free = t.slots[i].next
	} else {
		if len(t.slots) == Max {
			return 0, false
		}
		t.slots = append(t.slots, slot[T]{})
		i = int32(len(t.slots) - 1)
	}
	s := &t.slots[i]
	s.value, s.taken, s.next = v, true, 0
	t.used++
	return int32(s.gen)<<slotBits | (i + 1), true
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

// Remove forgets h, so that no later Put returns the same number until the slot has been used 2047 times more.
func (t *Table[T]) Remove(h int32) {
	s := t.slot(h)
	if s == nil {
		return
	}
	var none T
	s.value, s.taken = none, false
	s.gen = (s.gen + 1) & genMask
	s.next = t.free
	t.free = h & slotMask
	t.used--
}

// Len is the number of values.
func (t *Table[T]) Len() int { return t.used }

// All calls f with every handle and value, in the order of slots, until it returns false. f may remove what it is
// given.
func (t *Table[T]) All(f func(h int32, v T) bool) {
	for i := range t.slots {
		if s := &t.slots[i]; s.taken && !f(int32(s.gen)<<slotBits|int32(i+1), s.value) {
			return
		}
	}
}

// Reset empties the table and makes it give the same handles as a new one. It keeps room for a few values.
func (t *Table[T]) Reset() {
	const keep = 16
	if cap(t.slots) > keep {
		t.slots = nil
	}
	clear(t.slots)
	t.slots, t.free, t.used = t.slots[:0], 0, 0
}

func (t *Table[T]) slot(h int32) *slot[T] {
	i := h&slotMask - 1
	if h <= 0 || i < 0 || int(i) >= len(t.slots) {
		return nil
	}
	s := &t.slots[i]
	if !s.taken || int32(s.gen) != h>>slotBits {
		return nil
	}
	return s
}
