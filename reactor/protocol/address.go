package protocol

import (
	"net/netip"
	"strconv"
)

// Address is one end of a connection: a [TCPAddress], [UDPAddress], [UNIXAddress] or [HostnameAddress]. String gives
// the form users write ("127.0.0.1:80", "[::1]:80", a path).
type Address interface {
	Network() string
	String() string
}

// TCPAddress is the IPv4 or IPv6 address of a TCP endpoint (Twisted's IPv4Address and IPv6Address).
type TCPAddress struct{ netip.AddrPort }

// Network implements [Address].
func (TCPAddress) Network() string { return "tcp" }

// UDPAddress is the IPv4 or IPv6 address of a UDP endpoint.
type UDPAddress struct{ netip.AddrPort }

// Network implements [Address].
func (UDPAddress) Network() string { return "udp" }

// UNIXAddress is the name of a UNIX socket: a path, an abstract name beginning with "@", or empty for the unnamed end
// of a client.
type UNIXAddress struct{ Name string }

// Network implements [Address].
func (UNIXAddress) Network() string { return "unix" }

func (a UNIXAddress) String() string { return a.Name }

// HostnameAddress is a name and port that have not been resolved.
type HostnameAddress struct {
	Host string
	Port int
}

// Network implements [Address].
func (HostnameAddress) Network() string { return "tcp" }

func (a HostnameAddress) String() string { return a.Host + ":" + strconv.Itoa(a.Port) }

// PipeAddress is an end of a connection that has no network address: standard input and output, an in-memory
// transport.
type PipeAddress struct{ Name string }

// Network implements [Address].
func (PipeAddress) Network() string { return "pipe" }

func (a PipeAddress) String() string { return a.Name }
