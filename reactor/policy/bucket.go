package policy

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Bucket is a token bucket: it fills at a rate of bytes a second up to its burst, and bytes that go through it take
// from it. Within any time t no more than burst + rate·t bytes go through. Buckets form trees: what goes through a
// bucket goes through its parent too, so that many connections share the parent's rate and each keeps to its own.
//
// A burst shorter than the loop's pauses costs throughput: what could have gone meanwhile is not made up for.
//
// Whoever finds it empty reserves what is still to come and waits, so that all who wait get their turn in order. Any
// goroutine may use a bucket; it has no lock. Its state is one number, the time at which it is empty of debt: the
// "virtual scheduling" form of the algorithm (GCRA, ITU-T I.371).
type Bucket struct {
	parent *Bucket
	rate   int64
	burst  int64
	depth  int64 // the time that burst lasts, in nanoseconds

	start sync.Once
	epoch time.Time
	// paid is the time, in nanoseconds after epoch, until which the bytes let through so far have been paid for.
	paid atomic.Int64
	refs atomic.Int64 // connections that use it, for HostBuckets
}

// maxRate keeps times and products within 64 bits; it is 1 TB a second.
const maxRate = 1e12

// NewBucket returns a full bucket of rate bytes a second. burst is in bytes, 0 for what a second fills. parent may be
// nil. A rate or burst that is negative, zero (the rate) or above 10^12 panics.
func NewBucket(rate, burst int, parent *Bucket) *Bucket {
	if burst == 0 {
		burst = rate
	}
	if rate <= 0 || rate > maxRate || burst < 0 || burst > maxRate {
		panic(fmt.Sprintf("policy: bucket of %d bytes a second with a burst of %d", rate, burst))
	}
	b := &Bucket{parent: parent, rate: int64(rate), burst: int64(burst)}
	b.depth = b.duration(burst)
	return b
}

// duration is the time in nanoseconds that n bytes take.
func (b *Bucket) duration(n int) int64 {
	d := float64(n) / float64(b.rate) * float64(time.Second)
	return int64(math.Round(min(d, math.MaxInt64/4)))
}

// quantum is the largest number of bytes that may go through at once.
func (b *Bucket) quantum() int {
	n := b.burst
	for p := b.parent; p != nil; p = p.parent {
		n = min(n, p.burst)
	}
	return int(n)
}

// take takes n bytes out of the bucket and its ancestors, and returns how long to wait before they conform: 0 if they
// may go at once.
func (b *Bucket) take(now time.Time, n int) time.Duration {
	var wait int64
	for ; b != nil; b = b.parent {
		wait = max(wait, b.takeOne(now, n))
	}
	return time.Duration(wait)
}

func (b *Bucket) takeOne(now time.Time, n int) int64 {
	b.start.Do(func() { b.epoch = now })
	at, cost := int64(now.Sub(b.epoch)), b.duration(n)
	for {
		// A full bucket has been paid for up to now; one that is emptied at once, depth further.
		before := b.paid.Load()
		after := max(before, at) + cost
		if b.paid.CompareAndSwap(before, after) {
			return max(0, after-at-b.depth)
		}
	}
}

// give puts back n bytes that were taken and did not go.
func (b *Bucket) give(n int) {
	for ; b != nil; b = b.parent {
		b.paid.Add(-b.duration(n))
	}
}

// full reports whether nothing is missing.
func (b *Bucket) full(now time.Time) bool {
	b.start.Do(func() { b.epoch = now })
	return b.paid.Load() <= int64(now.Sub(b.epoch))
}
