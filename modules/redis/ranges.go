package redis

import "math"

var rangeCommands = []command{
	{"strlen", 2, 0, 1, 1, 1, (*client).strlen},
	{"append", 3, write | denyOOM, 1, 1, 1, (*client).appendTo},
	{"getrange", 4, 0, 1, 1, 1, (*client).getRange},
	{"substr", 4, 0, 1, 1, 1, (*client).getRange},
	{"setrange", 4, write | denyOOM, 1, 1, 1, (*client).setRange},
}

var numberCommands = []command{
	{"incr", 2, write | denyOOM, 1, 1, 1, func(c *client, a [][]byte) { c.add(a[1], 1) }},
	{"decr", 2, write | denyOOM, 1, 1, 1, func(c *client, a [][]byte) { c.add(a[1], -1) }},
	{"incrby", 3, write | denyOOM, 1, 1, 1, (*client).incrBy},
	{"decrby", 3, write | denyOOM, 1, 1, 1, (*client).incrBy},
	{"incrbyfloat", 3, write | denyOOM, 1, 1, 1, (*client).incrByFloat},
}

// STRLEN key
func (c *client) strlen(args [][]byte) {
	if e, ok := c.str(args[1]); ok && e != nil {
		c.integer(int64(len(e.str)))
	} else if ok {
		c.integer(0)
	}
}

// resize makes an entry's string n bytes long, with zeros at its end if it grows.
func (e *entry) resize(n int) {
	e.grow(n - len(e.str))
	if n <= len(e.str) {
		e.str = e.str[:n]
		return
	}
	e.str = append(e.str, make([]byte, n-len(e.str))...)
}

// fits reports whether a string may have n bytes, and tells the client if it may not.
func (c *client) fits(n int64) bool {
	if n > int64(c.server.config.MaxBulk) {
		c.fail(errTooLong)
		return false
	}
	return true
}

// APPEND key value
func (c *client) appendTo(args [][]byte) {
	e, ok := c.str(args[1])
	if !ok {
		return
	}
	old := 0
	if e != nil {
		old = len(e.str)
	}
	if !c.fits(int64(old) + int64(len(args[2]))) {
		return
	}
	if e == nil {
		e = c.db.add(args[1], nil)
	}
	e.resize(old + len(args[2]))
	copy(e.str[old:], args[2])
	e.changed()
	c.integer(int64(len(e.str)))
}

// bounds makes a range of n elements of two indexes, which count from the end if they are below zero. to is behind the
// last.
func bounds(start, stop int64, n int) (from, to int) {
	length := int64(n)
	if start < 0 {
		start = max(0, start+length)
	}
	if stop < 0 {
		stop += length
	}
	stop = min(stop, length-1)
	if start > stop || start >= length {
		return 0, 0
	}
	return int(start), int(stop) + 1
}

// integers reads two numbers, and tells the client if they are none.
func (c *client) integers(a, b []byte) (x, y int64, ok bool) {
	x, okX := parseInt(a)
	y, okY := parseInt(b)
	if !okX || !okY {
		c.fail(errInteger)
		return 0, 0, false
	}
	return x, y, true
}

// GETRANGE key start end
func (c *client) getRange(args [][]byte) {
	start, stop, ok := c.integers(args[2], args[3])
	if !ok {
		return
	}
	e, ok := c.str(args[1])
	if !ok {
		return
	}
	if e == nil || (start < 0 && stop < 0 && start > stop) {
		c.text("")
		return
	}
	if stop < 0 {
		stop = max(0, stop+int64(len(e.str))) // as Redis has it, unlike for lists
	}
	from, to := bounds(start, stop, len(e.str))
	c.bulk(e.str[from:to])
}

// SETRANGE key offset value
func (c *client) setRange(args [][]byte) {
	offset, ok := parseInt(args[2])
	if !ok {
		c.fail(errInteger)
		return
	}
	if offset < 0 {
		c.fail("ERR offset is out of range")
		return
	}
	e, ok := c.str(args[1])
	if !ok {
		return
	}
	if len(args[3]) == 0 {
		if e == nil {
			c.integer(0)
		} else {
			c.integer(int64(len(e.str)))
		}
		return
	}
	if offset > math.MaxInt32 || !c.fits(offset+int64(len(args[3]))) {
		if offset > math.MaxInt32 {
			c.fail(errTooLong)
		}
		return
	}
	if e == nil {
		e = c.db.add(args[1], nil)
	}
	if end := int(offset) + len(args[3]); end > len(e.str) {
		e.resize(end)
	}
	copy(e.str[offset:], args[3])
	e.changed()
	c.integer(int64(len(e.str)))
}

// INCRBY key increment, DECRBY key decrement
func (c *client) incrBy(args [][]byte) {
	n, ok := parseInt(args[2])
	if !ok {
		c.fail(errInteger)
		return
	}
	if is(args[0], "decrby") {
		if n == math.MinInt64 {
			c.fail("ERR decrement would overflow")
			return
		}
		n = -n
	}
	c.add(args[1], n)
}

// add adds n to the number that is the value of a key.
func (c *client) add(key []byte, n int64) {
	e, ok := c.str(key)
	if !ok {
		return
	}
	old := int64(0)
	if e != nil {
		if old, ok = parseInt(e.str); !ok {
			c.fail(errInteger)
			return
		}
	}
	if overflows(old, n) {
		c.fail(errOverflow)
		return
	}
	if e == nil {
		e = c.db.add(key, nil)
	}
	e.set(appendInt(old + n))
	c.integer(old + n)
}

// INCRBYFLOAT key increment
func (c *client) incrByFloat(args [][]byte) {
	e, ok := c.str(args[1])
	if !ok {
		return
	}
	old := []byte("0")
	if e != nil {
		old = e.str
	}
	sum, valid, finite := addFloat(old, args[2])
	switch {
	case !valid:
		c.fail(errFloat)
	case !finite:
		c.fail(errNaN)
	default:
		if e == nil {
			e = c.db.add(args[1], nil)
		}
		e.set([]byte(sum))
		c.text(sum)
	}
}
