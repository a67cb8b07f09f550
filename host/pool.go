package host

import "time"

// A pool keeps the fresh machines of one shard.
//
// It is filled by connections that end, so after a flood it holds as many machines as there were connections at a time.
// Once a second the half of those that were not needed in that second is let go.
type pool struct {
	shard *shard
	free  []*machine
	least int // len(free) at its lowest since the last trim
	// surplus is how many are still to be let go by the trim under way.
	surplus int
}

// prewarmed is how many machines a pool makes ahead when the service starts, and keeps until it stops.
const prewarmed = 4

// kept is how many machines stay in the pool although nobody needs them.
func (p *pool) kept() int {
	if p.shard.svc.stopping.Load() {
		return 0
	}
	return prewarmed
}

// take returns a fresh guest.
func (p *pool) take() (*instance, error) {
	if m := p.pop(); m != nil {
		return m.guest(p.shard), nil
	}
	return p.shard.svc.fresh(p.shard)
}

// pop takes a machine out, or returns nil if there is none.
func (p *pool) pop() *machine {
	n := len(p.free)
	if n == 0 {
		p.least = 0
		return nil
	}
	m := p.free[n-1]
	p.free[n-1] = nil
	p.free = p.free[:n-1]
	p.least = min(p.least, n-1)
	return m
}

func (p *pool) put(m *machine) { p.free = append(p.free, m) }

// warm fills the pool up to n machines, as far as the service may have so many.
func (p *pool) warm(n int) error {
	s := p.shard.svc
	for len(p.free) < n && s.snapshot.memory != nil && (s.limits.Instances <= 0 || s.instances.Load() < s.limits.Instances) {
		m, err := s.freshMachine()
		if err != nil {
			return err
		}
		s.instances.Add(1)
		p.put(m)
	}
	return nil
}

// plan decides how many machines trim lets go: half of what was not needed, but the ones to be kept.
func (p *pool) plan() {
	p.surplus = max(0, (min(p.least, len(p.free)-p.kept())+1)/2)
	p.least = len(p.free)
}

// trim lets the surplus go, oldest first, until it is done or the time has come. It reports whether it is done.
func (p *pool) trim(until time.Time) (done bool) {
	drop := 0
	for drop < min(p.surplus, len(p.free)) && (drop == 0 || time.Now().Before(until)) {
		p.free[drop].close()
		drop++
	}
	p.shorten(drop)
	if p.surplus -= drop; len(p.free) == 0 {
		p.surplus = 0
	}
	return p.surplus == 0
}

// shorten takes out the first n, which are closed.
func (p *pool) shorten(n int) {
	p.shard.svc.instances.Add(int64(-n))
	left := copy(p.free, p.free[n:])
	clear(p.free[left:])
	p.free = p.free[:left]
	p.least = min(p.least, left)
}

// close lets all of them go.
func (p *pool) close() {
	for _, m := range p.free {
		m.close()
	}
	p.shorten(len(p.free))
	p.surplus = 0
}
