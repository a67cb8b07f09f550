package redis

import (
	"bytes"
	"fmt"
	"strconv"
)

// maxLine is the longest inline request, and the longest line that tells a length, in bytes.
const maxLine = 64 << 10

// keepBuffer is the largest buffer that is kept for the next request.
const keepBuffer = 64 << 10

// What a client that has not given its password may send: so many arguments of so many bytes.
const (
	maxArgsBeforeAuth = 10
	maxBulkBeforeAuth = 16 << 10
)

// limits bound what a client can send.
type limits struct {
	bulk    int // one argument, in bytes
	args    int // arguments of a request
	request int // a request, in bytes
}

// protocolError is what a client is told before its connection is closed.
type protocolError string

func (e protocolError) Error() string { return "ERR Protocol error: " + string(e) }

// parser takes requests out of a stream: arrays of bulk strings, and lines of words (inline commands).
type parser struct {
	limits limits
	held   []byte // bytes of earlier chunks, owned
	in     []byte // what was not consumed, from the beginning of a request on: the end of held, or the chunk at hand
	off    int    // of in: what comes next
	left   int    // arguments that are still to come; 0 before the request's first line was read
	bulk   int    // length of the next argument; -1 before its line was read
	spans  []span // the arguments before off
	args   [][]byte
	words  []byte // arguments of an inline command
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

// next returns the arguments of the next request, which are valid until the next call of any method; nil if more bytes
// are needed. The error is a protocolError. strict is set for a client that has not given its password.
func (p *parser) next(strict bool) ([][]byte, error) {
	if p.left == 0 {
		if args := p.whole(strict); args != nil {
			return args, nil
		}
	}
	for p.left == 0 {
		if p.off == len(p.in) {
			return nil, nil
		}
		if p.in[p.off] != '*' {
			args, ok, err := p.inline()
			if err != nil || !ok || len(args) > 0 {
				return args, err
			}
			continue // an empty line
		}
		n, ok := p.short('*')
		if !ok {
			line, err := p.line("too big mbulk count string")
			if line == nil || err != nil {
				return nil, err
			}
			n, ok = parseInt(line[1:])
		}
		switch {
		case !ok || n > int64(p.limits.args):
			return nil, protocolError("invalid multibulk length")
		case strict && n > maxArgsBeforeAuth:
			return nil, protocolError("unauthenticated multibulk length")
		case n <= 0:
			p.consume()
		default:
			p.left, p.bulk = int(n), -1
		}
	}
	for p.left > 0 {
		if p.bulk < 0 {
			if err := p.length(strict); p.bulk < 0 || err != nil {
				return nil, err
			}
		}
		if len(p.in)-p.off < p.bulk+2 {
			return nil, nil
		}
		p.spans = append(p.spans, span{p.off, p.off + p.bulk})
		p.off += p.bulk + 2
		p.bulk = -1
		p.left--
	}
	p.args = p.args[:0]
	for _, s := range p.spans {
		p.args = append(p.args, p.in[s.from:s.to:s.to])
	}
	p.consume()
	return p.args, nil
}

// mostAtOnce is how many arguments a request has at most that is read in one go.
const mostAtOnce = 32

// whole reads a request of the kind that nearly all are, if all of it is there: a few arguments, whose lengths have no
// more than six digits. It returns nil, and consumes nothing, for any other.
func (p *parser) whole(strict bool) [][]byte {
	in := p.in
	left, at := digits(in, 0, '*')
	if left == 0 || left > mostAtOnce || left > p.limits.args || strict && left > maxArgsBeforeAuth {
		return nil
	}
	most := p.limits.bulk
	if strict {
		most = min(most, maxBulkBeforeAuth)
	}
	args := p.args[:0]
	for ; left > 0; left-- {
		n, from := digits(in, at, '$')
		if n == 0 || n > most || from+n > p.limits.request || from+n+2 > len(in) {
			return nil
		}
		args = append(args, in[from:from+n:from+n])
		at = from + n + 2
	}
	p.in, p.args = in[at:], args
	return args
}

// digits reads a line of one byte, a number of up to six digits that does not begin with 0, and an end of two bytes. It
// returns the number and where the next line begins; 0 if the line is not complete or anything else.
func digits(in []byte, at int, kind byte) (n, next int) {
	if len(in)-at < 4 || in[at] != kind || in[at+1] == '0' {
		return 0, 0
	}
	for i := at + 1; i < len(in)-1 && i <= at+7; i++ {
		c := in[i] - '0'
		if c > 9 {
			if in[i] != '\r' {
				break
			}
			return n, i + 2
		}
		n = 10*n + int(c)
	}
	return 0, 0
}

// length reads the line in front of an argument.
func (p *parser) length(strict bool) error {
	n, ok := p.short('$')
	if !ok {
		line, err := p.line("too big bulk count string")
		if line == nil || err != nil {
			return err
		}
		if line[0] != '$' {
			return protocolError(fmt.Sprintf("expected '$', got '%c'", printable(line[0])))
		}
		n, ok = parseInt(line[1:])
	}
	switch {
	case !ok || n < 0 || n > int64(p.limits.bulk):
		return protocolError("invalid bulk length")
	case strict && n > maxBulkBeforeAuth:
		return protocolError("unauthenticated bulk length")
	case p.off+int(n) > p.limits.request:
		return protocolError("too big request")
	}
	p.bulk = int(n)
	return nil
}

func printable(c byte) byte {
	if c < ' ' || c > '~' {
		return '?'
	}
	return c
}

// short consumes a line of the kind that nearly all are: one byte, a number of a few digits, and the end of the line. It
// is not ok, and consumes nothing, if the line is not complete or anything else.
func (p *parser) short(kind byte) (n int64, ok bool) {
	rest := p.in[p.off:]
	if len(rest) < 4 || rest[0] != kind || rest[1] < '1' || rest[1] > '9' {
		return 0, false
	}
	n = int64(rest[1] - '0')
	for i, c := range rest[2:min(len(rest)-1, 9)] {
		if c == '\r' {
			p.off += i + 4
			return n, true
		}
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int64(c-'0')
	}
	return 0, false
}

// line consumes a line and returns it without its end, of two bytes; nil if it is not complete.
func (p *parser) line(tooLong string) ([]byte, error) {
	rest := p.in[p.off:]
	i := bytes.IndexByte(rest[:min(len(rest), maxLine)], '\r')
	if i < 0 && len(rest) >= maxLine {
		return nil, protocolError(tooLong)
	}
	if i < 0 || i+1 >= len(rest) {
		return nil, nil
	}
	p.off += i + 2
	if i == 0 {
		return rest[:1], nil // what the caller makes of an empty line is its first byte
	}
	return rest[:i], nil
}

// consume ends a request.
func (p *parser) consume() { p.in, p.off, p.spans = p.in[p.off:], 0, p.spans[:0] }

// inline reads a line of words. It is not ok if the line is not complete.
func (p *parser) inline() (args [][]byte, ok bool, err error) {
	i := bytes.IndexByte(p.in[:min(len(p.in), maxLine)], '\n')
	if i < 0 {
		if len(p.in) >= maxLine {
			err = protocolError("too big inline request")
		}
		return nil, false, err
	}
	line := bytes.TrimSuffix(p.in[:i], []byte("\r"))
	p.off = i + 1
	p.spans, p.words = p.spans[:0], p.words[:0]
	for {
		line = bytes.TrimLeft(line, " \t\n\v\f\r\x00")
		if len(line) == 0 {
			break
		}
		from := len(p.words)
		if p.words, line, ok = appendWord(p.words, line); !ok {
			return nil, false, protocolError("unbalanced quotes in request")
		}
		p.spans = append(p.spans, span{from, len(p.words)})
	}
	p.args = p.args[:0]
	for _, s := range p.spans {
		p.args = append(p.args, p.words[s.from:s.to:s.to])
	}
	p.consume()
	return p.args, true, nil
}

// appendWord appends the first word of line to dst, without its quotes, and returns what follows it. It is not ok if a
// quote is missing, or if a word goes on behind one.
func appendWord(dst, line []byte) (_, rest []byte, ok bool) {
	quote := byte(0)
	for len(line) > 0 {
		c := line[0]
		switch {
		case quote == 0 && isSpace(c):
			return dst, line, true
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			rest = line[1:]
			return dst, rest, len(rest) == 0 || isSpace(rest[0])
		case quote == '"' && c == '\\' && len(line) > 1:
			var n int
			dst, n = appendEscape(dst, line)
			line = line[n:]
			continue
		case quote == '\'' && c == '\\' && len(line) > 1 && line[1] == '\'':
			dst, line = append(dst, '\''), line[2:]
			continue
		default:
			n := plain(line)
			dst, line = append(dst, line[:n]...), line[n:]
			continue
		}
		line = line[1:]
	}
	return dst, nil, quote == 0
}

// plain is how many bytes from the first on mean themselves, whatever comes before them.
func plain(line []byte) int {
	for i, c := range line[1:] {
		if c <= ' ' || c == '"' || c == '\'' || c == '\\' {
			return i + 1
		}
	}
	return len(line)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0 }

// appendEscape appends what the escape at the beginning of s means, and returns how long it is.
func appendEscape(dst, s []byte) ([]byte, int) {
	if s[1] == 'x' && len(s) >= 4 {
		if b, err := strconv.ParseUint(string(s[2:4]), 16, 8); err == nil {
			return append(dst, byte(b)), 4
		}
	}
	if i := bytes.IndexByte([]byte("nrtba"), s[1]); i >= 0 {
		return append(dst, "\n\r\t\b\a"[i]), 2
	}
	return append(dst, s[1]), 2
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
	if cap(p.spans) > keepBuffer/16 {
		p.spans, p.args = nil, nil
	}
	if cap(p.words) > keepBuffer {
		p.words = nil
	}
}
