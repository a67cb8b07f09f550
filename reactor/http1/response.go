package http1

import "bytes"

// ResponseHead is the status line and the headers of a response.
type ResponseHead struct {
	Minor  int    // of the version: HTTP/1.Minor, 0 or 1
	Code   int    // 100 to 999
	Status []byte // the code and the reason, "200 OK"
	Fields Fields
}

// Proto is the version, "HTTP/1.1" or "HTTP/1.0".
func (a *ResponseHead) Proto() string { return proto(a.Minor) }

// ResponseParser takes the heads of responses apart, one at a time. A line feed alone ends a line as well: a client has
// less to fear from a server it chose than a server from everybody. Use [NewResponseParser].
type ResponseParser struct {
	head     head
	response ResponseHead
}

// NewResponseParser returns a parser.
func NewResponseParser(l Limits) *ResponseParser {
	p := &ResponseParser{}
	p.Init(l)
	return p
}

// Init makes p ready for its first response, for parsers that are part of something else.
func (p *ResponseParser) Init(l Limits) { p.head.limits, p.head.bareLF = l.orDefaults(), true }

// Reset makes p ready for the next response. What Response returned is not valid any more.
func (p *ResponseParser) Reset() {
	p.head.reset()
	p.response = ResponseHead{}
}

// Response is the head that Parse has completed, valid until Reset.
func (p *ResponseParser) Response() *ResponseHead { return &p.response }

// Parse is as [RequestParser.Parse].
func (p *ResponseParser) Parse(data []byte) (n int, done bool, err error) {
	for n < len(data) {
		m, whole, err := p.head.readLine(data[n:])
		n += m
		if err != nil || !whole {
			return n, false, err
		}
		if !p.head.started {
			err = p.startLine()
		} else {
			done, err = p.head.fieldLine()
		}
		if err != nil {
			return n, false, err
		}
		if done {
			status := p.head.buf[len("HTTP/1.x "):p.head.start]
			p.response.Status, p.response.Fields = status, p.head.fields
			return n, true, nil
		}
	}
	return n, false, nil
}

// startLine reads the status line (RFC 9112, section 4). The reason may be missing, with the space before it.
func (p *ResponseParser) startLine() error {
	h, a := &p.head, &p.response
	line := h.buf[h.line:]
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if a.Minor = 1; !ok {
		rest, ok = bytes.CutPrefix(line, []byte("HTTP/1.0 "))
		a.Minor = 0
	}
	if !ok || len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' || !all(rest, isValue) {
		return Malformed("status line", line)
	}
	code, ok := ParseLength(rest[:3])
	if a.Code = int(code); !ok || code < 100 {
		return Malformed("status line", line)
	}
	h.started, h.start, h.line = true, len(h.buf), len(h.buf)
	return nil
}

// Frame says how the body ends that follows the response in answer to a request of that method: RFC 9112, section 6.3.
// A Content-Length beside a Transfer-Encoding is overruled by it, and may come several times with the same value.
func (p *ResponseParser) Frame(method string, b *Body) error {
	a := &p.response
	if method == "HEAD" || a.Code == 204 || a.Code == 304 {
		b.SetLength(0)
		return nil
	}
	if codings := a.Fields.Count("Transfer-Encoding"); codings > 0 {
		// In HTTP/1.0 the header has no meaning, and a message that has it is faulty: section 6.1.
		coding := a.Fields.Get("Transfer-Encoding")
		if codings > 1 || a.Minor == 0 || !EqualFold(coding, "chunked") {
			return Malformed("header: Transfer-Encoding:", coding)
		}
		b.SetChunked(p.head.limits)
		return nil
	}
	length := a.Fields.Get("Content-Length")
	if length == nil {
		b.SetUntilClose()
		return nil
	}
	for _, f := range a.Fields {
		if EqualFold(f.Name, "Content-Length") && !bytes.Equal(f.Value, length) {
			return Malformed("header: Content-Length, once more:", f.Value)
		}
	}
	n, ok := ParseLength(length)
	if !ok {
		return Malformed("header: Content-Length:", length)
	}
	b.SetLength(n)
	return nil
}
