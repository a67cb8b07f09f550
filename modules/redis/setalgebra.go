package redis

import "slices"

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
