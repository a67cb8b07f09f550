package host

import (
	"time"

	"github.com/wasmnet/wasmnet/host/internal/wheel"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// tick is the accuracy of limits that are times or rates.
const tick = 100 * time.Millisecond

// ticks is d in ticks, rounded up.
func ticks(d time.Duration) int64 { return int64((d + tick - 1) / tick) }

// A clock drives the wheel of one loop, for all services of the host. It stands still while there is nothing on it,
// so an idle process is not woken.
type clock struct {
	loop  protocol.Reactor
	wheel *wheel.Wheel
	began time.Time
	going bool
}

// clockOf is the clock of loop.
func (h *Host) clockOf(loop protocol.Reactor) *clock {
	if c, ok := h.clocks.Load(loop); ok {
		return c.(*clock)
	}
	c, _ := h.clocks.LoadOrStore(loop, &clock{loop: loop, wheel: wheel.New(), began: loop.Now()})
	return c.(*clock)
}

// add puts e on the wheel and sees that the clock goes.
func (c *clock) add(e *wheel.Entry, after int64) {
	if !c.going {
		c.going = true
		c.catchUp()
		c.loop.CallLater(tick, c.tick)
	}
	c.wheel.Add(e, after)
}

// now is the tick that has begun last. It stands still with the clock.
func (c *clock) now() int64 { return c.wheel.Now() }

func (c *clock) tick() {
	c.catchUp()
	if c.wheel.Len() == 0 {
		c.going = false
		return
	}
	c.loop.CallLater(tick, c.tick)
}

// catchUp goes on to the present.
func (c *clock) catchUp() {
	c.wheel.Advance(int64(c.loop.Now().Sub(c.began) / tick))
}

// deadlines are a connection's times, in ticks of its clock.
type deadlines struct {
	wheel.Entry
	born int64
	idle int64  // longest time without a byte; 0: any
	seen uint64 // bytes of a spliced connection
}

// startDeadlines begins a connection's times and rates.
func (c *conn) startDeadlines() {
	k, l := c.shard.clock, &c.svc.limits
	k.add(&c.Entry, 1) // first of all, so that the clock shows the present
	if l.Idle > 0 {
		c.idle = ticks(l.Idle)
	}
	c.born, c.active = k.now(), k.now()
	c.rates = newRates(l, k.now())
	if next := c.next(k.now()); next > 0 {
		k.add(&c.Entry, next)
	}
}

// setIdle changes the idle timeout; 0 goes back to the service's, which is the longest there can be.
func (c *conn) setIdle(d time.Duration) {
	most := c.svc.limits.Idle
	if d == 0 || most > 0 && d > most {
		d = most
	}
	c.idle = 0
	if d > 0 {
		c.idle = ticks(d)
		c.shard.clock.add(&c.Entry, 1)
	}
}

// Due implements [wheel.Owner].
func (c *conn) Due(now int64) int64 {
	l := &c.svc.limits
	if c.state&connSpliced != 0 {
		c.lookForTraffic(now)
	}
	switch {
	case l.Lifetime > 0 && now-c.born > ticks(l.Lifetime):
		c.breach("lifetime", protocol.ErrIdle)
		return 0
	case l.FirstByte > 0 && !c.first && now-c.born > ticks(l.FirstByte):
		c.breach("first-byte", protocol.ErrIdle)
		return 0
	case c.idle > 0 && now-c.active > c.idle:
		c.breach("idle", protocol.ErrIdle)
		return 0
	}
	c.refill(now)
	return c.next(now)
}

// next is in how many ticks the connection has to be looked at again; 0 for never.
func (c *conn) next(now int64) int64 {
	l := &c.svc.limits
	soonest := int64(0)
	consider := func(at int64) {
		if at -= now; soonest == 0 || at < soonest {
			soonest = max(at, 1)
		}
	}
	if c.idle > 0 {
		consider(c.active + c.idle + 1)
	}
	if l.FirstByte > 0 && !c.first {
		consider(c.born + ticks(l.FirstByte) + 1)
	}
	if l.Lifetime > 0 {
		consider(c.born + ticks(l.Lifetime) + 1)
	}
	if c.hold&holdRate != 0 || c.state&connPausedByRate != 0 {
		consider(now + 1)
	}
	return soonest
}

// heard counts n bytes that came in.
func (c *conn) heard(n int) {
	c.first = true
	c.active = c.shard.clock.now()
	c.bill.BytesIn += uint64(n)
	if c.rates.in.spend(int64(n), c.active) {
		c.hurried()
	}
}

// said counts n bytes that the guest wrote. It returns false if that was more than may be, and has ended the
// connection.
func (c *conn) said(n int) bool {
	c.active = c.shard.clock.now()
	c.bill.BytesOut += uint64(n)
	r := &c.rates
	if !r.out.spend(int64(n), c.active) {
		return true
	}
	if r.out.debt() > max(c.svc.limits.Output, r.out.rate) {
		c.breach("rate-out", protocol.ErrLimit)
		return false
	}
	c.slow()
	c.quiet()
	return true
}

// lookForTraffic notices bytes that pass a spliced connection without the host's doing.
func (c *conn) lookForTraffic(now int64) {
	if m, ok := c.t.(metered); ok {
		if seen := m.BytesIn() + m.BytesOut(); seen != c.seen {
			c.seen, c.active, c.first = seen, now, true
		}
	}
}

// metered is a transport that counts its bytes.
type metered interface {
	BytesIn() uint64
	BytesOut() uint64
}
