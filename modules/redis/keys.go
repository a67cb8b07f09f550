package redis

import "strconv"

var keyCommands = []command{
	{"del", -2, write, 1, -1, 1, (*client).del},
	{"unlink", -2, write, 1, -1, 1, (*client).del},
	{"exists", -2, 0, 1, -1, 1, (*client).exists},
	{"touch", -2, 0, 1, -1, 1, (*client).exists},
	{"type", 2, 0, 1, 1, 1, (*client).typeOf},
	{"keys", 2, 0, 0, 0, 0, (*client).keys},
	{"scan", -2, 0, 0, 0, 0, (*client).scan},
	{"randomkey", 1, 0, 0, 0, 0, (*client).randomKey},
	{"rename", 3, write, 1, 2, 1, (*client).rename},
	{"renamenx", 3, write, 1, 2, 1, (*client).rename},
}

// DEL key [key ...]
func (c *client) del(args [][]byte) {
	n := int64(0)
	for _, key := range args[1:] {
		if e := c.db.find(key); e != nil {
			c.db.remove(e)
			n++
		}
	}
	c.integer(n)
}

// EXISTS key [key ...]
func (c *client) exists(args [][]byte) {
	n := int64(0)
	for _, key := range args[1:] {
		if c.db.find(key) != nil {
			n++
		}
	}
	c.integer(n)
}

// TYPE key
func (c *client) typeOf(args [][]byte) {
	if e := c.db.find(args[1]); e != nil {
		c.simple(e.kind())
	} else {
		c.simple("none")
	}
}

// live reports whether an entry has not expired.
func (e *entry) live() bool { return e.expires == 0 || e.expires > e.db.server.time() }

// KEYS pattern
func (c *client) keys(args [][]byte) {
	var found []string
	for key, e := range c.db.keys.all() {
		if e.live() && match(args[1], []byte(key)) {
			found = append(found, key)
		}
	}
	c.array(len(found))
	for _, key := range found {
		c.text(key)
	}
}

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
func (c *client) scan(args [][]byte) {
	o, ok := c.scanOptions(args[1:], true)
	if !ok {
		return
	}
	var found []string
	next := c.db.keys.scan(o.cursor, o.count, func(key string, e *entry) {
		if e.live() && o.fits([]byte(key)) && (o.kind == nil || is(o.kind, e.kind())) {
			found = append(found, key)
		}
	})
	c.scanned(next, len(found))
	for _, key := range found {
		c.text(key)
	}
}

// scanned begins the reply to a SCAN of n elements.
func (c *client) scanned(next uint64, n int) {
	c.array(2)
	c.text(strconv.FormatUint(next, 10))
	c.array(n)
}

// scanOptions are what SCAN and its like are given.
type scanOptions struct {
	cursor  uint64
	count   int
	pattern []byte
	kind    []byte
}

func (o *scanOptions) fits(key []byte) bool { return o.pattern == nil || match(o.pattern, key) }

// scanOptions reads a cursor and options. It is not ok if they are wrong, which the client was told then.
func (c *client) scanOptions(args [][]byte, kinds bool) (o scanOptions, ok bool) {
	var err error
	if o.cursor, err = strconv.ParseUint(string(args[0]), 10, 64); err != nil {
		c.fail("ERR invalid cursor")
		return o, false
	}
	o.count = 10
	for i := 1; i < len(args); i += 2 {
		switch {
		case i+1 == len(args):
			c.fail(errSyntax)
			return o, false
		case is(args[i], "match"):
			o.pattern = args[i+1]
		case is(args[i], "count"):
			n, ok := parseInt(args[i+1])
			if !ok {
				c.fail(errInteger)
				return o, false
			}
			if n < 1 {
				c.fail(errSyntax)
				return o, false
			}
			o.count = int(min(n, 1<<20))
		case kinds && is(args[i], "type"):
			o.kind = args[i+1]
		default:
			c.fail(errSyntax)
			return o, false
		}
	}
	return o, true
}

// RANDOMKEY
func (c *client) randomKey([][]byte) {
	for c.db.keys.len() > 0 {
		key, e := c.db.keys.random()
		if e.live() {
			c.text(key)
			return
		}
		c.db.remove(e)
	}
	c.null()
}

// RENAME key newkey, RENAMENX key newkey
func (c *client) rename(args [][]byte) {
	unless := is(args[0], "renamenx")
	e := c.db.find(args[1])
	if e == nil {
		c.fail(errNoKey)
		return
	}
	old := c.db.find(args[2])
	if unless && old != nil {
		c.integer(0)
		return
	}
	if old != e {
		if old != nil {
			c.db.remove(old)
		}
		expires, payload := e.expires, e.size-len(e.key)-keyCost
		c.db.remove(e)
		renamed := c.db.add(args[2], e.value)
		renamed.str = e.str
		renamed.grow(payload)
		if expires != 0 {
			renamed.expireAt(expires)
		}
		renamed.changed()
		if l, ok := e.value.(*list); ok {
			c.db.signal(args[2], l)
		}
	}
	if unless {
		c.integer(1)
	} else {
		c.ok()
	}
}
