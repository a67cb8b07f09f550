package socks

import "net/netip"

// parseDatagram reads the header of a client's datagram: RFC 1928, 7. ok is false if it has none, or is a fragment, which
// this server does not put together.
func parseDatagram(b []byte) (to destination, payload []byte, ok bool) {
	if len(b) < 4 || b[0] != 0 || b[1] != 0 || b[2] != 0 {
		return to, nil, false
	}
	to, n, err := parseDestination(b[3:])
	if n == 0 || err != nil || to.port == 0 {
		return to, nil, false
	}
	return to, b[3+n:], true
}

// appendDatagram appends a datagram for the client, with the header that says who sent it.
func appendDatagram(b []byte, from netip.AddrPort, payload []byte) []byte {
	return append(appendAddress(append(b, 0, 0, 0), from), payload...)
}
