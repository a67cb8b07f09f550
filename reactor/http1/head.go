package http1

import "bytes"

// Field is one header field. Both slices belong to the head that they are part of.
type Field struct{ Name, Value []byte }

// Fields are the header fields of a message in the order in which they came.
type Fields []Field

// Get returns the value of the first field called name, in any case; nil if there is none.
func (f Fields) Get(name string) []byte {
	for i := range f {
		if EqualFold(f[i].Name, name) {
			return f[i].Value
		}
	}
	return nil
}

// Count is the number of fields called name.
func (f Fields) Count(name string) (n int) {
	for i := range f {
		if EqualFold(f[i].Name, name) {
			n++
		}
	}
	return n
}

// span is where a field lies in the buffer: its line, and the colon.
type span struct{ begin, colon, end int }

// head gathers the lines of one message's head, in pieces of any size, and takes its fields apart. The lines are copied
// into one buffer, so that a message outlives the event that brought it.
type head struct {
	limits  Limits
	bareLF  bool   // a line feed alone ends a line too (RFC 9112, section 2.2, allows it)
	buf     []byte // the lines so far, without their ends
	line    int    // where the line at hand begins in buf
	size    int    // bytes of the complete lines
	started bool   // the start line is complete
	start   int    // where it ends
	pending bool   // a field's line is complete but for folds
	begin   int    // where that line begins
	spans   []span
	fields  Fields
}

// reset makes ready for the next message.
func (h *head) reset() {
	h.buf, h.spans, h.fields = h.buf[:0], h.spans[:0], h.fields[:0]
	h.line, h.size, h.started, h.pending = 0, 0, false, false
}

// readLine takes data up to the end of the line at hand, and reports whether it is complete: h.buf[h.line:] then.
func (h *head) readLine(data []byte) (n int, whole bool, err error) {
	n = bytes.IndexByte(data, '\n') + 1
	if whole = n > 0; !whole {
		n = len(data)
	}
	if len(h.buf)-h.line+n > h.limits.Line+len("\r\n") {
		return n, false, tooLong("line", h.limits.Line)
	}
	h.buf = append(h.buf, data[:n]...)
	if !whole {
		return n, false, nil
	}
	end := len(h.buf) - 1
	switch {
	case end > h.line && h.buf[end-1] == '\r':
		end--
	case !h.bareLF:
		return n, false, Malformed("end of line", h.buf[h.line:])
	}
	h.buf = h.buf[:end]
	if h.size += end - h.line; end-h.line > h.limits.Line {
		return n, false, tooLong("line", h.limits.Line)
	} else if h.size > h.limits.Head {
		return n, false, tooLong("head", h.limits.Head)
	}
	return n, true, nil
}

// fieldLine takes the line at hand, which is not the start line. done says that it was the empty one.
func (h *head) fieldLine() (done bool, err error) {
	line := h.buf[h.line:]
	switch {
	case len(line) == 0:
		if err := h.endField(); err != nil {
			return false, err
		}
		h.slice()
		return true, nil
	case !isBlank(line[0]):
		if err := h.endField(); err != nil {
			return false, err
		}
		h.pending, h.begin = true, h.line
	case !h.pending:
		return false, Malformed("header", line)
	default: // a fold, which becomes one space: RFC 9112, section 5.2
		rest := trimLeft(line)
		h.buf = append(append(h.buf[:h.line], ' '), rest...)
	}
	h.line = len(h.buf)
	return false, nil
}

// endField checks the field that is complete.
func (h *head) endField() error {
	if !h.pending {
		return nil
	}
	h.pending = false
	line := h.buf[h.begin:h.line]
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !all(line[:colon], isTchar) || !all(line[colon:], isValue) {
		return Malformed("header", line)
	}
	if len(h.spans) == h.limits.Headers {
		return tooLong("headers", h.limits.Headers)
	}
	h.spans = append(h.spans, span{h.begin, h.begin + colon, h.line})
	return nil
}

// slice makes the fields, now that the buffer does not move any more.
func (h *head) slice() {
	for _, s := range h.spans {
		h.fields = append(h.fields, Field{h.buf[s.begin:s.colon:s.colon], trim(h.buf[s.colon+1 : s.end : s.end])})
	}
}

// proto is the name of version 1.minor.
func proto(minor int) string {
	if minor == 0 {
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}
