package http1

import "bytes"

// RequestHead is the request line and the headers of a request.
type RequestHead struct {
	Method   []byte // as it was sent
	Target   []byte // path and query, or another form of RFC 9112, section 3.2; printable ASCII
	Minor    int    // of the version: HTTP/1.Minor, 0 or 1
	Fields   Fields
	Length   int64 // of the body; 0 if there is none or its length is not known
	Chunked  bool  // the body is chunked
	Close    bool  // the connection ends with the response
	Continue bool  // the client waits for 100 (Continue) before it sends the body
}

// Proto is the version, "HTTP/1.1" or "HTTP/1.0".
func (q *RequestHead) Proto() string { return proto(q.Minor) }

// RequestParser takes the heads of requests apart, one at a time. Use [NewRequestParser].
type RequestParser struct {
	head    head
	request RequestHead
	skipped bool // an empty line before the request line
	framed  bool // a header has said how the body ends
}

// NewRequestParser returns a parser.
func NewRequestParser(l Limits) *RequestParser {
	p := &RequestParser{}
	p.Init(l)
	return p
}

// Init makes p ready for its first request, for parsers that are part of something else.
func (p *RequestParser) Init(l Limits) { p.head.limits = l.orDefaults() }

// Reset makes p ready for the next request. What Request returned is not valid any more.
func (p *RequestParser) Reset() {
	p.head.reset()
	p.request = RequestHead{}
	p.skipped, p.framed = false, false
}

// Request is the head that Parse has completed, valid until Reset.
func (p *RequestParser) Request() *RequestHead { return &p.request }

// Began reports whether anything of the next request has come.
func (p *RequestParser) Began() bool { return len(p.head.buf) > 0 || p.head.started || p.skipped }

// Parse takes the next bytes and returns how many belong to the head. done says that it is complete: the rest is
// the body or the next request. An error is final, and an [*Error] or one with [ErrTooLong] in its chain.
func (p *RequestParser) Parse(data []byte) (n int, done bool, err error) {
	for n < len(data) {
		m, whole, err := p.head.readLine(data[n:])
		n += m
		if err != nil || !whole {
			return n, false, err
		}
		if !p.head.started {
			err = p.startLine()
		} else {
			fields := len(p.head.spans)
			done, err = p.head.fieldLine()
			if err == nil && len(p.head.spans) > fields {
				err = p.interpret(p.head.spans[fields])
			}
		}
		if err != nil {
			return n, false, err
		}
		if done {
			p.complete()
			return n, true, nil
		}
	}
	return n, false, nil
}

// startLine reads the request line (RFC 9112, section 3): three parts with one space between them.
func (p *RequestParser) startLine() error {
	h := &p.head
	line := h.buf[h.line:]
	if len(line) == 0 && !p.skipped { // section 2.2: an empty line before it is ignored, one
		p.skipped = true
		return nil
	}
	method := bytes.IndexByte(line, ' ')
	if method < 0 {
		return Malformed("request line", line)
	}
	target := bytes.IndexByte(line[method+1:], ' ')
	if target <= 0 || !IsToken(line[:method]) || !all(line[method+1:method+1+target], isTarget) {
		return Malformed("request line", line)
	}
	switch string(line[method+1+target+1:]) {
	case "HTTP/1.1":
		p.request.Minor = 1
	case "HTTP/1.0":
	default:
		return Malformed("request line", line)
	}
	h.started, h.start, h.line = true, method, len(h.buf)
	return nil
}

// interpret looks for the headers that say how the body ends. There may be one such header only: two that agree today
// are two that another parser reads otherwise (RFC 9112, section 6.3).
func (p *RequestParser) interpret(s span) error {
	name, value := p.head.buf[s.begin:s.colon], trim(p.head.buf[s.colon+1:s.end])
	q := &p.request
	switch len(name) {
	case len("content-length"):
		if EqualFold(name, "content-length") {
			length, ok := ParseLength(value)
			if !ok || p.framed {
				return Malformed("header: Content-Length:", value)
			}
			p.framed, q.Length = true, length
		}
	case len("transfer-encoding"):
		if EqualFold(name, "transfer-encoding") && !EqualFold(value, "identity") {
			if !EqualFold(value, "chunked") || p.framed {
				return Malformed("header: Transfer-Encoding:", value)
			}
			p.framed, q.Chunked = true, true
		}
	case len("host"):
		// A second Host is a second opinion on whose request it is: RFC 9112, section 3.2.
		if EqualFold(name, "host") {
			for _, earlier := range p.head.spans[:len(p.head.spans)-1] {
				if EqualFold(p.head.buf[earlier.begin:earlier.colon], "host") {
					return Malformed("header: Host, once more:", value)
				}
			}
		}
	}
	return nil
}

// complete fills in the request.
func (p *RequestParser) complete() {
	q, h := &p.request, &p.head
	line := h.buf[:h.start+1]
	q.Method = line[:h.start:h.start]
	rest := h.buf[h.start+1:]
	q.Target = rest[:bytes.IndexByte(rest, ' ')]
	q.Fields = h.fields
	q.Close = q.Minor == 0
	connection, expect := false, false
	for i := range q.Fields {
		switch f := &q.Fields[i]; len(f.Name) {
		case len("connection"):
			if !connection && EqualFold(f.Name, "connection") {
				connection = true
				q.Close = q.Close || hasToken(f.Value, "close")
			}
		case len("expect"):
			if !expect && EqualFold(f.Name, "expect") {
				expect = true
				q.Continue = q.Minor == 1 && EqualFold(f.Value, "100-continue")
			}
		}
	}
}

// hasToken reports whether a list, with commas or spaces between its members, has one called token, in any case.
func hasToken(list []byte, token string) bool {
	for len(list) > 0 {
		end := 0
		for end < len(list) && list[end] != ',' && !isBlank(list[end]) {
			end++
		}
		if EqualFold(list[:end], token) {
			return true
		}
		list = list[min(end+1, len(list)):]
	}
	return false
}
