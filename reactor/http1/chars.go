package http1

import "bytes"

// Classes of bytes.
const (
	isTchar  = 1 << iota // may be in a token: RFC 9110, section 5.6.2
	isTarget             // may be in a request target: printable ASCII
	isValue              // may be in a header's value: all but NUL, CR and LF (RFC 9110, section 5.5)
	isExt                // may be in a chunk extension: the bytes of tokens and of quoted strings without escapes
)

var classes = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), byte(c)) >= 0:
			t[c] |= isTchar
		}
		if c > ' ' && c < 0x7f {
			t[c] |= isTarget
		}
		if c != 0 && c != '\r' && c != '\n' {
			t[c] |= isValue
		}
		if c == '\t' || c >= ' ' && c != 0x7f && c != '\\' {
			t[c] |= isExt
		}
	}
	return t
}()

// all reports whether b consists of bytes of a class.
func all(b []byte, class uint8) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}

// IsToken reports whether b is a token (RFC 9110, section 5.6.2), as methods and names of headers must be.
func IsToken(b []byte) bool { return len(b) > 0 && all(b, isTchar) }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// trimLeft and trim strip spaces and tabs, and nothing else.
func trimLeft(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	return b
}

func trim(b []byte) []byte {
	b = trimLeft(b)
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// EqualFold compares without regard to the case of ASCII letters.
func EqualFold(a []byte, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		d := b[i]
		if c != d && (c|0x20 != d|0x20 || c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// ParseLength reads a decimal number of digits only, as Content-Length has it. ok is false for one that is none, or
// above 2^62.
func ParseLength(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<58 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(b) > 0
}
