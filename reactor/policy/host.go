package policy

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// defaultBits6 is the length of the prefix that a machine on the IPv6 internet usually has to itself.
const defaultBits6 = 64

// host is what is taken for one peer: an IPv4 address, or a prefix of IPv6.
type host = netip.Prefix

// hostOf returns the host behind addr; ok is false if it is no IP address. bits6 is the length of IPv6 prefixes, 0 the
// default.
func hostOf(addr protocol.Address, bits6 int) (h host, ok bool) {
	var ip netip.Addr
	switch a := addr.(type) {
	case protocol.TCPAddress:
		ip = a.Addr()
	case protocol.UDPAddress:
		ip = a.Addr()
	}
	if ip = ip.Unmap().WithZone(""); !ip.IsValid() {
		return host{}, false
	}
	bits := ip.BitLen()
	if ip.Is6() {
		bits = bits6
		if bits == 0 {
			bits = defaultBits6
		}
	}
	h, err := ip.Prefix(bits)
	return h, err == nil
}
