package redis

import "math"

var sortedCommands = []command{
	{"zadd", -4, write | denyOOM, 1, 1, 1, (*client).zadd},
	{"zincrby", 4, write | denyOOM, 1, 1, 1, (*client).zincrBy},
	{"zrem", -3, write, 1, 1, 1, (*client).zrem},
	{"zcard", 2, 0, 1, 1, 1, (*client).zcard},
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

// addition is the options of ZADD.
type addition struct{ nx, xx, gt, lt, ch, incr bool }

// option takes one; it is not ok if it is none.
func (o *addition) option(arg []byte) bool {
	for _, known := range []struct {
		word string
		set  *bool
	}{{"nx", &o.nx}, {"xx", &o.xx}, {"gt", &o.gt}, {"lt", &o.lt}, {"ch", &o.ch}, {"incr", &o.incr}} {
		if is(arg, known.word) {
			*known.set = true
			return true
		}
	}
	return false
}

// ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]
func (c *client) zadd(args [][]byte) {
	var o addition
	i := 2
	for i < len(args) && o.option(args[i]) {
		i++
	}
	pairs := args[i:]
	switch {
	case len(pairs) == 0 || len(pairs)%2 == 1:
		c.fail(errSyntax)
		return
	case o.nx && o.xx:
		c.fail("ERR XX and NX options at the same time are not compatible")
		return
	case (o.gt && o.lt) || (o.nx && (o.gt || o.lt)):
		c.fail("ERR GT, LT, and/or NX options at the same time are not compatible")
		return
	case o.incr && len(pairs) > 2:
		c.fail("ERR INCR option supports a single increment-element pair")
		return
	}
	scores := make([]float64, len(pairs)/2)
	for i := range scores {
		var ok bool
		if scores[i], ok = parseFloat(pairs[2*i]); !ok {
			c.fail(errFloat)
			return
		}
	}
	if o.xx {
		if e, _, ok := typed[sorted](c, args[1]); !ok || e == nil {
			if ok && o.incr {
				c.null()
			} else if ok {
				c.integer(0)
			}
			return
		}
	}
	e, s, ok := c.sorted(args[1])
	if !ok {
		return
	}
	c.addScores(e, s, o, scores, pairs)
}

// addScores is ZADD once everything has been read.
func (c *client) addScores(e *entry, s sorted, o addition, scores []float64, pairs [][]byte) {
	added, changed, done := int64(0), int64(0), false
	var last float64
	for i, score := range scores {
		member := pairs[2*i+1]
		old, there := s.scores.get(member)
		if (there && o.nx) || (!there && o.xx) {
			continue
		}
		if o.incr && there {
			if score += old; math.IsNaN(score) {
				c.fail("ERR resulting score is not a number (NaN)")
				return
			}
		}
		if there && ((o.gt && score <= old) || (o.lt && score >= old)) {
			continue
		}
		if !there {
			added++
		} else if score != old {
			changed++
		}
		s.put(e, member, score)
		last, done = score, true
	}
	if added+changed > 0 {
		e.changed()
	}
	switch {
	case o.incr && done:
		c.double(last)
	case o.incr:
		c.null()
	case o.ch:
		c.integer(added + changed)
	default:
		c.integer(added)
	}
}

// ZINCRBY key increment member
func (c *client) zincrBy(args [][]byte) {
	n, ok := parseFloat(args[2])
	if !ok {
		c.fail(errFloat)
		return
	}
	if e, s, ok := c.sorted(args[1]); ok {
		c.addScores(e, s, addition{incr: true}, []float64{n}, args[2:])
	}
}

// ZREM key member [member ...]
func (c *client) zrem(args [][]byte) {
	e, s, ok := typed[sorted](c, args[1])
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

// ZCARD key
func (c *client) zcard(args [][]byte) {
	if e, s, ok := typed[sorted](c, args[1]); ok && e != nil {
		c.integer(int64(s.len()))
	} else if ok {
		c.integer(0)
	}
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
