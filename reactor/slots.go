package reactor

// A key names what a poller watches: a slot of the loop's table and the slot's generation. Whoever had the slot before
// had another generation, so an event that was under way when a descriptor was closed reaches nobody, whatever number
// the next descriptor is given.
type key struct {
	slot, generation uint32
}

// slots is a loop's table of handlers.
type slots struct {
	table []slot
	free  []uint32
}

type slot struct {
	handler    handler
	generation uint32
}

// take gives h a slot.
func (s *slots) take(h handler) key {
	var i uint32
	if n := len(s.free); n > 0 {
		i = s.free[n-1]
		s.free = s.free[:n-1]
	} else {
		i = uint32(len(s.table))
		s.table = append(s.table, slot{generation: 1})
	}
	s.table[i].handler = h
	return key{i, s.table[i].generation}
}

// release empties the slot. A stale key does nothing.
func (s *slots) release(k key) {
	if s.get(k) != nil {
		s.table[k.slot].handler = nil
		s.table[k.slot].generation++
		s.free = append(s.free, k.slot)
	}
}

// get returns the handler of k, or nil if k is stale.
func (s *slots) get(k key) handler {
	if int(k.slot) < len(s.table) && s.table[k.slot].generation == k.generation {
		return s.table[k.slot].handler
	}
	return nil
}

// replace changes the handler of k.
func (s *slots) replace(k key, h handler) {
	if s.get(k) != nil {
		s.table[k.slot].handler = h
	}
}
