package host

import (
	"net/netip"
	"sync"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// peers counts a service's connections by the address they come from.
type peers struct {
	mu    sync.Mutex
	count map[netip.Addr]int64
}

// enter counts a connection from addr, unless there are most already.
func (p *peers) enter(addr netip.Addr, most int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[addr] >= most {
		return false
	}
	if p.count == nil {
		p.count = map[netip.Addr]int64{}
	}
	p.count[addr]++
	return true
}

func (p *peers) leave(addr netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[addr]--; p.count[addr] <= 0 {
		delete(p.count, addr)
	}
}

func (p *peers) has(addr netip.Addr, most int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count[addr] >= most
}

// peerOf is the address by which a peer is counted, if it is: its IPv4 address, or the /64 its IPv6 address is in,
// which is what one customer has. Where the limit is the default, this machine's own addresses do not count, since a
// proxy in front of the service would have everything come from there.
func (s *Service) peerOf(addr protocol.Address) (netip.Addr, bool) {
	tcp, ok := addr.(protocol.TCPAddress)
	if !ok || s.limits.PerPeer <= 0 {
		return netip.Addr{}, false
	}
	a := tcp.Addr().WithZone("").Unmap()
	if !s.perPeerSet && a.IsLoopback() {
		return netip.Addr{}, false
	}
	if a.Is6() {
		network, _ := a.Prefix(64)
		a = network.Addr()
	}
	return a, true
}

// mayAdmit reports whether a connection from addr would be admitted now. It counts nothing: the connection may still
// come to nothing.
func (s *Service) mayAdmit(addr protocol.Address) bool {
	if most := s.limits.Connections; most > 0 && s.roots.Load() >= most {
		s.breach(nil, nil, "connections")
		return false
	}
	if peer, ok := s.peerOf(addr); ok && s.peers.has(peer, s.limits.PerPeer) {
		s.breach(nil, nil, "per-peer")
		return false
	}
	if s.circuitOpen() {
		s.totals.Refused.Add(1)
		return false
	}
	return true
}

// admit counts a connection in. dismiss counts it out again.
func (s *Service) admit(c *conn) bool {
	if n := s.roots.Add(1); s.limits.Connections > 0 && n > s.limits.Connections {
		s.roots.Add(-1)
		s.breach(nil, nil, "connections")
		return false
	}
	if peer, ok := s.peerOf(c.t.Peer()); ok && !s.peers.enter(peer, s.limits.PerPeer) {
		s.roots.Add(-1)
		s.breach(nil, nil, "per-peer")
		return false
	}
	return true
}

func (s *Service) dismiss(c *conn) {
	s.roots.Add(-1)
	if peer, ok := s.peerOf(c.t.Peer()); ok {
		s.peers.leave(peer)
	}
}
