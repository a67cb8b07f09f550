//go:build wasip1

package wasmnet

import (
	"net/netip"
	"strconv"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// info reads a property; ok is false if the connection does not have it. The bytes are valid until the next call.
func info(handle, key int32) (value []byte, ok bool) {
	scratch := hot.scratch[:]
	n := hostConnInfo(handle, key, bytesPtr(scratch), int32(len(scratch)))
	if n < 0 {
		return nil, false
	}
	if int(n) <= len(scratch) {
		return scratch[:n], true
	}
	large := make([]byte, n)
	n = hostConnInfo(handle, key, bytesPtr(large), n)
	return large[:max(0, min(int(n), len(large)))], n >= 0
}

func infoText(handle, key int32) string {
	value, _ := info(handle, key)
	return string(value)
}

func infoNumber(handle, key int32) (n int32, ok bool) {
	value, ok := info(handle, key)
	if !ok {
		return 0, false
	}
	v, err := strconv.ParseInt(string(value), 10, 32)
	return int32(v), err == nil
}

// address reads one end of a connection or a listener; ok is false if it has none. Only an end without an IP address
// costs a second import, for its network.
func address(handle, key int32) (a protocol.Address, ok bool) {
	text, ok := info(handle, key)
	if !ok {
		return nil, false
	}
	if ap, ok := parseAddrPort(text); ok {
		return tcpAddress(ap), true
	}
	name := string(text)
	if infoText(handle, abi.InfoNetwork) == "pipe" {
		return protocol.PipeAddress{Name: name}, true
	}
	return protocol.UNIXAddress{Name: name}, true
}

// parseAddrPort is netip.ParseAddrPort. An IPv4 address, which most connections have, is read in place: every fresh
// sandbox pays for it.
func parseAddrPort(text []byte) (netip.AddrPort, bool) {
	var v4 [4]byte
	number, part, digits := 0, 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9' && digits < 5:
			number = number*10 + int(c-'0')
			digits++
		case (c == '.' && part < 3 || c == ':' && part == 3) && digits > 0 && number < 256:
			v4[part] = byte(number)
			part++
			number, digits = 0, 0
		default:
			ap, err := netip.ParseAddrPort(string(text))
			return ap, err == nil
		}
	}
	return netip.AddrPortFrom(netip.AddrFrom4(v4), uint16(number)), part == 4 && digits > 0 && number < 1<<16
}

// destination reads what an endpoint string dials, as far as it says so at its beginning: "tcp:HOST:PORT",
// "unix:PATH". Whether the string is right is the host's to say.
func destination(endpoint string) protocol.Address {
	fields := endpointFields(endpoint, 3)
	if fields[0] == "unix" {
		return protocol.UNIXAddress{Name: fields[1]}
	}
	port, _ := strconv.Atoi(fields[2])
	if ip, err := netip.ParseAddr(fields[1]); err == nil {
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, uint16(port))}
	}
	return protocol.HostnameAddress{Host: fields[1], Port: port}
}

// endpointFields returns the first n arguments of an endpoint string, with the escapes taken out and the missing ones
// empty.
func endpointFields(endpoint string, n int) []string {
	fields := make([]string, n)
	at, field := 0, []byte(nil)
	for i := 0; i < len(endpoint) && at < n; i++ {
		switch c := endpoint[i]; {
		case c == '\\' && i+1 < len(endpoint):
			i++
			field = append(field, endpoint[i])
		case c == ':':
			fields[at], field = string(field), field[:0]
			at++
		default:
			field = append(field, c)
		}
	}
	if at < n {
		fields[at] = string(field)
	}
	return fields
}
