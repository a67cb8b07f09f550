// Package addrclass tells addresses of the public internet from those that lead somewhere a stranger has no business:
// this machine, its networks, the cloud's metadata service.
package addrclass

import "net/netip"

// Class says where an address leads.
type Class int

// The classes.
const (
	Public    Class = iota // the internet
	Loopback               // this machine, the unspecified address included: connecting to 0.0.0.0 reaches loopback
	Private                // RFC 1918, unique local, shared address space of carriers
	LinkLocal              // link-local; 169.254.169.254 of cloud metadata services among them
	Other                  // multicast, broadcast, documentation, reserved
)

var names = [...]string{"public", "loopback", "private", "link-local", "reserved"}

func (c Class) String() string { return names[c] }

var special = []struct {
	prefix netip.Prefix
	class  Class
}{
	// IPv4: RFC 6890 and the IANA special-purpose registry.
	{netip.MustParsePrefix("0.0.0.0/8"), Loopback},
	{netip.MustParsePrefix("127.0.0.0/8"), Loopback},
	{netip.MustParsePrefix("10.0.0.0/8"), Private},
	{netip.MustParsePrefix("172.16.0.0/12"), Private},
	{netip.MustParsePrefix("192.168.0.0/16"), Private},
	{netip.MustParsePrefix("100.64.0.0/10"), Private},
	{netip.MustParsePrefix("169.254.0.0/16"), LinkLocal},
	{netip.MustParsePrefix("192.0.0.0/24"), Other},
	{netip.MustParsePrefix("192.0.2.0/24"), Other},
	{netip.MustParsePrefix("192.88.99.0/24"), Other},
	{netip.MustParsePrefix("198.18.0.0/15"), Other},
	{netip.MustParsePrefix("198.51.100.0/24"), Other},
	{netip.MustParsePrefix("203.0.113.0/24"), Other},
	{netip.MustParsePrefix("224.0.0.0/3"), Other}, // multicast, reserved, broadcast
	// IPv6.
	{netip.MustParsePrefix("::/128"), Loopback},
	{netip.MustParsePrefix("::1/128"), Loopback},
	{netip.MustParsePrefix("fc00::/7"), Private},
	{netip.MustParsePrefix("fec0::/10"), Private},
	{netip.MustParsePrefix("fe80::/10"), LinkLocal},
	{netip.MustParsePrefix("ff00::/8"), Other},
	{netip.MustParsePrefix("100::/64"), Other},
	{netip.MustParsePrefix("2001:db8::/32"), Other},
	{netip.MustParsePrefix("3fff::/20"), Other},
	{netip.MustParsePrefix("5f00::/16"), Other},
}

// embedded are the ranges of IPv6 addresses that carry an IPv4 address to which a gateway may forward.
var embedded = []struct {
	prefix netip.Prefix
	offset int // of the four bytes
	invert bool
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12, false},   // NAT64
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12, false}, // NAT64, local use, with the usual /96 under it
	{netip.MustParsePrefix("2002::/16"), 2, false},       // 6to4
	{netip.MustParsePrefix("2001::/32"), 12, true},       // Teredo
	{netip.MustParsePrefix("::/96"), 12, false},          // IPv4-compatible
}

// Of classifies a. An IPv6 address that carries an IPv4 address is what that one is, and [Other] where it is public:
// a gateway in between decides where it leads.
func Of(a netip.Addr) Class {
	a = a.WithZone("").Unmap()
	if !a.IsValid() {
		return Other
	}
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.class
		}
	}
	for _, e := range embedded {
		if !e.prefix.Contains(a) {
			continue
		}
		all := a.As16()
		four := [4]byte(all[e.offset : e.offset+4])
		if e.invert {
			for i := range four {
				four[i] = ^four[i]
			}
		}
		if c := Of(netip.AddrFrom4(four)); c != Public {
			return c
		}
		return Other
	}
	return Public
}
