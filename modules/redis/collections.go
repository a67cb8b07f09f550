package redis

// size is SCARD, ZCARD, HLEN and LLEN key.
func size[V value](c *client, args [][]byte) {
	e, v, ok := typed[V](c, args[1])
	switch {
	case ok && e == nil:
		c.integer(0)
	case ok:
		c.integer(int64(v.len()))
	}
}

// drop is SREM, ZREM and HDEL key member [member ...].
func drop[V interface {
	value
	drop(e *entry, member []byte) bool
}](c *client, args [][]byte) {
	e, v, ok := typed[V](c, args[1])
	if !ok {
		return
	}
	n := int64(0)
	for _, member := range args[2:] {
		if e != nil && v.drop(e, member) {
			n++
		}
	}
	if n > 0 {
		e.done()
	}
	c.integer(n)
}
