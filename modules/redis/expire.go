package redis

import (
	"math"
	"strings"
)

var expiryCommands = []command{
	{"expire", -3, write, 1, 1, 1, (*client).expire},
	{"pexpire", -3, write, 1, 1, 1, (*client).expire},
	{"expireat", -3, write, 1, 1, 1, (*client).expire},
	{"pexpireat", -3, write, 1, 1, 1, (*client).expire},
	{"persist", 2, write, 1, 1, 1, (*client).persist},
	{"ttl", 2, 0, 1, 1, 1, (*client).ttl},
	{"pttl", 2, 0, 1, 1, 1, (*client).ttl},
	{"expiretime", 2, 0, 1, 1, 1, (*client).ttl},
	{"pexpiretime", 2, 0, 1, 1, 1, (*client).ttl},
}

// deadline makes a time in ms since 1970 of a number as EX, PX, EXAT and PXAT have it. It is not ok beyond what can be
// told.
func (c *client) deadline(n int64, seconds, absolute bool) (ms int64, ok bool) {
	if seconds {
		if n > math.MaxInt64/1000 || n < math.MinInt64/1000 {
			return 0, false
		}
		n *= 1000
	}
	if !absolute {
		if n > math.MaxInt64-c.server.time() {
			return 0, false
		}
		n += c.server.time()
	}
	return n, true
}

// EXPIRE key seconds [NX | XX | GT | LT], PEXPIRE, EXPIREAT, PEXPIREAT
func (c *client) expire(args [][]byte) {
	name := string(lower(nil, args[0]))
	n, ok := parseInt(args[2])
	if !ok {
		c.fail(errInteger)
		return
	}
	var nx, xx, gt, lt bool
	for _, option := range args[3:] {
		switch {
		case is(option, "nx"):
			nx = true
		case is(option, "xx"):
			xx = true
		case is(option, "gt"):
			gt = true
		case is(option, "lt"):
			lt = true
		default:
			c.fail("ERR Unsupported option " + string(option))
			return
		}
	}
	switch {
	case nx && (xx || gt || lt):
		c.fail("ERR NX and XX, GT or LT options at the same time are not compatible")
		return
	case gt && lt:
		c.fail("ERR GT and LT options at the same time are not compatible")
		return
	}
	ms, ok := c.deadline(n, !strings.HasPrefix(name, "p"), strings.HasSuffix(name, "at"))
	if !ok {
		c.fail("ERR invalid expire time in '" + name + "' command")
		return
	}
	e := c.db.find(args[1])
	if e == nil || (nx && e.expires != 0) || (xx && e.expires == 0) ||
		(gt && (e.expires == 0 || ms <= e.expires)) || (lt && e.expires != 0 && ms >= e.expires) {
		c.integer(0)
		return
	}
	if ms <= c.server.time() {
		c.db.remove(e)
	} else {
		e.expireAt(ms)
		e.changed()
	}
	c.integer(1)
}

// PERSIST key
func (c *client) persist(args [][]byte) {
	e := c.db.find(args[1])
	if e == nil || !e.persist() {
		c.integer(0)
		return
	}
	e.changed()
	c.integer(1)
}

// TTL key, PTTL, EXPIRETIME, PEXPIRETIME
func (c *client) ttl(args [][]byte) {
	e := c.db.find(args[1])
	switch {
	case e == nil:
		c.integer(-2)
	case e.expires == 0:
		c.integer(-1)
	case is(args[0], "ttl"):
		c.integer((e.expires - c.server.time() + 500) / 1000)
	case is(args[0], "pttl"):
		c.integer(e.expires - c.server.time())
	case is(args[0], "expiretime"):
		c.integer((e.expires + 500) / 1000)
	default:
		c.integer(e.expires)
	}
}
