package redis

import (
	"math"
	"slices"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var blockingCommands = []command{
	{"blpop", -3, write, 1, -2, 1, (*client).blockingPop},
	{"brpop", -3, write, 1, -2, 1, (*client).blockingPop},
}

// wait is a client that waits for an element of a list.
type wait struct {
	db    *database
	keys  []string
	left  bool
	timer protocol.DelayedCall // nil: for ever
}

// ready is a list that somebody waits for.
type ready struct {
	db  *database
	key string
}

// BLPOP key [key ...] timeout, BRPOP
func (c *client) blockingPop(args [][]byte) {
	last := len(args) - 1
	timeout, ok := parseFloat(args[last])
	switch {
	case !ok || timeout*1000 > math.MaxInt64/2:
		c.fail("ERR timeout is not a float or out of range")
		return
	case timeout < 0:
		c.fail("ERR timeout is negative")
		return
	}
	left := is(args[0], "blpop")
	for _, key := range args[1:last] {
		e, l, ok := typed[*list](c, key)
		if !ok {
			return
		}
		if e != nil {
			c.popped(e, l, left)
			return
		}
	}
	if c.executing {
		c.nullArray() // nothing can come before the transaction is over
		return
	}
	c.wait = &wait{db: c.db, left: left}
	for _, key := range args[1:last] {
		if k := string(key); !slices.Contains(c.wait.keys, k) {
			c.wait.keys = append(c.wait.keys, k)
			c.db.waiting[k] = append(c.db.waiting[k], c)
		}
	}
	if timeout > 0 {
		delay := time.Duration(min(timeout*float64(time.Second), math.MaxInt64/2))
		c.wait.timer = c.server.clock.CallLater(delay, func() {
			c.server.begin()
			defer c.server.end()
			c.wait.timer = nil
			c.nullArray()
			c.unblock()
			c.queue()
		})
	}
}

// popped answers with a key and an element of its list.
func (c *client) popped(e *entry, l *list, left bool) {
	c.array(2)
	c.text(e.key)
	c.bulk(e.take(l, left))
	e.done()
}

// unblock ends the waiting: the client can go on.
func (c *client) unblock() {
	w := c.wait
	if w == nil {
		return
	}
	c.wait = nil
	if w.timer != nil {
		_ = w.timer.Cancel() // it is active: it takes itself away
	}
	for _, key := range w.keys {
		others := slices.DeleteFunc(w.db.waiting[key], func(other *client) bool { return other == c })
		if len(others) == 0 {
			delete(w.db.waiting, key)
		} else {
			w.db.waiting[key] = others
		}
	}
	c.server.woken = append(c.server.woken, c)
}

// signal says that a list has got elements.
func (d *database) signal(key []byte, l *list) {
	if len(d.waiting) > 0 && l.n > 0 && len(d.waiting[string(key)]) > 0 {
		d.server.ready = append(d.server.ready, ready{d, string(key)})
	}
}

// serveReady gives elements to those who wait for them, in the order in which they came.
func (s *server) serveReady() {
	for len(s.ready) > 0 {
		r := s.ready[0]
		s.ready = slices.Delete(s.ready, 0, 1)
		for len(r.db.waiting[r.key]) > 0 {
			e := r.db.find([]byte(r.key))
			if e == nil {
				break
			}
			l, ok := e.value.(*list)
			if !ok {
				break
			}
			c := r.db.waiting[r.key][0]
			left := c.wait.left
			c.unblock()
			c.popped(e, l, left)
			c.queue()
		}
	}
}
