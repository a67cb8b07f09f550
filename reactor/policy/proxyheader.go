package policy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// ProxyHeader is the header of the PROXY protocol, with which a proxy tells the server behind it whom it speaks for
// (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
type ProxyHeader struct {
	// Version is 1, the textual form, or 2, the binary one.
	Version int
	// Source and Destination are the ends of the connection that the proxy accepted. Both are nil if the header does
	// not say: the proxy speaks for itself, or does not know.
	Source, Destination protocol.Address
}

// Errors of [ParseProxyHeader].
var (
	// ErrProxyHeader is in the chain of every error about a header that is not right.
	ErrProxyHeader = errors.New("no valid PROXY protocol header")
	// ErrProxyIncomplete says that the header is right so far and goes on.
	ErrProxyIncomplete = errors.New("incomplete PROXY protocol header")
)

const (
	// maxProxyV1 is the longest header of version 1, with the line end.
	maxProxyV1 = 107
	// MaxProxyHeader is the longest header that is accepted, in bytes. Version 2 could have up to 64 KiB of further
	// fields, before anything is known of the peer; those in use fit many times over.
	MaxProxyHeader = 4096
)

// ParseProxyHeader reads the header at the start of data, and returns its length. It fails with [ErrProxyIncomplete] if
// data ends before the header does; an error that wraps [ErrProxyHeader] is final, and comes with the first byte that is
// wrong or the first that is too many.
func ParseProxyHeader(data []byte) (h ProxyHeader, length int, err error) {
	switch {
	case len(data) == 0:
		return ProxyHeader{}, 0, ErrProxyIncomplete
	case data[0] == proxyV2Signature[0]:
		return parseProxyV2(data)
	}
	return parseProxyV1(data)
}

// badProxyHeader is an error that wraps ErrProxyHeader.
func badProxyHeader(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProxyHeader, fmt.Sprintf(format, args...))
}

// AppendProxyHeader appends h in its version's form. Source and destination of different families are written in one
// that has room for both; addresses that the version cannot express, and nil, become "unknown". It panics on a version
// other than 1 and 2.
func AppendProxyHeader(dst []byte, h ProxyHeader) []byte {
	source, destination, inet := ipEnds(h)
	switch h.Version {
	case 1:
		if !inet {
			return append(dst, "PROXY UNKNOWN\r\n"...)
		}
		family := "TCP4"
		if source.Addr().Is6() {
			family = "TCP6"
		}
		return fmt.Appendf(dst, "PROXY %s %s %s %d %d\r\n",
			family, source.Addr(), destination.Addr(), source.Port(), destination.Port())
	case 2:
		return appendProxyV2(dst, h, source, destination, inet)
	}
	panic(fmt.Sprintf("policy: PROXY protocol version %d", h.Version))
}

// ipEnds returns both ends of h in the same family; inet is false if they are not IP addresses.
func ipEnds(h ProxyHeader) (source, destination netip.AddrPort, inet bool) {
	source, destination = ipEnd(h.Source), ipEnd(h.Destination)
	if !source.IsValid() || !destination.IsValid() {
		return source, destination, false
	}
	if source.Addr().Is4() != destination.Addr().Is4() {
		source, destination = in6(source), in6(destination)
	}
	return source, destination, true
}

func ipEnd(a protocol.Address) netip.AddrPort {
	switch a := a.(type) {
	case protocol.TCPAddress:
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	case protocol.UDPAddress:
		return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
	}
	return netip.AddrPort{}
}

func in6(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

func appendProxyV2(dst []byte, h ProxyHeader, source, destination netip.AddrPort, inet bool) []byte {
	dst = append(dst, proxyV2Signature...)
	from, isUNIX := h.Source.(protocol.UNIXAddress)
	to, bothUNIX := h.Destination.(protocol.UNIXAddress)
	switch {
	case inet:
		transport := byte(proxyV2Stream)
		if _, datagram := h.Source.(protocol.UDPAddress); datagram {
			transport = proxyV2Datagram
		}
		family, length := byte(proxyV2Inet), uint16(proxyV2InetLength)
		if source.Addr().Is6() {
			family, length = proxyV2Inet6, proxyV2Inet6Length
		}
		dst = append(dst, proxyV2Proxy, family|transport)
		dst = binary.BigEndian.AppendUint16(dst, length)
		dst = append(dst, source.Addr().AsSlice()...)
		dst = append(dst, destination.Addr().AsSlice()...)
		dst = binary.BigEndian.AppendUint16(dst, source.Port())
		return binary.BigEndian.AppendUint16(dst, destination.Port())
	case isUNIX && bothUNIX && len(from.Name) <= proxyV2PathLength && len(to.Name) <= proxyV2PathLength:
		dst = append(dst, proxyV2Proxy, proxyV2UNIX|proxyV2Stream)
		dst = binary.BigEndian.AppendUint16(dst, proxyV2UNIXLength)
		return appendPath(appendPath(dst, from.Name), to.Name)
	}
	return append(dst, proxyV2Local, 0, 0, 0)
}

// appendPath appends a name in the form of sockaddr_un, where a zero byte begins an abstract one.
func appendPath(dst []byte, name string) []byte {
	var field [proxyV2PathLength]byte
	copy(field[:], name)
	if strings.HasPrefix(name, "@") {
		field[0] = 0
	}
	return append(dst, field[:]...)
}
