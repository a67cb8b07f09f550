package blocking

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// text is an address that is not an IP address: a name that was dialled, a service.
type text struct{ network, address string }

func (t text) Network() string { return t.network }
func (t text) String() string  { return t.address }

// netAddr is a in the types of package net.
func netAddr(a protocol.Address) net.Addr {
	switch a := a.(type) {
	case protocol.TCPAddress:
		return net.TCPAddrFromAddrPort(a.AddrPort)
	case protocol.UDPAddress:
		return net.UDPAddrFromAddrPort(a.AddrPort)
	case protocol.UNIXAddress:
		return &net.UnixAddr{Name: a.Name, Net: "unix"}
	case nil:
		return text{"pipe", ""}
	}
	return text{a.Network(), a.String()}
}

// knownAddr is an address in the types of package net, made when it is first asked for.
type knownAddr struct{ made atomic.Pointer[net.Addr] }

func (k *knownAddr) of(a func() protocol.Address) net.Addr {
	if known := k.made.Load(); known != nil {
		return *known
	}
	addr := netAddr(a())
	k.made.Store(&addr)
	return addr
}

// addrPort reads the address a datagram is sent to.
func addrPort(a net.Addr) (netip.AddrPort, error) {
	if u, ok := a.(*net.UDPAddr); ok {
		ap := u.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
	}
	if a == nil {
		return netip.AddrPort{}, errors.New("is missing")
	}
	return netip.ParseAddrPort(a.String())
}

var quoter = strings.NewReplacer(`\`, `\\`, `:`, `\:`, `=`, `\=`)

// clientEndpoint is what Dial's arguments are in the words of the ABI.
func clientEndpoint(network, address string) (string, error) {
	switch network {
	case "unix":
		return "unix:" + quoter.Replace(address), nil
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "tls":
	default:
		return "", net.UnknownNetworkError(network)
	}
	host, port, err := split(network, address)
	if err != nil {
		return "", err
	}
	if host == "" {
		host = "127.0.0.1"
		if strings.HasSuffix(network, "6") {
			host = "::1"
		}
	}
	return strings.TrimRight(network, "46") + ":" + quoter.Replace(host) + ":" + port, nil
}

// serverEndpoint is the same for Listen and ListenPacket.
func serverEndpoint(network, address string) (string, error) {
	switch network {
	case "unix":
		return "unix:" + quoter.Replace(address), nil
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
	default:
		return "", net.UnknownNetworkError(network)
	}
	host, port, err := split(network, address)
	if err != nil {
		return "", err
	}
	scheme := strings.TrimSuffix(network, "4")
	if host == "" {
		return scheme + ":" + port, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && !strings.HasSuffix(scheme, "6") {
		scheme += "6"
	}
	return scheme + ":" + port + ":interface=" + quoter.Replace(host), nil
}

// split takes "host:port" apart. The names of ports are those of package net.
func split(network, address string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(address)
	if err != nil {
		return "", "", err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		n, err := net.LookupPort(strings.TrimRight(strings.Replace(network, "tls", "tcp", 1), "46"), port)
		if err != nil {
			return "", "", err
		}
		port = strconv.Itoa(n)
	}
	return host, port, nil
}
