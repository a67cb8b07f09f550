package policy

import (
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Buckets chooses the buckets of connections.
type Buckets interface {
	// Acquire returns the bucket of a new connection with peer, or nil for one that is not throttled. now is the time
	// of the connection's clock.
	Acquire(peer protocol.Address, now time.Time) *Bucket
	// Release is called with the bucket when the connection is over.
	Release(b *Bucket)
}

// Shared has all connections share one bucket.
func Shared(b *Bucket) Buckets { return sharedBucket{b} }

type sharedBucket struct{ b *Bucket }

func (s sharedBucket) Acquire(protocol.Address, time.Time) *Bucket { return s.b }
func (s sharedBucket) Release(*Bucket)                             {}

// PerConnection gives each connection a bucket of its own; see [NewBucket] for the arguments.
func PerConnection(rate, burst int, parent *Bucket) Buckets {
	NewBucket(rate, burst, parent) // refuses wrong numbers now and not with the first connection
	return perConnection{rate, burst, parent}
}

type perConnection struct {
	rate, burst int
	parent      *Bucket
}

func (p perConnection) Acquire(protocol.Address, time.Time) *Bucket {
	return NewBucket(p.rate, p.burst, p.parent)
}
func (p perConnection) Release(*Bucket) {}

// sweepAt is how many buckets there are at least when the ones that are not used any more are looked for.
const sweepAt = 64

// hostBuckets is [PerHost].
type hostBuckets struct {
	rate, burst int
	parent      *Bucket

	mu      sync.Mutex
	buckets map[host]*Bucket
	sweep   int // number of buckets at which to sweep
}

// PerHost has the connections of each host share a bucket; see [NewBucket] for the arguments. A host is an IPv4
// address or an IPv6 network of 64 bits; peers without an IP address are one host. A bucket outlives its connections
// until it is full, so that nothing is gained by connecting anew.
func PerHost(rate, burst int, parent *Bucket) Buckets {
	NewBucket(rate, burst, parent)
	return &hostBuckets{rate: rate, burst: burst, parent: parent, buckets: map[host]*Bucket{}, sweep: sweepAt}
}

func (h *hostBuckets) Acquire(peer protocol.Address, now time.Time) *Bucket {
	key, _ := hostOf(peer, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.buckets[key]
	if b == nil {
		if len(h.buckets) >= h.sweep {
			for key, b := range h.buckets {
				if b.refs.Load() == 0 && b.full(now) {
					delete(h.buckets, key)
				}
			}
			h.sweep = max(sweepAt, 2*len(h.buckets))
		}
		b = NewBucket(h.rate, h.burst, h.parent)
		h.buckets[key] = b
	}
	b.refs.Add(1)
	return b
}

func (h *hostBuckets) Release(b *Bucket) { b.refs.Add(-1) }
