package httpclient

// Header holds the headers of a message by name, in the canonical form "Content-Type". Get, Values and Set take a name
// in any case.
type Header map[string][]string

// Get returns the first value of name, or the empty text.
func (h Header) Get(name string) string {
	if values := h.Values(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of name, in their order.
func (h Header) Values(name string) []string { return h[canonical([]byte(name))] }

// Set replaces what name has.
func (h Header) Set(name, value string) { h[canonical([]byte(name))] = []string{value} }

// canonical is name with capitals at its beginning and after hyphens, and small letters elsewhere.
func canonical(name []byte) string {
	b := make([]byte, len(name))
	first := true
	for i, c := range name {
		switch {
		case first && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case !first && c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		b[i], first = c, c == '-'
	}
	return string(b)
}
