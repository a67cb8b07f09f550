package policy

import (
	"sync"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// LimitTotalConnectionsFactory limits how many connections of a factory there are at a time. Those beyond are refused,
// or get a protocol that can tell their peers so.
type LimitTotalConnectionsFactory struct {
	WrappingFactory
	overflow protocol.Factory
	limit    int64
	count    atomic.Int64
	excess   atomic.Int64
}

var _ protocol.ClientFactory = (*LimitTotalConnectionsFactory)(nil)

// NewLimitTotalConnectionsFactory lets f have limit connections. The ones beyond get a protocol of overflow, of which
// there can be as many again; without it, and beyond that, connections are refused.
func NewLimitTotalConnectionsFactory(
	f protocol.Factory, limit int, overflow protocol.Factory,
) *LimitTotalConnectionsFactory {
	return &LimitTotalConnectionsFactory{WrappingFactory: WrappingFactory{f}, limit: int64(limit), overflow: overflow}
}

// Connections is the number of connections now, without those of the overflow factory. Any goroutine may call it.
func (f *LimitTotalConnectionsFactory) Connections() int { return int(f.count.Load()) }

// BuildProtocol implements [protocol.Factory].
func (f *LimitTotalConnectionsFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	if f.count.Add(1) <= f.limit {
		return counted(f.Factory, addr, func() { f.count.Add(-1) })
	}
	f.count.Add(-1)
	if f.overflow == nil {
		return nil
	}
	if f.excess.Add(1) <= f.limit {
		return counted(f.overflow, addr, func() { f.excess.Add(-1) })
	}
	f.excess.Add(-1)
	return nil
}

// DefaultPerPeer is the number of connections a peer may have if no other is given.
const DefaultPerPeer = 5

// LimitConnectionsByPeer limits how many connections of a factory each peer may have at a time. Those beyond are
// refused. A peer is an IPv4 address, or a network of IPv6 addresses: a single machine usually has a /64 of those to
// itself. Peers without an IP address, on UNIX sockets, are not limited.
type LimitConnectionsByPeer struct {
	WrappingFactory
	limit int
	bits  int
	mu    sync.Mutex
	count map[host]int
}

var _ protocol.ClientFactory = (*LimitConnectionsByPeer)(nil)

// NewLimitConnectionsByPeer lets each peer have limit connections to f (0: [DefaultPerPeer]). IPv6 addresses that have
// their first bits6 bits in common are one peer (0: 64).
func NewLimitConnectionsByPeer(f protocol.Factory, limit, bits6 int) *LimitConnectionsByPeer {
	if limit == 0 {
		limit = DefaultPerPeer
	}
	return &LimitConnectionsByPeer{
		WrappingFactory: WrappingFactory{f}, limit: limit, bits: bits6, count: map[host]int{},
	}
}

// BuildProtocol implements [protocol.Factory].
func (f *LimitConnectionsByPeer) BuildProtocol(addr protocol.Address) protocol.Protocol {
	peer, ok := hostOf(addr, f.bits)
	if !ok {
		return f.Factory.BuildProtocol(addr)
	}
	if !f.acquire(peer) {
		return nil
	}
	return counted(f.Factory, addr, func() { f.release(peer) })
}

func (f *LimitConnectionsByPeer) acquire(peer host) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count[peer] >= f.limit {
		return false
	}
	f.count[peer]++
	return true
}

func (f *LimitConnectionsByPeer) release(peer host) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count[peer]--; f.count[peer] == 0 {
		delete(f.count, peer)
	}
}

// countedProtocol is a connection that is counted.
type countedProtocol struct {
	ProtocolWrapper
	release func()
}

// counted returns a protocol of f that has release called when its connection is lost. If f builds none, or panics,
// release is called now.
func counted(f protocol.Factory, addr protocol.Address, release func()) protocol.Protocol {
	var inner protocol.Protocol
	defer func() {
		if inner == nil {
			release()
		}
	}()
	if inner = f.BuildProtocol(addr); inner == nil {
		return nil
	}
	return Expose(&countedProtocol{ProtocolWrapper{Protocol: inner}, release}, inner)
}

func (p *countedProtocol) ConnectionLost(reason error) {
	p.release()
	p.Protocol.ConnectionLost(reason)
}
