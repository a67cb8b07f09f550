package httpclient

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

const (
	maxChunkLine = 1024     // the line with a chunk's size, in bytes
	maxTrailers  = 64 << 10 // what follows the last chunk, in bytes
)

type chunkState uint8

const (
	chunkSize    chunkState = iota // in the line with the size
	chunkData                      // in the data
	chunkDataEnd                   // in the line end after the data
	chunkTrailer                   // in the lines after the last chunk
)

// chunkDecoder takes the framing off a chunked body (RFC 9112, section 7.1), in pieces of any size.
type chunkDecoder struct {
	state    chunkState
	line     []byte // of the line at hand, what has come
	left     int    // of the chunk at hand
	trailers int    // bytes
}

// decode appends what is in data to body, and reports whether the body is complete.
func (c *chunkDecoder) decode(body, data []byte, maxBody int) (_ []byte, done bool, err error) {
	for len(data) > 0 {
		if c.state == chunkData {
			piece := data[:min(len(data), c.left)]
			body, data = append(body, piece...), data[len(piece):]
			if c.left -= len(piece); c.left == 0 {
				c.state = chunkDataEnd
			}
			continue
		}
		line, rest, whole, err := c.readLine(data)
		if err != nil || !whole {
			return body, false, err
		}
		data = rest
		switch c.state {
		case chunkSize:
			if c.left, err = parseChunkSize(line); err != nil {
				return body, false, err
			}
			if c.left > maxBody-len(body) {
				return body, false, fmt.Errorf("body: %w: above %d bytes", ErrTooLarge, maxBody)
			}
			c.state = chunkData
			if c.left == 0 {
				c.state = chunkTrailer
			}
		case chunkDataEnd:
			if len(line) > 0 {
				return body, false, malformed("chunk: data goes on with", string(line))
			}
			c.state = chunkSize
		case chunkTrailer:
			if len(line) == 0 {
				return body, true, nil
			}
			if c.trailers += len(line); c.trailers > maxTrailers {
				return body, false, fmt.Errorf("trailers: %w: above %d bytes", ErrTooLarge, maxTrailers)
			}
		}
	}
	return body, false, nil
}

// readLine gathers a line, which is given without its end and valid until the next call.
func (c *chunkDecoder) readLine(data []byte) (line, rest []byte, whole bool, err error) {
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		i = len(data) - 1
	} else {
		whole = true
	}
	c.line = append(c.line, data[:i+1]...)
	if len(c.line) > maxChunkLine {
		return nil, nil, false, malformed("chunk: line", string(c.line))
	}
	if !whole {
		return nil, nil, false, nil
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(c.line, []byte("\n")), []byte("\r"))
	c.line = c.line[:0]
	return line, data[i+1:], true, nil
}

// parseChunkSize reads a line with a chunk's size in hexadecimal. What stands after a semicolon is ignored.
func parseChunkSize(line []byte) (int, error) {
	text, _, _ := strings.Cut(string(line), ";")
	text = strings.TrimRight(text, " \t")
	size, err := strconv.ParseUint(text, 16, 63)
	if err != nil || strings.ContainsAny(text, "+_") {
		return 0, malformed("chunk: size", string(line))
	}
	if size > uint64(maxInt) {
		return 0, fmt.Errorf("body: %w: a chunk of %s bytes (hexadecimal)", ErrTooLarge, text)
	}
	return int(size), nil
}
