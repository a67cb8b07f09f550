package socks

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
)

// Versions, as the first byte that a client sends has them.
const (
	version4 = 4
	version5 = 5
)

// Commands, as requests of both versions number them.
const (
	cmdConnect   = 1
	cmdBind      = 2
	cmdAssociate = 3 // SOCKS 5 only
)

// Kinds of addresses: RFC 1928, 5.
const (
	atypIPv4 = 1
	atypName = 3
	atypIPv6 = 4
)

// maxText is the longest user id and name of a SOCKS 4 request, in bytes. Those of SOCKS 5 cannot be longer.
const maxText = 255

// destination is where a request or a datagram wants to go.
type destination struct {
	name string     // to be resolved; empty: addr says
	addr netip.Addr // without a zone, and not an IPv4 address in IPv6's clothes
	port uint16
}

// request is what a client asks for.
type request struct {
	version byte
	command byte
	user    string // SOCKS 4 only
	destination
}

// Errors of requests that cannot be understood.
var (
	errTooLong  = errors.New("a user id or name is too long")
	errNoName   = errors.New("a name is empty or has control characters")
	errAddress  = errors.New("unknown kind of address")
	errReserved = errors.New("a byte that is reserved is not zero")
)

// parse4 reads a request of SOCKS 4 or 4a, which begins with the version. n is its length, 0 if it is not complete.
func parse4(b []byte) (r request, n int, err error) {
	if len(b) < 8 {
		return r, 0, nil
	}
	r = request{version: version4, command: b[1]}
	r.port = binary.BigEndian.Uint16(b[2:])
	ip := [4]byte(b[4:8])
	text, n, err := cutText(b, 8)
	if n == 0 || err != nil {
		return r, 0, err
	}
	r.user = string(text)
	// 4a: an address 0.0.0.x stands for a name that follows.
	if ip[0] != 0 || ip[1] != 0 || ip[2] != 0 || ip[3] == 0 {
		r.addr = netip.AddrFrom4(ip)
		return r, n, nil
	}
	text, n, err = cutText(b, n)
	if n == 0 || err != nil {
		return r, 0, err
	}
	r.name = string(text)
	if !validName(r.name) {
		return r, 0, errNoName
	}
	return r, n, nil
}

// cutText reads a text that ends with a zero, from the byte at start on. next is the byte after it, or 0 if it is not
// complete.
func cutText(b []byte, start int) (text []byte, next int, err error) {
	end := bytes.IndexByte(b[start:], 0)
	if end > maxText || end < 0 && len(b)-start > maxText {
		return nil, 0, errTooLong
	}
	if end < 0 {
		return nil, 0, nil
	}
	return b[start : start+end], start + end + 1, nil
}

// parse5 reads a request of SOCKS 5: RFC 1928, 4. n is its length, 0 if it is not complete. It can be told from the request
// that an error comes with which command it was.
func parse5(b []byte) (r request, n int, err error) {
	if len(b) < 4 {
		return r, 0, nil
	}
	r = request{version: version5, command: b[1]}
	if b[2] != 0 {
		return r, 0, errReserved
	}
	r.destination, n, err = parseDestination(b[3:])
	if n == 0 || err != nil {
		return r, 0, err
	}
	return r, 3 + n, nil
}

// parseDestination reads a kind of address, an address and a port. n is their length, 0 if they are not complete.
func parseDestination(b []byte) (d destination, n int, err error) {
	if len(b) < 2 {
		return d, 0, nil
	}
	start := 1
	switch b[0] {
	case atypIPv4:
		n = start + 4
	case atypIPv6:
		n = start + 16
	case atypName:
		start++
		n = start + int(b[1])
	default:
		return d, 0, errAddress
	}
	if len(b) < n+2 {
		return d, 0, nil
	}
	if b[0] == atypName {
		d.name = string(b[start:n])
		if !validName(d.name) {
			return d, 0, errNoName
		}
	} else {
		d.addr, _ = netip.AddrFromSlice(b[start:n])
		d.addr = d.addr.Unmap()
	}
	d.port = binary.BigEndian.Uint16(b[n:])
	return d, n + 2, nil
}

// validName reports whether a name can be one: printable ASCII without blanks. Names of other scripts come encoded.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return name != ""
}

// parseMethods reads the greeting of SOCKS 5: RFC 1928, 3. n is its length, 0 if it is not complete.
func parseMethods(b []byte) (methods []byte, n int) {
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return nil, 0
	}
	n = 2 + int(b[1])
	return b[2:n], n
}

// parsePassword reads a name and password: RFC 1929, 2. n is their length, 0 if they are not complete. ok is false for
// another version of that protocol.
func parsePassword(b []byte) (name, password string, n int, ok bool) {
	if len(b) == 0 {
		return "", "", 0, true
	}
	if b[0] != 1 {
		return "", "", 0, false
	}
	if len(b) < 2 || len(b) < 3+int(b[1]) {
		return "", "", 0, true
	}
	middle := 2 + int(b[1])
	n = middle + 1 + int(b[middle])
	if len(b) < n {
		return "", "", 0, true
	}
	return string(b[2:middle]), string(b[middle+1 : n]), n, true
}
