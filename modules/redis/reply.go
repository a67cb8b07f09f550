package redis

import "strconv"

// Errors that many commands answer with.
const (
	errWrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	errSyntax    = "ERR syntax error"
	errInteger   = "ERR value is not an integer or out of range"
	errFloat     = "ERR value is not a valid float"
	errNoKey     = "ERR no such key"
	errOverflow  = "ERR increment or decrement would overflow"
	errNaN       = "ERR increment would produce NaN or Infinity"
	errTooLong   = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
)

// header appends a type and a number: the first line of most replies.
func (c *client) header(kind byte, n int) { c.out = appendHeader(c.out, kind, n) }

func appendHeader(out []byte, kind byte, n int) []byte {
	if uint(n) < 100 {
		if n < 10 {
			return append(out, kind, '0'+byte(n), '\r', '\n')
		}
		return append(out, kind, '0'+byte(n/10), '0'+byte(n%10), '\r', '\n')
	}
	return append(strconv.AppendInt(append(out, kind), int64(n), 10), '\r', '\n')
}

func (c *client) array(n int) { c.header('*', n) }

// dictionary begins a map of n pairs, which RESP2 has as an array of twice as many.
func (c *client) dictionary(n int) {
	if c.resp3 {
		c.header('%', n)
		return
	}
	c.header('*', 2*n)
}

// collection begins a set.
func (c *client) collection(n int) {
	if c.resp3 {
		c.header('~', n)
		return
	}
	c.header('*', n)
}

// message begins what a subscriber is sent.
func (c *client) message(n int) {
	if c.resp3 {
		c.header('>', n)
		return
	}
	c.header('*', n)
}

func (c *client) integer(n int64) {
	c.out = append(c.out, ':')
	c.out = strconv.AppendInt(c.out, n, 10)
	c.out = append(c.out, '\r', '\n')
}

// truth is 1 or 0.
func (c *client) truth(b bool) {
	if b {
		c.integer(1)
	} else {
		c.integer(0)
	}
}

func (c *client) simple(s string) {
	c.out = append(c.out, '+')
	c.out = append(c.out, s...)
	c.out = append(c.out, '\r', '\n')
}

func (c *client) ok() { c.out = append(c.out, "+OK\r\n"...) }

// fail answers with an error: a code, a space and a text, in which ends of lines become spaces.
func (c *client) fail(s string) {
	c.out = append(c.out, '-')
	for i := range len(s) {
		if s[i] == '\r' || s[i] == '\n' {
			c.out = append(c.out, ' ')
		} else {
			c.out = append(c.out, s[i])
		}
	}
	c.out = append(c.out, '\r', '\n')
}

func (c *client) bulk(b []byte) {
	out := append(appendHeader(c.out, '$', len(b)), b...)
	c.out = append(out, '\r', '\n')
}

func (c *client) text(s string) {
	c.header('$', len(s))
	c.out = append(c.out, s...)
	c.out = append(c.out, '\r', '\n')
}

// null stands for a string that is not there.
func (c *client) null() {
	if c.resp3 {
		c.out = append(c.out, "_\r\n"...)
		return
	}
	c.out = append(c.out, "$-1\r\n"...)
}

// nullArray stands for an array that is not there.
func (c *client) nullArray() {
	if c.resp3 {
		c.out = append(c.out, "_\r\n"...)
		return
	}
	c.out = append(c.out, "*-1\r\n"...)
}

func (c *client) double(f float64) {
	var room [32]byte
	text := appendFloat(room[:0], f)
	if !c.resp3 {
		c.bulk(text)
		return
	}
	c.out = append(c.out, ',')
	c.out = append(c.out, text...)
	c.out = append(c.out, '\r', '\n')
}
