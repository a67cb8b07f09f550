package redis

import "slices"

var setCommands = []command{
	{"sadd", -3, write | denyOOM, 1, 1, 1, (*client).sadd},
	{"srem", -3, write, 1, 1, 1, (*client).srem},
	{"scard", 2, 0, 1, 1, 1, (*client).scard},
	{"sismember", 3, 0, 1, 1, 1, (*client).sismember},
	{"smismember", -3, 0, 1, 1, 1, (*client).smismember},
	{"smembers", 2, 0, 1, 1, 1, (*client).sinter},
	{"spop", -2, write, 1, 1, 1, (*client).spop},
	{"srandmember", -2, 0, 1, 1, 1, (*client).srandMember},
	{"smove", 4, write, 1, 2, 1, (*client).smove},
	{"sinter", -2, 0, 1, -1, 1, (*client).sinter},
	{"sunion", -2, 0, 1, -1, 1, (*client).sunion},
	{"sdiff", -2, 0, 1, -1, 1, (*client).sdiff},
	{"sinterstore", -3, write | denyOOM, 1, -1, 1, (*client).sinter},
	{"sunionstore", -3, write | denyOOM, 1, -1, 1, (*client).sunion},
	{"sdiffstore", -3, write | denyOOM, 1, -1, 1, (*client).sdiff},
	{"sscan", -3, 0, 1, 1, 1, (*client).sscan},
}

// set is a value: members.
type set struct{ *dict[struct{}] }

func (set) kind() string { return "set" }

func newSet() set { return set{newDict[struct{}]()} }

func (s set) has(member []byte) bool { return s.at(member) != nil }

// put adds a member, and returns true if it is new.
func (s set) put(e *entry, member []byte) bool {
	if s.has(member) {
		return false
	}
	e.grow(len(member) + elementCost)
	return s.set(string(member), struct{}{})
}

// drop removes a member, which must be followed by done, and returns true if it was there.
func (s set) drop(e *entry, member []byte) bool {
	if !s.delete(member) {
		return false
	}
	e.grow(-len(member) - elementCost)
	return true
}

// SADD key member [member ...]
func (c *client) sadd(args [][]byte) {
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		s = newSet()
		e = c.db.add(args[1], s)
	}
	n := int64(0)
	for _, member := range args[2:] {
		if s.put(e, member) {
			n++
		}
	}
	if n > 0 {
		e.changed()
	}
	c.integer(n)
}

// SREM key member [member ...]
func (c *client) srem(args [][]byte) {
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	n := int64(0)
	for _, member := range args[2:] {
		if e != nil && s.drop(e, member) {
			n++
		}
	}
	if n > 0 {
		e.done()
	}
	c.integer(n)
}

// SCARD key
func (c *client) scard(args [][]byte) {
	if e, s, ok := typed[set](c, args[1]); ok && e != nil {
		c.integer(int64(s.len()))
	} else if ok {
		c.integer(0)
	}
}

// SISMEMBER key member
func (c *client) sismember(args [][]byte) {
	if e, s, ok := typed[set](c, args[1]); ok {
		c.truth(e != nil && s.has(args[2]))
	}
}

// SMISMEMBER key member [member ...]
func (c *client) smismember(args [][]byte) {
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	c.array(len(args) - 2)
	for _, member := range args[2:] {
		c.truth(e != nil && s.has(member))
	}
}

// SPOP key [count]
func (c *client) spop(args [][]byte) {
	count, ok := int64(1), true
	switch {
	case len(args) > 3:
		c.fail(errSyntax)
		return
	case len(args) == 3:
		if count, ok = parseInt(args[2]); !ok || count < 0 {
			c.fail("ERR value is out of range, must be positive")
			return
		}
	}
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		if len(args) == 3 {
			c.collection(0)
		} else {
			c.null()
		}
		return
	}
	n := int(min(count, int64(s.len())))
	if len(args) == 3 {
		c.collection(n)
	}
	for range n {
		member, _ := s.random()
		c.text(member)
		s.drop(e, []byte(member))
	}
	if n > 0 {
		e.done()
	}
}

// SRANDMEMBER key [count]
func (c *client) srandMember(args [][]byte) {
	if len(args) > 3 {
		c.fail(errSyntax)
		return
	}
	count := int64(1)
	if len(args) == 3 {
		var ok bool
		if count, ok = parseInt(args[2]); !ok {
			c.fail(errInteger)
			return
		}
		if count < -int64(c.server.config.MaxArgs) {
			c.fail("ERR value is out of range")
			return
		}
	}
	e, s, ok := typed[set](c, args[1])
	switch {
	case !ok:
	case e == nil && len(args) == 2:
		c.null()
	case e == nil:
		c.array(0)
	case len(args) == 2:
		member, _ := s.random()
		c.text(member)
	case count < 0: // members may come again
		c.array(int(-count))
		for range -count {
			member, _ := s.random()
			c.text(member)
		}
	default:
		c.sample(s, int(min(count, int64(s.len()))))
	}
}

// sample answers with n members, no two of which are the same.
func (c *client) sample(s set, n int) {
	c.array(n)
	if n > s.len()/2 {
		for member := range s.all() {
			if n--; n < 0 {
				return
			}
			c.text(member)
		}
		return
	}
	chosen := make(map[string]bool, n)
	for len(chosen) < n {
		if member, _ := s.random(); !chosen[member] {
			chosen[member] = true
			c.text(member)
		}
	}
}

// SMOVE source destination member
func (c *client) smove(args [][]byte) {
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	target, other, ok := typed[set](c, args[2])
	if !ok {
		return
	}
	if e == nil || !s.has(args[3]) {
		c.integer(0)
		return
	}
	if target != e {
		s.drop(e, args[3])
		e.done()
		if target == nil {
			other = newSet()
			target = c.db.add(args[2], other)
		}
		other.put(target, args[3])
		target.changed()
	}
	c.integer(1)
}

// sets finds the sets of keys; those that are not there are empty. It is not ok if a key has another value, which the
// client was told then.
func (c *client) sets(keys [][]byte) (all []set, ok bool) {
	for _, key := range keys {
		e, s, ok := typed[set](c, key)
		if !ok {
			return nil, false
		}
		if e == nil {
			s = newSet()
		}
		all = append(all, s)
	}
	return all, true
}

// combine answers with the members that f appends, or stores them under the first key of a command like SINTERSTORE.
func (c *client) combine(args [][]byte, f func(all []set) []string) {
	name := lower(nil, args[0])
	store := len(name) > 5 && string(name[len(name)-5:]) == "store"
	keys := args[1:]
	if store {
		keys = args[2:]
	}
	all, ok := c.sets(keys)
	if !ok {
		return
	}
	members := f(all)
	if !store {
		c.collection(len(members))
		for _, member := range members {
			c.text(member)
		}
		return
	}
	if e := c.db.find(args[1]); e != nil {
		c.db.remove(e)
	}
	if len(members) > 0 {
		s := newSet()
		e := c.db.add(args[1], s)
		for _, member := range members {
			s.put(e, []byte(member))
		}
		e.changed()
	}
	c.integer(int64(len(members)))
}

// SINTER key [key ...], SINTERSTORE destination key [key ...], SMEMBERS key
func (c *client) sinter(args [][]byte) {
	c.combine(args, func(all []set) (members []string) {
		slices.SortStableFunc(all, func(a, b set) int { return a.len() - b.len() })
		for member := range all[0].all() {
			if !slices.ContainsFunc(all[1:], func(s set) bool { return !s.has([]byte(member)) }) {
				members = append(members, member)
			}
		}
		return members
	})
}

// SUNION key [key ...], SUNIONSTORE destination key [key ...]
func (c *client) sunion(args [][]byte) {
	c.combine(args, func(all []set) (members []string) {
		seen := map[string]bool{}
		for _, s := range all {
			for member := range s.all() {
				if !seen[member] {
					seen[member] = true
					members = append(members, member)
				}
			}
		}
		return members
	})
}

// SDIFF key [key ...], SDIFFSTORE destination key [key ...]
func (c *client) sdiff(args [][]byte) {
	c.combine(args, func(all []set) (members []string) {
		for member := range all[0].all() {
			if !slices.ContainsFunc(all[1:], func(s set) bool { return s.has([]byte(member)) }) {
				members = append(members, member)
			}
		}
		return members
	})
}

// SSCAN key cursor [MATCH pattern] [COUNT count]
func (c *client) sscan(args [][]byte) {
	o, ok := c.scanOptions(args[2:], false)
	if !ok {
		return
	}
	e, s, ok := typed[set](c, args[1])
	if !ok {
		return
	}
	var found []string
	next := uint64(0)
	if e != nil {
		next = s.scan(o.cursor, o.count, func(member string, _ struct{}) {
			if o.fits([]byte(member)) {
				found = append(found, member)
			}
		})
	}
	c.scanned(next, len(found))
	for _, member := range found {
		c.text(member)
	}
}
