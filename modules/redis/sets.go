package redis

var setCommands = []command{
	{"sadd", -3, write | denyOOM, 1, 1, 1, (*client).sadd},
	{"srem", -3, write, 1, 1, 1, drop[set]},
	{"scard", 2, 0, 1, 1, 1, size[set]},
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
