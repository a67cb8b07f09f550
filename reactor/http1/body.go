package http1

// Body takes the framing off a message's body, whichever it is (RFC 9112, section 6). The zero value is a body of no
// bytes.
type Body struct {
	kind    bodyKind
	left    int64
	chunked ChunkedDecoder
}

type bodyKind uint8

const (
	ofLength bodyKind = iota
	inChunks
	untilClose
)

// SetLength makes it a body of n bytes.
func (b *Body) SetLength(n int64) { b.kind, b.left = ofLength, n }

// SetChunked makes it a chunked one under l.
func (b *Body) SetChunked(l Limits) {
	b.kind = inChunks
	b.chunked.Reset(l)
}

// SetUntilClose makes it one that ends with the connection, as only a response can have.
func (b *Body) SetUntilClose() { b.kind = untilClose }

// UntilClose reports whether the body ends with the connection.
func (b *Body) UntilClose() bool { return b.kind == untilClose }

// Done reports whether the body is complete.
func (b *Body) Done() bool {
	switch b.kind {
	case ofLength:
		return b.left == 0
	case inChunks:
		return b.chunked.Done()
	}
	return false
}

// Next takes the next bytes: n of data, of which piece, which may be empty, belongs to the body. It is to be called
// again with what is left as long as there is something left and the body is not done. An error is final.
func (b *Body) Next(data []byte) (piece []byte, n int, err error) {
	switch b.kind {
	case inChunks:
		return b.chunked.Next(data)
	case ofLength:
		n = int(min(int64(len(data)), b.left))
		b.left -= int64(n)
		return data[:n:n], n, nil
	}
	return data, len(data), nil
}

// Length is the number of bytes that are left, -1 if that is not known.
func (b *Body) Length() int64 {
	if b.kind == ofLength {
		return b.left
	}
	return -1
}
