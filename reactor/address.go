package reactor

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// listenAddress is where a tcp or tcp6 endpoint listens.
func listenAddress(e *endpoint.Server) (protocol.TCPAddress, error) {
	var at protocol.TCPAddress
	host, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return at, err
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return at, err
	}
	six := strings.HasSuffix(e.Network, "6")
	ip := netip.IPv4Unspecified()
	if six {
		ip = netip.IPv6Unspecified()
	}
	if host != "" {
		if ip, err = netip.ParseAddr(host); err != nil {
			return at, fmt.Errorf("interface %q is not an IP address", host)
		}
		if ip.Is4() == six {
			return at, fmt.Errorf("interface %q is not an address of %s", host, e.Network)
		}
	}
	at.AddrPort = netip.AddrPortFrom(ip, uint16(number))
	return at, nil
}

// fromNet translates an address of package net.
func fromNet(a net.Addr) protocol.Address {
	switch a := a.(type) {
	case *net.TCPAddr:
		at := a.AddrPort()
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(at.Addr().Unmap(), at.Port())}
	case *net.UnixAddr:
		return unixAddress(a.Name)
	}
	return protocol.PipeAddress{}
}

// unixAddress is the address of a socket that the system calls name: "@" is the unnamed one.
func unixAddress(name string) protocol.UNIXAddress {
	if name == "@" {
		name = ""
	}
	return protocol.UNIXAddress{Name: name}
}
