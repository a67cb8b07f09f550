package socks

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// code is a reply's, as RFC 1928, 6 numbers them.
type code byte

const (
	granted          code = 0
	generalFailure   code = 1
	notAllowed       code = 2
	hostUnreachable  code = 4
	refused          code = 5
	unknownCommand   code = 7
	unknownAddress   code = 8
	granted4         byte = 90 // SOCKS 4 has two codes only that fit
	rejected4        byte = 91
	noMethod         byte = 0xff
	methodNone       byte = 0
	methodPassword   byte = 2
	passwordAccepted byte = 0
	passwordRefused  byte = 1
)

// codeOf says why something failed.
func codeOf(err error) code {
	switch {
	case errors.Is(err, errAddress):
		return unknownAddress
	case errors.Is(err, protocol.ErrDenied):
		return notAllowed
	}
	switch protocol.ReasonOf(err) {
	case protocol.ErrConnectionRefused:
		return refused
	case protocol.ErrTimeout, protocol.ErrNoRoute, protocol.ErrDNSLookup:
		return hostUnreachable
	}
	return generalFailure
}

// reply4 is a reply of SOCKS 4. It has no room for an IPv6 address, in whose place it gives none.
func reply4(c code, addr netip.AddrPort) []byte {
	b := make([]byte, 8)
	b[1] = rejected4
	if c == granted {
		b[1] = granted4
	}
	binary.BigEndian.PutUint16(b[2:], addr.Port())
	if ip := addr.Addr().Unmap(); ip.Is4() {
		copy(b[4:], ip.AsSlice())
	}
	return b
}

// reply5 is a reply of SOCKS 5: RFC 1928, 6.
func reply5(c code, addr netip.AddrPort) []byte {
	return appendAddress([]byte{version5, byte(c), 0}, addr)
}

// appendAddress appends a kind of address, an address and a port. An invalid address is 0.0.0.0.
func appendAddress(b []byte, addr netip.AddrPort) []byte {
	ip := addr.Addr().Unmap()
	switch {
	case !ip.IsValid():
		ip = netip.IPv4Unspecified()
		fallthrough
	case ip.Is4():
		b = append(b, atypIPv4)
	default:
		b = append(b, atypIPv6)
	}
	b = append(b, ip.AsSlice()...)
	return binary.BigEndian.AppendUint16(b, addr.Port())
}

// addrPort is the address of an end of a connection; that of a UNIX socket is not valid.
func addrPort(a protocol.Address) netip.AddrPort {
	switch a := a.(type) {
	case protocol.TCPAddress:
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	case protocol.UDPAddress:
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	return netip.AddrPort{}
}
