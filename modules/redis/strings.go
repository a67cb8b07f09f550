package redis

var stringCommands = []command{
	{"get", 2, 0, 1, 1, 1, (*client).get},
	{"set", -3, write | denyOOM, 1, 1, 1, (*client).set},
	{"setnx", 3, write | denyOOM, 1, 1, 1, (*client).setNX},
	{"setex", 4, write | denyOOM, 1, 1, 1, (*client).setEX},
	{"psetex", 4, write | denyOOM, 1, 1, 1, (*client).setEX},
	{"getset", 3, write | denyOOM, 1, 1, 1, (*client).getSet},
	{"getdel", 2, write, 1, 1, 1, (*client).getDel},
	{"getex", -2, write, 1, 1, 1, (*client).getEX},
	{"mget", -2, 0, 1, -1, 1, (*client).mget},
	{"mset", -3, write | denyOOM, 1, -1, 2, (*client).mset},
	{"msetnx", -3, write | denyOOM, 1, -1, 2, (*client).mset},
}

// value answers with a string, or with nothing if e is nil.
func (c *client) value(e *entry) {
	if e == nil {
		c.null()
	} else {
		c.bulk(e.str)
	}
}

// put gives a key a string, whatever it was before, and no time to live.
func (c *client) put(key, value []byte) *entry {
	e := c.db.find(key)
	if e == nil {
		e = c.db.add(key, nil)
	} else {
		e.persist()
	}
	e.set(value)
	return e
}

// GET key
func (c *client) get(args [][]byte) {
	if e, ok := c.str(args[1]); ok {
		c.value(e)
	}
}

// expiryOption reads EX, PX, EXAT or PXAT and its number. It is not ok if the number is wrong, which the client was told
// then.
func (c *client) expiryOption(option, number []byte, command string) (ms int64, ok bool) {
	n, ok := parseInt(number)
	if !ok {
		c.fail(errInteger)
		return 0, false
	}
	ms, ok = c.deadline(n, is(option, "ex") || is(option, "exat"), len(option) == 4)
	if !ok || n <= 0 {
		c.fail("ERR invalid expire time in '" + command + "' command")
		return 0, false
	}
	return ms, true
}

func isExpiryOption(option []byte) bool {
	return is(option, "ex") || is(option, "px") || is(option, "exat") || is(option, "pxat")
}

// SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]
func (c *client) set(args [][]byte) {
	if len(args) == 3 {
		c.put(args[1], args[2])
		c.ok()
		return
	}
	var nx, xx, get, keep bool
	var option, number []byte
	for i := 3; i < len(args); i++ {
		a := args[i]
		switch {
		case is(a, "nx") && !xx:
			nx = true
		case is(a, "xx") && !nx:
			xx = true
		case is(a, "get"):
			get = true
		case is(a, "keepttl") && option == nil:
			keep = true
		case isExpiryOption(a) && option == nil && !keep && i+1 < len(args):
			option, number = a, args[i+1]
			i++
		default:
			c.fail(errSyntax)
			return
		}
	}
	expires := int64(0)
	if option != nil {
		var ok bool
		if expires, ok = c.expiryOption(option, number, "set"); !ok {
			return
		}
	}
	e := c.db.find(args[1])
	if get {
		if e != nil && e.value != nil {
			c.fail(errWrongType)
			return
		}
		c.value(e)
	}
	if (nx && e != nil) || (xx && e == nil) {
		if !get {
			c.null()
		}
		return
	}
	if e == nil {
		e = c.db.add(args[1], nil)
	} else if !keep {
		e.persist()
	}
	e.set(args[2])
	if option != nil {
		if expires <= c.server.time() {
			c.db.remove(e)
		} else {
			e.expireAt(expires)
		}
	}
	if !get {
		c.ok()
	}
}

// SETNX key value
func (c *client) setNX(args [][]byte) {
	if c.db.find(args[1]) != nil {
		c.integer(0)
		return
	}
	c.put(args[1], args[2])
	c.integer(1)
}

// SETEX key seconds value, PSETEX key milliseconds value
func (c *client) setEX(args [][]byte) {
	option, name := []byte("ex"), "setex"
	if is(args[0], "psetex") {
		option, name = []byte("px"), "psetex"
	}
	if expires, ok := c.expiryOption(option, args[2], name); ok {
		c.put(args[1], args[3]).expireAt(expires)
		c.ok()
	}
}

// GETSET key value
func (c *client) getSet(args [][]byte) {
	if e, ok := c.str(args[1]); ok {
		c.value(e)
		c.put(args[1], args[2])
	}
}

// GETDEL key
func (c *client) getDel(args [][]byte) {
	if e, ok := c.str(args[1]); ok {
		if c.value(e); e != nil {
			c.db.remove(e)
		}
	}
}

// GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]
func (c *client) getEX(args [][]byte) {
	persist := len(args) == 3 && is(args[2], "persist")
	if len(args) > 2 && !persist && (len(args) != 4 || !isExpiryOption(args[2])) {
		c.fail(errSyntax)
		return
	}
	e, ok := c.str(args[1])
	if !ok {
		return
	}
	if e == nil {
		c.null()
		return
	}
	expires := int64(0)
	if len(args) == 4 {
		if expires, ok = c.expiryOption(args[2], args[3], "getex"); !ok {
			return
		}
	}
	c.value(e)
	switch {
	case persist && e.persist():
		e.changed()
	case len(args) == 4 && expires <= c.server.time():
		c.db.remove(e)
	case len(args) == 4:
		e.expireAt(expires)
		e.changed()
	}
}

// MGET key [key ...]
func (c *client) mget(args [][]byte) {
	c.array(len(args) - 1)
	for _, key := range args[1:] {
		if e := c.db.find(key); e != nil && e.value == nil {
			c.bulk(e.str)
		} else {
			c.null()
		}
	}
}

// MSET key value [key value ...], MSETNX
func (c *client) mset(args [][]byte) {
	unless := is(args[0], "msetnx")
	if len(args)%2 == 0 {
		c.fail("ERR wrong number of arguments for '" + string(lower(nil, args[0])) + "' command")
		return
	}
	if unless {
		for i := 1; i < len(args); i += 2 {
			if c.db.find(args[i]) != nil {
				c.integer(0)
				return
			}
		}
	}
	for i := 1; i < len(args); i += 2 {
		c.put(args[i], args[i+1])
	}
	if unless {
		c.integer(1)
	} else {
		c.ok()
	}
}
