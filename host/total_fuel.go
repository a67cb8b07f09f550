package host

import "github.com/wasmnet/wasmnet/host/internal/wheel"

// A fuelTotal holds one shard's part of the limit "fuel-total". While it is in debt, no guest of the shard is given data
// or told of a timer: both wait until the debt is paid, in their order. What else happens to connections goes on.
type fuelTotal struct {
	bucket
	shard   *shard
	spent   bool // in debt
	starved []*conn
	delayed []func()
	entry   wheel.Entry
}

func (t *fuelTotal) init(sh *shard) {
	t.shard = sh
	t.entry.Owner = t
	s := sh.svc
	share := s.limits.FuelTotal
	if s.isolation != PerService && share > 0 {
		share = max(1, share/int64(len(s.loops)))
	}
	t.bucket = newBucket(share, sh.clock.now())
}

// pay takes what a call has used.
func (t *fuelTotal) pay(fuel int64) {
	if t.rate == 0 || !t.spend(fuel, t.shard.clock.now()) || t.spent {
		return
	}
	t.spent = true
	t.shard.svc.breach(nil, nil, "fuel-total")
	t.shard.clock.add(&t.entry, 1)
}

// starve holds a connection, which the caller does not read from.
func (t *fuelTotal) starve(c *conn) {
	if c.hold&holdTotal == 0 {
		c.hold |= holdTotal
		t.starved = append(t.starved, c)
	}
}

// delay has f called when the debt is paid.
func (t *fuelTotal) delay(f func()) { t.delayed = append(t.delayed, f) }

// Due implements [wheel.Owner].
func (t *fuelTotal) Due(now int64) int64 {
	if t.refill(now); t.have < 0 {
		return 1
	}
	t.spent = false
	for n, c := range t.starved {
		t.starved[n] = nil
		c.release(holdTotal)
	}
	for n, f := range t.delayed {
		t.delayed[n] = nil
		t.shard.loop.CallFromThread(f) // it calls a guest, which has no place here
	}
	t.starved, t.delayed = t.starved[:0], t.delayed[:0]
	return 0
}
