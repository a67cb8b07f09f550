package policy

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The fixed parts of version 2.
const (
	proxyV2Signature  = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV2HeadLength = len(proxyV2Signature) + 4

	proxyV2Local = 0x20 // version and command
	proxyV2Proxy = 0x21

	proxyV2Inet  = 0x10 // family, the high half of its byte; 0 is unspecified
	proxyV2Inet6 = 0x20
	proxyV2UNIX  = 0x30

	proxyV2Stream   = 0x01 // transport, the low half; 0 is unspecified
	proxyV2Datagram = 0x02

	proxyV2InetLength  = 2*4 + 2*2
	proxyV2Inet6Length = 2*16 + 2*2
	proxyV2UNIXLength  = 2 * proxyV2PathLength
	proxyV2PathLength  = 108
)

const proxyV1Start = "PROXY "

// parseProxyV1 reads "PROXY TCP4 1.2.3.4 5.6.7.8 123 456\r\n".
func parseProxyV1(data []byte) (ProxyHeader, int, error) {
	n := min(len(data), len(proxyV1Start))
	if string(data[:n]) != proxyV1Start[:n] {
		return ProxyHeader{}, 0, badProxyHeader("it begins with %q", data[:n])
	}
	head := data[:min(len(data), maxProxyV1)]
	end := bytes.IndexByte(head, '\n')
	switch {
	case end < 0 && len(head) == maxProxyV1:
		return ProxyHeader{}, 0, badProxyHeader("the line is longer than %d bytes", maxProxyV1)
	case end < 0:
		return ProxyHeader{}, 0, ErrProxyIncomplete
	case head[end-1] != '\r':
		return ProxyHeader{}, 0, badProxyHeader("the line does not end in CR LF")
	}
	line := string(head[len(proxyV1Start) : end-1])
	family, rest, _ := strings.Cut(line, " ")
	switch family {
	case "UNKNOWN":
		return ProxyHeader{Version: 1}, end + 1, nil
	case "TCP4", "TCP6":
	default:
		return ProxyHeader{}, 0, badProxyHeader("protocol %q is none of TCP4, TCP6, UNKNOWN", family)
	}
	fields := strings.Split(rest, " ")
	if len(fields) != 4 {
		return ProxyHeader{}, 0, badProxyHeader("%q is not two addresses and two ports", rest)
	}
	source, ok := parseProxyV1End(family, fields[0], fields[2])
	destination, ok2 := parseProxyV1End(family, fields[1], fields[3])
	if !ok || !ok2 {
		return ProxyHeader{}, 0, badProxyHeader("%q is not two addresses and two ports of %s", rest, family)
	}
	return ProxyHeader{Version: 1, Source: source, Destination: destination}, end + 1, nil
}

func parseProxyV1End(family, address, port string) (protocol.TCPAddress, bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() != (family == "TCP4") || ip.Zone() != "" {
		return protocol.TCPAddress{}, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || len(port) > 1 && port[0] == '0' {
		return protocol.TCPAddress{}, false
	}
	return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, uint16(n))}, true
}

// parseProxyV2 reads the signature, a byte each of version with command and of family with transport, the length of the
// rest, the addresses, and passes over what follows these.
func parseProxyV2(data []byte) (ProxyHeader, int, error) {
	n := min(len(data), len(proxyV2Signature))
	if string(data[:n]) != proxyV2Signature[:n] {
		return ProxyHeader{}, 0, badProxyHeader("it begins with %q", data[:n])
	}
	if len(data) > 12 && data[12] != proxyV2Local && data[12] != proxyV2Proxy {
		return ProxyHeader{}, 0, badProxyHeader("version and command are %#02x", data[12])
	}
	if len(data) > 13 && data[12] == proxyV2Proxy && (data[13]&0xf0 > proxyV2UNIX || data[13]&0x0f > proxyV2Datagram) {
		return ProxyHeader{}, 0, badProxyHeader("family and transport are %#02x", data[13])
	}
	if len(data) < proxyV2HeadLength {
		return ProxyHeader{}, 0, ErrProxyIncomplete
	}
	local := data[12] == proxyV2Local
	length, addresses := int(binary.BigEndian.Uint16(data[14:])), 0
	switch data[13] & 0xf0 {
	case proxyV2Inet:
		addresses = proxyV2InetLength
	case proxyV2Inet6:
		addresses = proxyV2Inet6Length
	case proxyV2UNIX:
		addresses = proxyV2UNIXLength
	}
	switch {
	case proxyV2HeadLength+length > MaxProxyHeader:
		return ProxyHeader{}, 0, badProxyHeader("it is %d bytes long (at most %d are accepted)",
			proxyV2HeadLength+length, MaxProxyHeader)
	case !local && length < addresses:
		return ProxyHeader{}, 0, badProxyHeader("%d bytes are not enough for its addresses, which take %d", length, addresses)
	case len(data) < proxyV2HeadLength+length:
		return ProxyHeader{}, 0, ErrProxyIncomplete
	}
	h := ProxyHeader{Version: 2}
	if !local {
		h.Source, h.Destination = proxyV2Ends(data[13], data[proxyV2HeadLength:])
	}
	return h, proxyV2HeadLength + length, nil
}

// proxyV2Ends reads the addresses at the start of b, which is long enough.
func proxyV2Ends(kind byte, b []byte) (source, destination protocol.Address) {
	if kind&0x0f == 0 {
		return nil, nil // no transport that could have connected them
	}
	end := func(ip, port []byte) protocol.Address {
		addr, _ := netip.AddrFromSlice(ip)
		ap := netip.AddrPortFrom(addr, binary.BigEndian.Uint16(port))
		if kind&0x0f == proxyV2Datagram {
			return protocol.UDPAddress{AddrPort: ap}
		}
		return protocol.TCPAddress{AddrPort: ap}
	}
	switch kind & 0xf0 {
	case proxyV2Inet:
		return end(b[:4], b[8:]), end(b[4:8], b[10:])
	case proxyV2Inet6:
		return end(b[:16], b[32:]), end(b[16:32], b[34:])
	case proxyV2UNIX:
		return path(b[:proxyV2PathLength]), path(b[proxyV2PathLength:proxyV2UNIXLength])
	}
	return nil, nil
}

// path reads a name in the form of sockaddr_un.
func path(field []byte) protocol.UNIXAddress {
	abstract := field[0] == 0
	name := field
	if abstract {
		name = field[1:]
	}
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	if abstract && len(name) > 0 {
		return protocol.UNIXAddress{Name: "@" + string(name)}
	}
	return protocol.UNIXAddress{Name: string(name)}
}

// ProxyHeaderMissing returns how many bytes are missing at least at data, for which [ParseProxyHeader] says that it is
// incomplete. Who reads no more than that never reads beyond the header.
func ProxyHeaderMissing(data []byte) int {
	const shortest = len("PROXY UNKNOWN\r\n")
	switch n := len(data); {
	case n < shortest:
		return shortest - n
	case data[0] == proxyV2Signature[0] && n < proxyV2HeadLength:
		return proxyV2HeadLength - n
	case data[0] == proxyV2Signature[0]:
		return proxyV2HeadLength + int(binary.BigEndian.Uint16(data[14:])) - n
	case data[n-1] == '\r':
		return len("\n")
	}
	// What is shortest after the field that has begun, for each family.
	switch spaces := bytes.Count(data, []byte{' '}); {
	case spaces == 2 && bytes.HasPrefix(data, []byte(proxyV1Start+"TCP4 ")):
		return len(" 0.0.0.0 0 0\r\n")
	case spaces == 2 && bytes.HasPrefix(data, []byte(proxyV1Start+"TCP6 ")):
		return len(" :: 0 0\r\n")
	case spaces == 3 && bytes.HasPrefix(data, []byte(proxyV1Start+"TCP")):
		return len(" 0 0\r\n")
	case spaces == 4 && bytes.HasPrefix(data, []byte(proxyV1Start+"TCP")):
		return len(" 0\r\n")
	}
	return len("\r\n")
}
