package redis

import (
	"bytes"
	"slices"
)

var listCommands = []command{
	{"lpush", -3, write | denyOOM, 1, 1, 1, (*client).push},
	{"rpush", -3, write | denyOOM, 1, 1, 1, (*client).push},
	{"lpushx", -3, write | denyOOM, 1, 1, 1, (*client).push},
	{"rpushx", -3, write | denyOOM, 1, 1, 1, (*client).push},
	{"lpop", -2, write, 1, 1, 1, (*client).pop},
	{"rpop", -2, write, 1, 1, 1, (*client).pop},
	{"llen", 2, 0, 1, 1, 1, size[*list]},
	{"lrange", 4, 0, 1, 1, 1, (*client).lrange},
	{"lindex", 3, 0, 1, 1, 1, (*client).lindex},
	{"lset", 4, write | denyOOM, 1, 1, 1, (*client).lset},
	{"linsert", 5, write | denyOOM, 1, 1, 1, (*client).linsert},
	{"lrem", 4, write, 1, 1, 1, (*client).lrem},
	{"ltrim", 4, write, 1, 1, 1, (*client).ltrim},
	{"rpoplpush", 3, write | denyOOM, 1, 2, 1, (*client).move},
	{"lmove", 5, write | denyOOM, 1, 2, 1, (*client).move},
}

// push adds an element to a list.
func (e *entry) push(l *list, b []byte, left bool) {
	l.push(bytes.Clone(b), left)
	e.grow(len(b) + elementCost)
}

// take takes an element out of a list, which must be followed by done.
func (e *entry) take(l *list, left bool) []byte {
	b := l.pop(left)
	e.grow(-len(b) - elementCost)
	return b
}

// LPUSH key element [element ...], RPUSH, LPUSHX, RPUSHX
func (c *client) push(args [][]byte) {
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		if len(args[0]) == len("lpushx") {
			c.integer(0)
			return
		}
		l = &list{}
		e = c.db.add(args[1], l)
	}
	for _, b := range args[2:] {
		e.push(l, b, args[0][0]|0x20 == 'l')
	}
	e.changed()
	c.integer(int64(l.n))
	c.db.signal(args[1], l)
}

// LPOP key [count], RPOP key [count]
func (c *client) pop(args [][]byte) {
	if len(args) > 3 {
		c.fail("ERR wrong number of arguments for '" + string(lower(nil, args[0])) + "' command")
		return
	}
	count := int64(1)
	if len(args) == 3 {
		var ok bool
		if count, ok = parseInt(args[2]); !ok || count < 0 {
			c.fail("ERR value is out of range, must be positive")
			return
		}
	}
	e, l, ok := typed[*list](c, args[1])
	switch {
	case !ok:
		return
	case e == nil && len(args) == 3:
		c.nullArray()
		return
	case e == nil:
		c.null()
		return
	}
	n := int(min(count, int64(l.n)))
	if len(args) == 3 {
		c.array(n)
	}
	for range n {
		c.bulk(e.take(l, args[0][0]|0x20 == 'l'))
	}
	if n > 0 {
		e.done()
	}
}

// LRANGE key start stop
func (c *client) lrange(args [][]byte) {
	start, stop, ok := c.integers(args[2], args[3])
	if !ok {
		return
	}
	e, l, ok := typed[*list](c, args[1])
	switch {
	case ok && e == nil:
		c.array(0)
	case ok:
		from, to := bounds(start, stop, l.n)
		c.array(to - from)
		for i := from; i < to; i++ {
			c.bulk(l.get(i))
		}
	}
}

// LINDEX key index
func (c *client) lindex(args [][]byte) {
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.null()
		return
	}
	if i, ok := c.place(l, args[2]); ok && i >= 0 {
		c.bulk(l.get(i))
	} else if ok {
		c.null()
	}
}

// place reads an index, which counts from the end if it is below zero. It is -1 if there is no such element, and not ok
// if it is no number, which the client was told then.
func (c *client) place(l *list, arg []byte) (i int, ok bool) {
	n, ok := parseInt(arg)
	if !ok {
		c.fail(errInteger)
		return -1, false
	}
	if n < 0 {
		n += int64(l.n)
	}
	if n < 0 || n >= int64(l.n) {
		return -1, true
	}
	return int(n), true
}

// LSET key index element
func (c *client) lset(args [][]byte) {
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.fail(errNoKey)
		return
	}
	i, ok := c.place(l, args[2])
	switch {
	case !ok:
	case i < 0:
		c.fail("ERR index out of range")
	default:
		e.grow(len(args[3]) - len(l.get(i)))
		l.put(i, bytes.Clone(args[3]))
		e.changed()
		c.ok()
	}
}

// LINSERT key BEFORE | AFTER pivot element
func (c *client) linsert(args [][]byte) {
	after := is(args[2], "after")
	if !after && !is(args[2], "before") {
		c.fail(errSyntax)
		return
	}
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.integer(0)
		return
	}
	for i := range l.n {
		if bytes.Equal(l.get(i), args[3]) {
			if after {
				i++
			}
			l.insert(i, bytes.Clone(args[4]))
			e.grow(len(args[4]) + elementCost)
			e.changed()
			c.integer(int64(l.n))
			return
		}
	}
	c.integer(-1)
}

// LREM key count element
func (c *client) lrem(args [][]byte) {
	count, ok := parseInt(args[2])
	if !ok {
		c.fail(errInteger)
		return
	}
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	removed := int64(0)
	if e != nil {
		limit := max(count, -count)
		l.edit(func(all [][]byte) [][]byte {
			if count < 0 {
				slices.Reverse(all)
			}
			left := slices.DeleteFunc(all, func(b []byte) bool {
				if !bytes.Equal(b, args[3]) || (limit > 0 && removed == limit) {
					return false
				}
				removed++
				return true
			})
			if count < 0 {
				slices.Reverse(left)
			}
			return left
		})
		e.grow(-int(removed) * (len(args[3]) + elementCost))
		if removed > 0 {
			e.done()
		}
	}
	c.integer(removed)
}

// LTRIM key start stop
func (c *client) ltrim(args [][]byte) {
	start, stop, ok := c.integers(args[2], args[3])
	if !ok {
		return
	}
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e != nil {
		from, to := bounds(start, stop, l.n)
		for i := l.n; i > to; i-- {
			e.take(l, false)
		}
		for range from {
			e.take(l, true)
		}
		e.done()
	}
	c.ok()
}

// RPOPLPUSH source destination, LMOVE source destination LEFT | RIGHT LEFT | RIGHT
func (c *client) move(args [][]byte) {
	from, to := false, true // left
	if len(args) == 5 {
		from, to = is(args[3], "left"), is(args[4], "left")
		if (!from && !is(args[3], "right")) || (!to && !is(args[4], "right")) {
			c.fail(errSyntax)
			return
		}
	}
	e, l, ok := typed[*list](c, args[1])
	if !ok {
		return
	}
	if e == nil {
		c.null()
		return
	}
	target, other, ok := typed[*list](c, args[2])
	if !ok {
		return
	}
	b := e.take(l, from)
	if target == nil {
		other = &list{}
		target = c.db.add(args[2], other)
	}
	target.push(other, b, to)
	target.changed()
	e.done()
	c.bulk(b)
	c.db.signal(args[2], other)
}
