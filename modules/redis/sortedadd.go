package redis

import "math"

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
