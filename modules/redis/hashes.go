package redis

import "bytes"

var hashCommands = []command{
	{"hset", -4, write | denyOOM, 1, 1, 1, (*client).hset},
	{"hmset", -4, write | denyOOM, 1, 1, 1, (*client).hset},
	{"hsetnx", 4, write | denyOOM, 1, 1, 1, (*client).hsetNX},
	{"hget", 3, 0, 1, 1, 1, (*client).hget},
	{"hmget", -3, 0, 1, 1, 1, (*client).hmget},
	{"hdel", -3, write, 1, 1, 1, drop[hash]},
	{"hlen", 2, 0, 1, 1, 1, size[hash]},
	{"hstrlen", 3, 0, 1, 1, 1, (*client).hstrlen},
	{"hexists", 3, 0, 1, 1, 1, (*client).hexists},
	{"hgetall", 2, 0, 1, 1, 1, (*client).hgetAll},
	{"hkeys", 2, 0, 1, 1, 1, (*client).hlist},
	{"hvals", 2, 0, 1, 1, 1, (*client).hlist},
	{"hincrby", 4, write | denyOOM, 1, 1, 1, (*client).hincrBy},
	{"hincrbyfloat", 4, write | denyOOM, 1, 1, 1, (*client).hincrByFloat},
	{"hscan", -3, 0, 1, 1, 1, (*client).hscan},
}

// hash is a value: fields and their values.
type hash struct{ *dict[[]byte] }

func (hash) kind() string { return "hash" }

// hash returns the hash of a key, which is made if there is none.
func (c *client) hash(key []byte) (e *entry, h hash, ok bool) {
	if e, h, ok = typed[hash](c, key); ok && e == nil {
		h = hash{newDict[[]byte]()}
		e = c.db.add(key, h)
	}
	return e, h, ok
}

// put sets a field, and returns true if it is new.
func (h hash) put(e *entry, field, value []byte) bool {
	if old := h.at(field); old != nil {
		e.grow(len(value) - len(*old))
		*old = bytes.Clone(value)
		return false
	}
	e.grow(len(field) + len(value) + elementCost)
	return h.set(string(field), bytes.Clone(value))
}

// drop removes a field, which must be followed by done, and returns true if it was there.
func (h hash) drop(e *entry, field []byte) bool {
	value, ok := h.get(field)
	if !ok {
		return false
	}
	e.grow(-len(field) - len(value) - elementCost)
	return h.delete(field)
}

// HSET key field value [field value ...], HMSET
func (c *client) hset(args [][]byte) {
	if len(args)%2 == 1 {
		c.fail("ERR wrong number of arguments for '" + string(lower(nil, args[0])) + "' command")
		return
	}
	e, h, ok := c.hash(args[1])
	if !ok {
		return
	}
	n := int64(0)
	for i := 2; i < len(args); i += 2 {
		if h.put(e, args[i], args[i+1]) {
			n++
		}
	}
	e.changed()
	if is(args[0], "hmset") {
		c.ok()
	} else {
		c.integer(n)
	}
}

// HSETNX key field value
func (c *client) hsetNX(args [][]byte) {
	e, h, ok := c.hash(args[1])
	if !ok {
		return
	}
	if h.at(args[2]) != nil {
		c.integer(0)
		return
	}
	h.put(e, args[2], args[3])
	e.changed()
	c.integer(1)
}

// field answers with the value of a field.
func (c *client) field(e *entry, h hash, field []byte) {
	if e != nil {
		if value := h.at(field); value != nil {
			c.bulk(*value)
			return
		}
	}
	c.null()
}

// HGET key field
func (c *client) hget(args [][]byte) {
	if e, h, ok := typed[hash](c, args[1]); ok {
		c.field(e, h, args[2])
	}
}

// HMGET key field [field ...]
func (c *client) hmget(args [][]byte) {
	e, h, ok := typed[hash](c, args[1])
	if !ok {
		return
	}
	c.array(len(args) - 2)
	for _, field := range args[2:] {
		c.field(e, h, field)
	}
}

// HSTRLEN key field
func (c *client) hstrlen(args [][]byte) {
	e, h, ok := typed[hash](c, args[1])
	if !ok {
		return
	}
	n := 0
	if e != nil {
		value, _ := h.get(args[2])
		n = len(value)
	}
	c.integer(int64(n))
}

// HEXISTS key field
func (c *client) hexists(args [][]byte) {
	if e, h, ok := typed[hash](c, args[1]); ok {
		c.truth(e != nil && h.at(args[2]) != nil)
	}
}

// HGETALL key
func (c *client) hgetAll(args [][]byte) {
	e, h, ok := typed[hash](c, args[1])
	switch {
	case ok && e == nil:
		c.dictionary(0)
	case ok:
		c.dictionary(h.len())
		for field, value := range h.all() {
			c.text(field)
			c.bulk(value)
		}
	}
}

// HKEYS key, HVALS key
func (c *client) hlist(args [][]byte) {
	e, h, ok := typed[hash](c, args[1])
	switch {
	case ok && e == nil:
		c.array(0)
	case ok:
		c.array(h.len())
		keys := is(args[0], "hkeys")
		for field, value := range h.all() {
			if keys {
				c.text(field)
			} else {
				c.bulk(value)
			}
		}
	}
}

// HINCRBY key field increment
func (c *client) hincrBy(args [][]byte) {
	n, ok := parseInt(args[3])
	if !ok {
		c.fail(errInteger)
		return
	}
	e, h, ok := typed[hash](c, args[1])
	if !ok {
		return
	}
	old := int64(0)
	if e != nil {
		if value := h.at(args[2]); value != nil {
			if old, ok = parseInt(*value); !ok {
				c.fail("ERR hash value is not an integer")
				return
			}
		}
	}
	if overflows(old, n) {
		c.fail(errOverflow)
		return
	}
	e, h, _ = c.hash(args[1])
	h.put(e, args[2], appendInt(old+n))
	e.changed()
	c.integer(old + n)
}

// HINCRBYFLOAT key field increment
func (c *client) hincrByFloat(args [][]byte) {
	if _, ok := bigFloat(args[3]); !ok {
		c.fail(errFloat)
		return
	}
	e, h, ok := typed[hash](c, args[1])
	if !ok {
		return
	}
	old := []byte("0")
	if e != nil {
		if value := h.at(args[2]); value != nil {
			old = *value
		}
	}
	sum, valid, finite := addFloat(old, args[3])
	switch {
	case !valid:
		c.fail("ERR hash value is not a float")
	case !finite:
		c.fail(errNaN)
	default:
		e, h, _ = c.hash(args[1])
		h.put(e, args[2], []byte(sum))
		e.changed()
		c.text(sum)
	}
}

// HSCAN key cursor [MATCH pattern] [COUNT count]
func (c *client) hscan(args [][]byte) {
	o, ok := c.scanOptions(args[2:], false)
	if !ok {
		return
	}
	e, h, ok := typed[hash](c, args[1])
	if !ok {
		return
	}
	type pair struct {
		field string
		value []byte
	}
	var found []pair
	next := uint64(0)
	if e != nil {
		next = h.scan(o.cursor, o.count, func(field string, value []byte) {
			if o.fits([]byte(field)) {
				found = append(found, pair{field, value})
			}
		})
	}
	c.scanned(next, 2*len(found))
	for _, p := range found {
		c.text(p.field)
		c.bulk(p.value)
	}
}
