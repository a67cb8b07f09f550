package amp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// DefaultMaxBoxLength is the largest encoding of a box that is accepted without being told otherwise, in bytes.
const DefaultMaxBoxLength = 1 << 20

// What ends a connection: bytes that are no box, and boxes that mean nothing.
var (
	ErrKeyTooLong = fmt.Errorf("amp: a key is longer than %d bytes", MaxKeyLength)
	ErrBoxTooLong = errors.New("amp: a box is larger than the limit")
	ErrTruncated  = errors.New("amp: the last box is not complete")
)

// keepBuffer is the largest buffer that is kept for the next box.
const keepBuffer = 64 << 10

// parser takes boxes out of a stream.
type parser struct {
	limit int    // of one box, in bytes
	held  []byte // bytes of earlier chunks, owned
	in    []byte // what was not consumed, from the beginning of a box on: the end of held, or the chunk at hand, borrowed
	off   int    // of in: where the next length is
	spans []span // the strings before off: keys and values in turn
	box   Box
}

type span struct{ from, to int }

// feed adds a chunk. Its bytes are used until keep.
func (p *parser) feed(data []byte) {
	if len(p.held) > 0 {
		p.held = append(p.held, data...)
		p.in = p.held
	} else {
		p.in = data
	}
}

// next returns the next box, which is valid until the next call of any method, or nil if more bytes are needed.
func (p *parser) next() (*Box, error) {
	for {
		if len(p.in)-p.off < 2 {
			return nil, nil
		}
		length := int(binary.BigEndian.Uint16(p.in[p.off:]))
		isKey := len(p.spans)%2 == 0
		if isKey && length == 0 {
			return p.complete(), nil
		}
		from := p.off + 2
		switch {
		case isKey && length > MaxKeyLength:
			return nil, ErrKeyTooLong
		case from+length+2 > p.limit:
			return nil, ErrBoxTooLong
		case len(p.in) < from+length:
			return nil, nil
		}
		p.spans = append(p.spans, span{from, from + length})
		p.off = from + length
	}
}

// complete makes a box of the strings.
func (p *parser) complete() *Box {
	b := &p.box
	b.Reset()
	sorted := true
	for i := 0; i < len(p.spans); i += 2 {
		k, v := p.spans[i], p.spans[i+1]
		f := field{p.in[k.from:k.to:k.to], p.in[v.from:v.to:v.to]}
		if n := len(b.fields); n > 0 && bytes.Compare(b.fields[n-1].key, f.key) >= 0 {
			sorted = false
		}
		b.fields = append(b.fields, f)
	}
	if !sorted {
		b.fields = normal(b.fields)
	}
	p.in, p.off, p.spans = p.in[p.off+2:], 0, p.spans[:0]
	return b
}

// normal sorts fields, and of those with the same key leaves the last.
func normal(fields []field) []field {
	slices.Reverse(fields)
	slices.SortStableFunc(fields, func(a, b field) int { return bytes.Compare(a.key, b.key) })
	return slices.CompactFunc(fields, func(a, b field) bool { return bytes.Equal(a.key, b.key) })
}

// keep takes over the bytes that were not consumed, so that the chunk can be reused.
func (p *parser) keep() {
	if len(p.in) == 0 && cap(p.held) > keepBuffer {
		p.held = nil
	}
	if len(p.in) == 0 || len(p.held) != len(p.in) {
		p.held = append(p.held[:0], p.in...)
	}
	p.in = nil
	if cap(p.spans) > keepBuffer {
		p.spans, p.box.fields = nil, nil
	}
}

// rest gives away the bytes that were not consumed. The parser is empty then.
func (p *parser) rest() []byte {
	rest := p.in
	*p = parser{limit: p.limit}
	return rest
}

// ParseBoxes takes apart data, which must consist of whole boxes (Twisted's parseString). The boxes share its memory.
func ParseBoxes(data []byte) ([]*Box, error) {
	p := parser{limit: len(data) + 2}
	p.feed(data)
	var boxes []*Box
	for {
		box, err := p.next()
		switch {
		case err != nil:
			return nil, err
		case box == nil && len(p.in) > 0:
			return nil, ErrTruncated
		case box == nil:
			return boxes, nil
		}
		boxes = append(boxes, &Box{fields: slices.Clone(box.fields)})
	}
}
