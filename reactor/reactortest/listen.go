package reactortest

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Port is something that listens in a Reactor's memory.
type Port struct {
	r       *Reactor
	host    protocol.Address
	factory protocol.Factory
	tls     bool
	closed  bool
}

// Listen implements protocol.Reactor, for tcp, tcp6, unix, ssl and tls. The key and certificate files of the latter two
// must exist; they are not used.
func (r *Reactor) Listen(text string, f protocol.Factory) (protocol.Port, error) {
	s, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(err)
	}
	return r.ListenEndpoint(s, f)
}

// ListenEndpoint is Listen for a string that is parsed already.
func (r *Reactor) ListenEndpoint(s *endpoint.Server, f protocol.Factory) (protocol.Port, error) {
	switch {
	case r.stopped:
		return nil, protocol.ErrCannotListen.Because(protocol.ErrShutdown)
	case s.Proxy:
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("haproxy in memory: %w (wrap the factory: policy.NewProxyFactory)", protocol.ErrUnsupported))
	}
	var host protocol.Address
	switch s.Network {
	case "tcp", "tcp6":
		address, err := r.bind(s.Network == "tcp6", s.Address)
		if err != nil {
			return nil, protocol.ErrCannotListen.Because(err)
		}
		host = protocol.TCPAddress{AddrPort: address}
	case "unix":
		host = protocol.UNIXAddress{Name: s.Address}
	default:
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s in memory: %w", s.Network, protocol.ErrUnsupported))
	}
	for _, p := range r.ports {
		if p.host == host {
			return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s is taken", host))
		}
	}
	if err := r.factories.start(f); err != nil {
		return nil, protocol.ErrCannotListen.Because(err)
	}
	p := &Port{r: r, host: host, factory: f, tls: s.TLS != nil}
	r.ports = append(r.ports, p)
	return p, nil
}

// bind reads a server's address and finds it a port.
func (r *Reactor) bind(six bool, address string) (netip.AddrPort, error) {
	colon := strings.LastIndexByte(address, ':')
	text := strings.Trim(address[:colon], "[]")
	ip := netip.IPv4Unspecified()
	if six {
		ip = netip.IPv6Unspecified()
	}
	if text != "" {
		a, err := r.resolveOne(text)
		if err != nil {
			return netip.AddrPort{}, err
		}
		ip = a
	}
	port, err := strconv.ParseUint(address[colon+1:], 10, 16)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if port == 0 {
		return r.local(ip), nil
	}
	return netip.AddrPortFrom(ip, uint16(port)), nil
}

// local is an address with a port that nobody has.
func (r *Reactor) local(ip netip.Addr) netip.AddrPort {
	r.ephemeral++
	return netip.AddrPortFrom(ip, r.ephemeral)
}

// listener finds who listens at an address.
func (r *Reactor) listener(address protocol.Address) *Port {
	for _, p := range r.ports {
		if p.host == address {
			return p
		}
		want, ok := address.(protocol.TCPAddress)
		if host, tcp := p.host.(protocol.TCPAddress); ok && tcp && serves(host.AddrPort, want.AddrPort) {
			return p
		}
	}
	return nil
}

// serves reports whether something bound to host is reached at address.
func serves(host, address netip.AddrPort) bool {
	if host.Port() != address.Port() {
		return false
	}
	ip := host.Addr()
	return ip == address.Addr() || ip.IsUnspecified() && (ip.Is6() || address.Addr().Is4())
}

// Host implements protocol.Port.
func (p *Port) Host() protocol.Address { return p.host }

// StopListening implements protocol.Port.
func (p *Port) StopListening() {
	if p.closed {
		return
	}
	p.closed = true
	for i, other := range p.r.ports {
		if other == p {
			p.r.ports = append(p.r.ports[:i:i], p.r.ports[i+1:]...)
			break
		}
	}
	p.r.soon(func() { p.r.factories.stop(p.factory) })
}
