package redis

var sortedCommands = []command{
	{"zadd", -4, write | denyOOM, 1, 1, 1, (*client).zadd},
	{"zincrby", 4, write | denyOOM, 1, 1, 1, (*client).zincrBy},
	{"zrem", -3, write, 1, 1, 1, drop[sorted]},
	{"zcard", 2, 0, 1, 1, 1, size[sorted]},
	{"zscore", 3, 0, 1, 1, 1, (*client).zscore},
	{"zmscore", -3, 0, 1, 1, 1, (*client).zmscore},
	{"zrank", 3, 0, 1, 1, 1, (*client).zrank},
	{"zrevrank", 3, 0, 1, 1, 1, (*client).zrank},
	{"zcount", 4, 0, 1, 1, 1, (*client).zcount},
	{"zpopmin", -2, write, 1, 1, 1, (*client).zpop},
	{"zpopmax", -2, write, 1, 1, 1, (*client).zpop},
	{"zrange", -4, 0, 1, 1, 1, (*client).zrange},
	{"zrevrange", -4, 0, 1, 1, 1, (*client).zrange},
	{"zrangebyscore", -4, 0, 1, 1, 1, (*client).zrange},
	{"zrevrangebyscore", -4, 0, 1, 1, 1, (*client).zrange},
	{"zremrangebyscore", 4, write, 1, 1, 1, (*client).zremRange},
	{"zremrangebyrank", 4, write, 1, 1, 1, (*client).zremRange},
}

// sorted is a value: members and their scores.
type sorted struct {
	scores *dict[float64]
	order  *skiplist
}

func (sorted) kind() string { return "zset" }
func (s sorted) len() int   { return s.order.n }

// sorted returns the sorted set of a key, which is made if there is none.
func (c *client) sorted(key []byte) (e *entry, s sorted, ok bool) {
	if e, s, ok = typed[sorted](c, key); ok && e == nil {
		s = sorted{newDict[float64](), newSkiplist()}
		e = c.db.add(key, s)
	}
	return e, s, ok
}

// put gives a member a score.
func (s sorted) put(e *entry, member []byte, score float64) {
	if old := s.scores.at(member); old != nil {
		if *old != score {
			s.order.delete(*old, string(member))
			s.order.insert(score, string(member))
			*old = score
		}
		return
	}
	name := string(member)
	s.scores.set(name, score)
	s.order.insert(score, name)
	e.grow(len(member) + 2*elementCost)
}

// drop removes a member, which must be followed by done, and returns true if it was there.
func (s sorted) drop(e *entry, member []byte) bool {
	score, ok := s.scores.get(member)
	if !ok {
		return false
	}
	s.order.delete(score, string(member))
	s.scores.delete(member)
	e.grow(-len(member) - 2*elementCost)
	return true
}

// score answers with the score of a member.
func (c *client) score(e *entry, s sorted, member []byte) {
	if e != nil {
		if score, ok := s.scores.get(member); ok {
			c.double(score)
			return
		}
	}
	c.null()
}

// ZSCORE key member
func (c *client) zscore(args [][]byte) {
	if e, s, ok := typed[sorted](c, args[1]); ok {
		c.score(e, s, args[2])
	}
}

// ZMSCORE key member [member ...]
func (c *client) zmscore(args [][]byte) {
	e, s, ok := typed[sorted](c, args[1])
	if !ok {
		return
	}
	c.array(len(args) - 2)
	for _, member := range args[2:] {
		c.score(e, s, member)
	}
}

// ZRANK key member, ZREVRANK key member
func (c *client) zrank(args [][]byte) {
	e, s, ok := typed[sorted](c, args[1])
	if !ok {
		return
	}
	if e != nil {
		if score, ok := s.scores.get(args[2]); ok {
			n := s.order.rank(score, string(args[2]))
			if is(args[0], "zrevrank") {
				n = s.len() - 1 - n
			}
			c.integer(int64(n))
			return
		}
	}
	c.null()
}

// ZPOPMIN key [count], ZPOPMAX key [count]
func (c *client) zpop(args [][]byte) {
	count := int64(1)
	if len(args) > 3 {
		c.fail(errSyntax)
		return
	}
	if len(args) == 3 {
		var ok bool
		if count, ok = parseInt(args[2]); !ok || count < 0 {
			c.fail("ERR value is out of range, must be positive")
			return
		}
	}
	e, s, ok := typed[sorted](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.array(0)
		return
	}
	n := int(min(count, int64(s.len())))
	nested := c.resp3 && len(args) == 3
	if nested {
		c.array(n)
	} else {
		c.array(2 * n)
	}
	for range n {
		place := 0
		if is(args[0], "zpopmax") {
			place = s.len() - 1
		}
		popped := s.order.at(place)
		if nested {
			c.array(2)
		}
		c.text(popped.member)
		c.double(popped.score)
		s.drop(e, []byte(popped.member))
	}
	if n > 0 {
		e.done()
	}
}
