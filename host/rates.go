package host

import (
	"math"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A bucket holds what may be spent: up to a second's worth, refilled with the ticks. What is spent beyond that is a
// debt, which has to be paid back before anything else. The zero bucket is unlimited.
type bucket struct {
	rate   int64 // a second; 0: unlimited
	have   int64
	filled int64 // tick of the last refill
	rest   int64 // what it left over, in parts of ticksPerSecond
}

const ticksPerSecond = int64(1e9 / tick)

func newBucket(rate, now int64) bucket {
	if rate <= 0 {
		return bucket{}
	}
	return bucket{rate: rate, have: rate, filled: now}
}

// spend takes n and reports whether the bucket is in debt.
func (b *bucket) spend(n, now int64) bool {
	if b.rate == 0 {
		return false
	}
	b.refill(now)
	b.have -= n
	return b.have < 0
}

func (b *bucket) refill(now int64) {
	passed := now - b.filled
	if b.rate == 0 || passed <= 0 {
		return
	}
	b.filled = now
	if passed >= ticksPerSecond && b.have >= 0 {
		b.have, b.rest = b.rate, 0
		return
	}
	// Not rate*passed, which could overflow; nor may what it lacks, where a debt is older than any rate pays.
	passed = min(passed, math.MaxInt64/(b.rate/ticksPerSecond+1)/2)
	b.rest += b.rate % ticksPerSecond * passed
	gain := b.rate/ticksPerSecond*passed + b.rest/ticksPerSecond
	b.rest %= ticksPerSecond
	if b.have >= b.rate-gain {
		b.have, b.rest = b.rate, 0
	} else {
		b.have += gain
	}
}

func (b *bucket) debt() int64 { return -b.have }

// rates are what a connection may use a second.
type rates struct {
	fuel, in, out bucket
}

func newRates(l *Limits, now int64) rates {
	return rates{
		in:   newBucket(l.RateIn, now),
		out:  newBucket(l.RateOut, now),
		fuel: newBucket(l.FuelRate, now),
	}
}

func (r *rates) inDebt() bool { return r.in.have < 0 || r.out.have < 0 || r.fuel.have < 0 }

// pay puts fuel on the connection's bill.
func (c *conn) pay(fuel int64) {
	c.bill.Calls++
	c.bill.Fuel += uint64(fuel)
	r := &c.rates
	if !r.fuel.spend(fuel, c.shard.clock.now()) {
		return
	}
	if r.fuel.debt() > 4*max(c.svc.limits.Fuel, r.fuel.rate) {
		c.breach("fuel-rate", protocol.ErrLimit)
		return
	}
	c.slow()
}

// hurried makes a peer wait that sends faster than it may. That it does so is counted once.
func (c *conn) hurried() {
	if c.state&connHurried == 0 {
		c.state |= connHurried
		c.svc.breach(c.inst, c, "rate-in")
	}
	c.slow()
}

// slow stops reading from the peer until the debt is paid.
func (c *conn) slow() {
	if c.hold&holdRate == 0 && c.state&(connLosing|connMade) == connMade {
		c.pause(holdRate)
		c.shard.clock.add(&c.Entry, 1)
	}
}

// quiet asks the guest to stop writing until the debt is paid. A pull producer is not told: it is asked for no more
// meanwhile.
func (c *conn) quiet() {
	if c.state&(connPaused|connPausedByRate) != 0 {
		return
	}
	c.state |= connPausedByRate
	if c.state&connPull == 0 {
		c.inst.postpone(c.hush)
	}
}

// hush tells the guest to pause, unless what it has done since has made that untrue.
func (c *conn) hush() (here bool) {
	if c.state&(connPausedByRate|connPull) != connPausedByRate {
		return true
	}
	return c.event(abi.PauseProducing)
}

// refill lets the connection go on when it is out of debt.
func (c *conn) refill(now int64) {
	r := &c.rates
	if c.hold&holdRate == 0 && c.state&connPausedByRate == 0 {
		return
	}
	r.in.refill(now)
	r.out.refill(now)
	r.fuel.refill(now)
	if r.inDebt() {
		return
	}
	c.release(holdRate)
	if c.state&connPausedByRate != 0 {
		c.state &^= connPausedByRate
		flushes := c.state&connPull != 0 && c.t.Buffered() > 0 // and the transport asks a pull producer for more then
		if c.state&connPaused == 0 && !flushes {
			// Not from here: a call may take this goroutine from the loop, in the middle of the clock's work.
			c.shard.loop.CallLater(0, func() { c.event(abi.ResumeProducing) })
		}
	}
}
