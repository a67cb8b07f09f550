package message

import (
	"fmt"
	"strings"
)

// Name is a domain name in wire form, uncompressed: labels with a length byte each, and the zero byte of the root. A
// Name made by this package is at most 255 bytes long.
type Name string

// Root is the name of the root.
const Root Name = "\x00"

const (
	maxName     = 255
	maxLabel    = 63
	maxPointers = 127 // as many as a name can have labels
)

// AppendName appends the name at off in msg to dst, uncompressed, and returns the offset behind it.
func AppendName(dst, msg []byte, off int) (name []byte, next int, err error) {
	begin, limit, pointers := len(dst), off, 0
	next = -1
	for {
		if off >= len(msg) {
			return dst, 0, ErrShort
		}
		n := int(msg[off])
		switch n & 0xc0 {
		case 0x00:
			if off+1+n > len(msg) {
				return dst, 0, ErrShort
			}
			if len(dst)-begin+1+n > maxName {
				return dst, 0, ErrName
			}
			dst = append(dst, msg[off:off+1+n]...)
			off += 1 + n
			if n == 0 {
				if next < 0 {
					next = off
				}
				return dst, next, nil
			}
		case 0xc0:
			if off+2 > len(msg) {
				return dst, 0, ErrShort
			}
			to := (n&0x3f)<<8 | int(msg[off+1])
			if next < 0 {
				next = off + 2
			}
			if pointers++; to >= limit || pointers > maxPointers {
				return dst, 0, ErrPointer
			}
			off, limit = to, to
		default:
			return dst, 0, ErrLabel
		}
	}
}

// skipName returns the offset behind the name at off, without following pointers.
func skipName(msg []byte, off int) (int, error) {
	for {
		if off >= len(msg) {
			return 0, ErrShort
		}
		switch n := int(msg[off]); n & 0xc0 {
		case 0x00:
			if off += 1 + n; n == 0 {
				return off, nil
			}
		case 0xc0:
			if off+2 > len(msg) {
				return 0, ErrShort
			}
			return off + 2, nil
		default:
			return 0, ErrLabel
		}
	}
}

// checkName returns the length of the uncompressed name at the start of data.
func checkName(data string) (int, error) {
	for off := 0; off < len(data); {
		n := int(data[off])
		if n > maxLabel {
			return 0, ErrLabel
		}
		if off += 1 + n; off > maxName {
			return 0, ErrName
		}
		if n == 0 {
			return off, nil
		}
	}
	return 0, ErrShort
}

// ParseName reads the textual form of a name (RFC 1035 section 5.1): \X is the character X, \DDD the byte with this
// decimal value, "@" the origin, and what does not end with a dot is relative to the origin. An empty origin refuses
// relative names.
func ParseName(text string, origin Name) (Name, error) {
	switch {
	case text == ".":
		return Root, nil
	case text == "@" && origin != "":
		return origin, nil
	case text == "":
		return "", fmt.Errorf("name %q: empty", text)
	}
	var b []byte
	label := 0 // where the length byte of the label under way is
	b = append(b, 0)
	absolute := false
	for i := 0; i < len(text); {
		if text[i] == '.' {
			if len(b)-1-label == 0 {
				return "", fmt.Errorf("name %q: empty label", text)
			}
			if i++; i == len(text) {
				absolute = true
				break
			}
			label = len(b)
			b = append(b, 0)
			continue
		}
		c, n, err := unescape(text[i:])
		if err != nil {
			return "", fmt.Errorf("name %q: %w", text, err)
		}
		i += n
		b = append(b, c)
		if b[label]++; b[label] > maxLabel {
			return "", fmt.Errorf("name %q: a label is longer than %d bytes", text, maxLabel)
		}
		if len(b) > maxName {
			return "", fmt.Errorf("name %q: longer than %d bytes", text, maxName)
		}
	}
	tail := Root
	if !absolute {
		if origin == "" {
			return "", fmt.Errorf("name %q: relative, and there is no origin; end it with a dot", text)
		}
		tail = origin
	}
	if len(b)+len(tail) > maxName {
		return "", fmt.Errorf("name %q: longer than %d bytes", text, maxName)
	}
	return Name(b) + tail, nil
}

// unescape returns the byte at the start of text, and how many characters it is written with.
func unescape(text string) (c byte, n int, err error) {
	switch {
	case text[0] != '\\':
		return text[0], 1, nil
	case len(text) < 2:
		return 0, 0, fmt.Errorf("a backslash ends it")
	case text[1] < '0' || text[1] > '9':
		return text[1], 2, nil
	}
	value := 0
	for i := 1; i < 4; i++ {
		if i >= len(text) || text[i] < '0' || text[i] > '9' {
			return 0, 0, fmt.Errorf("a backslash and a digit need two more digits")
		}
		value = value*10 + int(text[i]-'0')
	}
	if value > 255 {
		return 0, 0, fmt.Errorf("\\%03d is not a byte", value)
	}
	return byte(value), 4, nil
}

// String is the textual form, which ends with a dot.
func (n Name) String() string {
	if n == Root {
		return "."
	}
	var b strings.Builder
	for off := 0; off < len(n) && n[off] != 0; {
		end := min(off+1+int(n[off]), len(n))
		for _, c := range []byte(n[off+1 : end]) {
			escape(&b, c, ".\\\"();@$")
		}
		b.WriteByte('.')
		off = end
	}
	return b.String()
}

// escape writes c so that it can be read again where the characters of special mean something.
func escape(b *strings.Builder, c byte, special string) {
	switch {
	case c < ' ' || c > '~' || c == ' ' && special != quotedSpecial:
		fmt.Fprintf(b, "\\%03d", c)
	case strings.IndexByte(special, c) >= 0:
		b.WriteByte('\\')
		b.WriteByte(c)
	default:
		b.WriteByte(c)
	}
}

// Lower is the name with ASCII letters in lower case: the form in which names compare equal (RFC 4343).
func (n Name) Lower() Name {
	for i := range len(n) {
		if c := n[i]; c >= 'A' && c <= 'Z' {
			b := []byte(n)
			LowerBytes(b)
			return Name(b)
		}
	}
	return n
}

// LowerBytes does in place what [Name.Lower] does. Length bytes are below 64 and stay as they are.
func LowerBytes(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// Parent is the name without its first label; that of the root is the root.
func (n Name) Parent() Name {
	if n == Root || n == "" {
		return Root
	}
	return n[1+int(n[0]):]
}

// Labels is the number of labels, the root's not counted.
func (n Name) Labels() int {
	count := 0
	for off := 0; off < len(n) && n[off] != 0; off += 1 + int(n[off]) {
		count++
	}
	return count
}

// Within reports whether n is zone or below it. Both must be in lower case.
func (n Name) Within(zone Name) bool {
	for len(n) > len(zone) {
		n = n.Parent()
	}
	return n == zone
}
