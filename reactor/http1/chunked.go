package http1

import (
	"cmp"
	"math/bits"
	"strconv"
)

type chunkState uint8

const (
	chunkSize    chunkState = iota // in the hexadecimal digits
	chunkExt                       // in the extensions, which are ignored
	chunkSizeEnd                   // before the line feed that ends the line
	chunkData                      // in the data
	chunkDataCR                    // before the carriage return that follows the data
	chunkDataLF                    // before the line feed
	trailerStart                   // at the beginning of a line after the last chunk
	trailerLine                    // in a trailer, which is ignored
	trailerLF                      // before the line feed of a trailer
	trailerEnd                     // before the last line feed of all
	chunksDone
)

// ChunkedDecoder takes the framing off a chunked body (RFC 9112, section 7.1), in pieces of any size. It holds no
// bytes. The zero value has the default limits and is at the beginning of a body.
type ChunkedDecoder struct {
	state    chunkState
	line     int   // bytes of the line with the size
	left     int64 // of the chunk at hand
	trailers int   // bytes

	maxLine, maxTrailers int
}

// Reset makes d ready for a new body under l.
func (d *ChunkedDecoder) Reset(l Limits) {
	*d = ChunkedDecoder{maxLine: l.ChunkLine, maxTrailers: l.Trailers}
}

// Done reports whether the body is complete.
func (d *ChunkedDecoder) Done() bool { return d.state == chunksDone }

// Next takes framing, and data of at most one chunk, off the beginning of data: n bytes, of which piece is the data.
// It takes all of data unless it returns a piece or the body is complete. An error is final.
func (d *ChunkedDecoder) Next(data []byte) (piece []byte, n int, err error) {
	for n < len(data) && d.state != chunksDone {
		if d.state == chunkData {
			size := int(min(int64(len(data)-n), d.left))
			piece = data[n : n+size : n+size]
			if d.left -= int64(size); d.left == 0 {
				d.state = chunkDataCR
			}
			return piece, n + size, nil
		}
		if err := d.frame(data[n]); err != nil {
			return nil, n, err
		}
		n++
	}
	return nil, n, nil
}

// frame takes one byte that is not data.
func (d *ChunkedDecoder) frame(c byte) error {
	switch d.state {
	case chunkSize, chunkExt:
		return d.sizeLine(c)
	case chunkSizeEnd:
		if c != '\n' {
			return Malformed("chunk: size line goes on with", []byte{c})
		}
		d.state, d.line = chunkData, 0
		if d.left == 0 {
			d.state = trailerStart
		}
	case chunkDataCR:
		if c != '\r' {
			return Malformed("chunk: data goes on with", []byte{c})
		}
		d.state = chunkDataLF
	case chunkDataLF:
		if c != '\n' {
			return Malformed("chunk: data goes on with", []byte{c})
		}
		d.state = chunkSize
	default:
		return d.trailer(c)
	}
	return nil
}

// sizeLine takes one byte of the line with the size, of which left holds what has been read.
func (d *ChunkedDecoder) sizeLine(c byte) error {
	limit := cmp.Or(d.maxLine, defaultChunkLine)
	if d.line++; d.line > limit {
		return tooLong("chunk: size line", limit)
	}
	digit := hexDigit(c)
	switch {
	case d.state == chunkSize && digit >= 0:
		if bits.Len64(uint64(d.left)) > 58 {
			return Malformed("chunk: size of more than 63 bits, digit", []byte{c})
		}
		d.left = d.left<<4 | int64(digit)
	case d.state == chunkSize && d.line == 1, c != '\r' && d.state == chunkSize && c != ';':
		return Malformed("chunk: size", []byte{c})
	case c == '\r':
		d.state = chunkSizeEnd
	case d.state == chunkSize:
		d.state = chunkExt
	case classes[c]&isExt == 0:
		return Malformed("chunk: extension", []byte{c})
	}
	return nil
}

// trailer takes one byte of what follows the last chunk.
func (d *ChunkedDecoder) trailer(c byte) error {
	switch {
	case d.state == trailerStart && c == '\r':
		d.state = trailerEnd
		return nil
	case d.state == trailerEnd && c == '\n':
		d.state = chunksDone
		return nil
	case d.state == trailerLF && c == '\n':
		d.state = trailerStart
	case d.state == trailerEnd || d.state == trailerLF || c == '\n' || c == 0:
		return Malformed("trailer", []byte{c})
	case c == '\r':
		d.state = trailerLF
	default:
		d.state = trailerLine
	}
	limit := cmp.Or(d.maxTrailers, defaultTrailers)
	if d.trailers++; d.trailers > limit {
		return tooLong("trailers", limit)
	}
	return nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// LastChunk ends a chunked body that has no trailers.
const LastChunk = "0\r\n\r\n"

// AppendChunk appends data as one chunk. Empty data is no chunk, since one would end the body.
func AppendChunk(b, data []byte) []byte {
	if len(data) == 0 {
		return b
	}
	b = appendChunkSize(b, len(data))
	b = append(b, data...)
	return append(b, "\r\n"...)
}

func appendChunkSize(b []byte, n int) []byte {
	return append(strconv.AppendUint(b, uint64(n), 16), "\r\n"...)
}
