package redis

import "bytes"

// bound is one end of a range of scores, or of members.
type bound struct {
	score    float64
	member   string
	infinite int  // below or above every member: -1, 1
	lexical  bool // of members
	open     bool // what is at the bound does not belong to the range
}

// before reports whether a node lies in front of a range that begins here.
func (b *bound) before(n *node) bool {
	switch {
	case b.infinite != 0:
		return b.infinite > 0
	case b.lexical:
		return n.member < b.member || (b.open && n.member == b.member)
	}
	return n.score < b.score || (b.open && n.score == b.score)
}

// behind reports whether a node lies behind a range that ends here.
func (b *bound) behind(n *node) bool {
	switch {
	case b.infinite != 0:
		return b.infinite < 0
	case b.lexical:
		return n.member > b.member || (b.open && n.member == b.member)
	}
	return n.score > b.score || (b.open && n.score == b.score)
}

// parseScore reads a bound like 1.5, (1.5 or +inf.
func parseScore(arg []byte) (b bound, ok bool) {
	arg, b.open = bytes.CutPrefix(arg, []byte("("))
	b.score, ok = parseFloat(arg)
	return b, ok
}

// parseMember reads a bound like [a, (a, - or +.
func parseMember(arg []byte) (b bound, ok bool) {
	b.lexical = true
	switch {
	case string(arg) == "-":
		b.infinite = -1
	case string(arg) == "+":
		b.infinite = 1
	case len(arg) > 0 && (arg[0] == '[' || arg[0] == '('):
		b.open, b.member = arg[0] == '(', string(arg[1:])
	default:
		return b, false
	}
	return b, true
}

// slice is the places of a range's members: from up to, not including, to.
func (s sorted) slice(low, high bound) (from, to int) {
	from = s.order.count(func(n *node) bool { return !low.before(n) })
	to = s.order.count(func(n *node) bool { return high.behind(n) })
	return from, max(from, to)
}

// selection is a range of a sorted set, as ZRANGE is given it.
type selection struct {
	byScore, byLex, reverse, scores, limited bool
	offset, count                            int64
	start, stop                              int64 // places
	low, high                                bound
}

// places is the range's members in a set, in order.
func (r *selection) places(s sorted) (from, to int) {
	switch {
	case r.byScore || r.byLex:
		return s.slice(r.low, r.high)
	case r.reverse:
		from, to = bounds(r.start, r.stop, s.len())
		return s.len() - to, s.len() - from
	}
	return bounds(r.start, r.stop, s.len())
}

// selection reads the arguments of ZRANGE and its older forms. It is not ok if they are wrong, which the client was told
// then.
func (c *client) selection(args [][]byte) (r selection, ok bool) {
	name := string(lower(nil, args[0]))
	r.byScore = name == "zrangebyscore" || name == "zrevrangebyscore"
	r.reverse = name == "zrevrange" || name == "zrevrangebyscore"
	r.count = -1
	general := name == "zrange"
	for i := 4; i < len(args); i++ {
		switch a := args[i]; {
		case is(a, "withscores"):
			r.scores = true
		case is(a, "limit") && i+2 < len(args):
			if r.offset, r.count, ok = c.integers(args[i+1], args[i+2]); !ok {
				return r, false
			}
			r.limited = true
			i += 2
		case general && is(a, "rev"):
			r.reverse = true
		case general && is(a, "byscore"):
			r.byScore = true
		case general && is(a, "bylex"):
			r.byLex = true
		default:
			c.fail(errSyntax)
			return r, false
		}
	}
	switch {
	case r.byScore && r.byLex:
		c.fail(errSyntax)
		return r, false
	case r.limited && r.count != -1 && !r.byScore && !r.byLex:
		c.fail("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
		return r, false
	case r.byLex && r.scores:
		c.fail("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
		return r, false
	}
	return r, c.ends(&r, args[2], args[3])
}

// ends reads the two ends of a range.
func (c *client) ends(r *selection, a, b []byte) (ok bool) {
	if !r.byScore && !r.byLex {
		r.start, r.stop, ok = c.integers(a, b)
		return ok
	}
	if r.reverse {
		a, b = b, a
	}
	parse, problem := parseScore, "ERR min or max is not a float"
	if r.byLex {
		parse, problem = parseMember, "ERR min or max not valid string range item"
	}
	var okLow, okHigh bool
	r.low, okLow = parse(a)
	r.high, okHigh = parse(b)
	if !okLow || !okHigh {
		c.fail(problem)
	}
	return okLow && okHigh
}

// ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES], ZREVRANGE, ZRANGEBYSCORE,
// ZREVRANGEBYSCORE
func (c *client) zrange(args [][]byte) {
	r, ok := c.selection(args)
	if !ok {
		return
	}
	e, s, ok := typed[sorted](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.array(0)
		return
	}
	from, to := r.places(s)
	n := to - from
	first, step := from, 1
	if r.reverse {
		first, step = to-1, -1
	}
	if r.offset != 0 {
		if r.offset < 0 || r.offset > int64(n) {
			r.offset = int64(n)
		}
		first += step * int(r.offset)
		n -= int(r.offset)
	}
	if r.count >= 0 {
		n = int(min(int64(n), r.count))
	}
	nested := c.resp3 && r.scores
	if r.scores && !nested {
		c.array(2 * n)
	} else {
		c.array(n)
	}
	for range n {
		at := s.order.at(first)
		first += step
		if nested {
			c.array(2)
		}
		if c.text(at.member); r.scores {
			c.double(at.score)
		}
	}
}

// ZCOUNT key min max
func (c *client) zcount(args [][]byte) {
	r := selection{byScore: true}
	if !c.ends(&r, args[2], args[3]) {
		return
	}
	e, s, ok := typed[sorted](c, args[1])
	switch {
	case ok && e == nil:
		c.integer(0)
	case ok:
		from, to := s.slice(r.low, r.high)
		c.integer(int64(to - from))
	}
}

// ZREMRANGEBYSCORE key min max, ZREMRANGEBYRANK key start stop
func (c *client) zremRange(args [][]byte) {
	r := selection{byScore: is(args[0], "zremrangebyscore")}
	if !c.ends(&r, args[2], args[3]) {
		return
	}
	e, s, ok := typed[sorted](c, args[1])
	if !ok {
		return
	}
	n := 0
	if e != nil {
		from, to := r.places(s)
		for n = to - from; to > from; to-- {
			s.drop(e, []byte(s.order.at(from).member))
		}
		if n > 0 {
			e.done()
		}
	}
	c.integer(int64(n))
}
