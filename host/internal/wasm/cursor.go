package wasm

import (
	"encoding/binary"
	"unicode/utf8"
)

// cursor walks over bytes that stand at base in the module. It panics with fail where they end or make no sense.
type cursor struct {
	b    []byte
	p    int
	base int
}

func (c *cursor) offset() int { return c.base + c.p }
func (c *cursor) left() int   { return len(c.b) - c.p }

func (c *cursor) byte(what string) byte {
	if c.p >= len(c.b) {
		malformed(c.offset(), "%s: unexpected end", what)
	}
	v := c.b[c.p]
	c.p++
	return v
}

// bytes returns the next n bytes, which alias the input and have no spare capacity.
func (c *cursor) bytes(n uint64, what string) []byte {
	if n > uint64(c.left()) {
		malformed(c.offset(), "%s: %d bytes announced, %d left", what, n, c.left())
	}
	end := c.p + int(n)
	v := c.b[c.p:end:end]
	c.p = end
	return v
}

func (c *cursor) u32(what string) uint32 {
	if c.p < len(c.b) && c.b[c.p] < 0x80 {
		c.p++
		return uint32(c.b[c.p-1])
	}
	return uint32(c.unsigned(32, what))
}

func (c *cursor) unsigned(bits int, what string) uint64 {
	start := c.offset()
	var v uint64
	for shift := 0; ; shift += 7 {
		x := c.byte(what)
		if shift+7 > bits {
			if left := bits - shift; left <= 0 || x>>left != 0 {
				malformed(start, "%s: does not fit %d bits", what, bits)
			}
		}
		v |= uint64(x&0x7f) << shift
		if x < 0x80 {
			return v
		}
	}
}

// signed reads a signed LEB128 number of 32, 33 or 64 bits.
func (c *cursor) signed(bits int, what string) int64 {
	start := c.offset()
	var v int64
	for shift := 0; ; shift += 7 {
		x := c.byte(what)
		if shift+7 > bits {
			// Of the last byte only the low bits count; the others must repeat the sign.
			left := bits - shift
			if left <= 0 || x >= 0x80 {
				malformed(start, "%s: does not fit %d bits", what, bits)
			}
			if top := int8(x<<1) >> left; top != 0 && top != -1 {
				malformed(start, "%s: does not fit %d bits", what, bits)
			}
		}
		v |= int64(x&0x7f) << shift
		if x < 0x80 {
			if shift+7 < 64 && x&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

func (c *cursor) f32(what string) uint32 { return binary.LittleEndian.Uint32(c.bytes(4, what)) }
func (c *cursor) f64(what string) uint64 { return binary.LittleEndian.Uint64(c.bytes(8, what)) }

// count reads the length of a vector whose items take at least one byte each, and bounds it.
func (c *cursor) count(what, limit string, max int) int {
	at := c.offset()
	n := c.u32(what)
	if uint64(n) > uint64(max) {
		overLimit(at, limit, what, uint64(n), uint64(max))
	}
	if uint64(n) > uint64(c.left()) {
		malformed(at, "%s: %d announced, %d bytes left", what, n, c.left())
	}
	return int(n)
}

func (c *cursor) name(what string) string {
	at := c.offset()
	n := c.u32(what)
	b := c.bytes(uint64(n), what)
	if !utf8.Valid(b) {
		malformed(at, "%s: not UTF-8", what)
	}
	return string(b)
}
