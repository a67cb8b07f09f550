package httpclient

import (
	"bufio"
	"bytes"
	"fmt"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	maxHead    = 64 << 10 // of a response, in bytes
	maxInterim = 16       // responses with a status of 1xx before the one that counts
)

type parserState uint8

const (
	inHead      parserState = iota
	inBody                  // of a known length
	inChunks                // of a chunked body
	inRemainder             // body until the connection ends
)

// parser reads one response, in pieces of any size.
type parser struct {
	method  string // of the request
	maxBody int

	state    parserState
	head     []byte
	searched int // so much of head holds no end
	interim  int
	left     int // of a body of known length
	chunks   chunkDecoder
	response *Response
}

// feed takes the next bytes. It reports whether the response is complete; what follows it is ignored.
func (p *parser) feed(data []byte) (done bool, err error) {
	for p.state == inHead {
		var complete bool
		if data, complete, err = p.feedHead(data); !complete || err != nil {
			return false, err
		}
		if done, err = p.begin(); done || err != nil {
			return done, err
		}
	}
	switch p.state {
	case inBody:
		data = data[:min(len(data), p.left)]
		p.left -= len(data)
		p.response.Body = append(p.response.Body, data...)
		return p.left == 0, nil
	case inChunks:
		p.response.Body, done, err = p.chunks.decode(p.response.Body, data, p.maxBody)
		return done, err
	}
	if len(p.response.Body)+len(data) > p.maxBody {
		return false, p.tooLarge()
	}
	p.response.Body = append(p.response.Body, data...)
	return false, nil
}

func (p *parser) tooLarge() error {
	return fmt.Errorf("body: %w: above %d bytes", ErrTooLarge, p.maxBody)
}

// feedHead gathers the head, up to and with its empty line, and returns what follows it.
func (p *parser) feedHead(data []byte) (rest []byte, complete bool, err error) {
	before := len(p.head)
	p.head = append(p.head, data...)
	for {
		i := bytes.IndexByte(p.head[p.searched:], '\n')
		if i < 0 {
			break
		}
		line := bytes.TrimSuffix(p.head[p.lineStart():p.searched+i], []byte("\r"))
		p.searched += i + 1
		if len(line) == 0 && p.searched > 2 {
			rest = data[p.searched-before:]
			p.head = p.head[:p.searched]
			return rest, true, nil
		}
	}
	p.searched = len(p.head)
	if len(p.head) > maxHead {
		return nil, false, fmt.Errorf("head: %w: above %d bytes", ErrTooLarge, maxHead)
	}
	return nil, false, nil
}

// lineStart is where the line begins that the search is in.
func (p *parser) lineStart() int { return bytes.LastIndexByte(p.head[:p.searched], '\n') + 1 }

// begin reads the head that is complete, and says how the body ends.
func (p *parser) begin() (done bool, err error) {
	a, err := parseHead(p.head)
	p.head, p.searched = nil, 0
	if err != nil {
		return false, err
	}
	if a.StatusCode < 200 {
		if p.interim++; p.interim > maxInterim || a.StatusCode == 101 {
			return false, malformed("sequence of responses: interim", a.Status)
		}
		return false, nil
	}
	p.response = a
	if p.method == "HEAD" || a.StatusCode == 204 || a.StatusCode == 304 {
		return true, nil
	}
	if codings := a.Header.Values("Transfer-Encoding"); len(codings) > 0 {
		// In HTTP/1.0 the header has no meaning, and a message that has it is faulty: RFC 9112, section 6.1.
		if len(codings) > 1 || !strings.EqualFold(codings[0], "chunked") || a.Proto != "HTTP/1.1" {
			return false, malformed("header: Transfer-Encoding:", strings.Join(codings, ", "))
		}
		p.state = inChunks
		return false, nil
	}
	lengths := a.Header.Values("Content-Length")
	if len(lengths) == 0 {
		p.state = inRemainder
		return false, nil
	}
	p.state = inBody
	p.left, err = contentLength(lengths)
	if err == nil && p.left > p.maxBody {
		err = p.tooLarge()
	}
	return p.left == 0, err
}

// contentLength reads the header, which may be repeated only with one and the same value.
func contentLength(values []string) (int, error) {
	for _, v := range values {
		if v != values[0] || v == "" || strings.Trim(v, "0123456789") != "" {
			return 0, malformed("header: Content-Length:", strings.Join(values, ", "))
		}
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || n > int64(maxInt) {
		return 0, fmt.Errorf("body: %w: %s bytes", ErrTooLarge, values[0])
	}
	return int(n), nil
}

const maxInt = int(^uint(0) >> 1)

// parseHead reads the status line and the headers.
func parseHead(head []byte) (*Response, error) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(head)))
	line, err := r.ReadLine()
	if err != nil {
		return nil, malformed("status line", line)
	}
	proto, status, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(status, " ")
	a := &Response{Proto: proto, Status: status}
	a.StatusCode, err = strconv.Atoi(code)
	if err != nil || len(code) != 3 || a.StatusCode < 100 || proto != "HTTP/1.1" && proto != "HTTP/1.0" {
		return nil, malformed("status line", line)
	}
	if a.Header, err = r.ReadMIMEHeader(); err != nil {
		return nil, malformed("header:", err.Error())
	}
	return a, nil
}

// endsWithConnection reports whether the end of the connection is the end of the response.
func (p *parser) endsWithConnection() bool { return p.state == inRemainder }

// progress says how far the response has come.
func (p *parser) progress() string {
	switch {
	case p.response != nil:
		return fmt.Sprintf("%d bytes of the body", len(p.response.Body))
	case len(p.head) > 0:
		return fmt.Sprintf("%d bytes of the head", len(p.head))
	}
	return "the request"
}
