package hostile

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// names is a resolver that answers from a table: what an attacker's name server says.
type names map[string][]string

// LookupNetIP implements reactor.Resolver.
func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, a := range n[host] {
		list = append(list, netip.MustParseAddr(a))
	}
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return list, nil
}

func resolving(r reactor.Resolver) option {
	return func(_ *host.Config, rc *reactor.Config) { rc.Resolver = r }
}

// A hanging resolver answers when it is told to.
type hanging struct {
	mu      sync.Mutex
	waiting int
	most    int
	asked   chan struct{}
	release chan struct{}
}

// LookupNetIP implements reactor.Resolver.
func (h *hanging) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	h.mu.Lock()
	h.waiting++
	h.most = max(h.most, h.waiting)
	h.mu.Unlock()
	select {
	case h.asked <- struct{}{}:
	default:
	}
	defer func() {
		h.mu.Lock()
		h.waiting--
		h.mu.Unlock()
	}()
	select {
	case <-h.release:
		return nil, errors.New("the name server failed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
