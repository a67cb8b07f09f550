package host

// A pool keeps the fresh instances of one shard.
//
// It is filled by connections that end, so after a flood it holds as many instances as there were connections at a
// time. Once a second the half of those that were not needed in that second is let go.
type pool struct {
	shard *shard
	free  []*instance
	least int // len(free) at its lowest since the last trim
	// surplus is how many are still to be let go by the trim under way.
	surplus int
}

// prewarmed is how many instances a pool makes ahead when the service starts.
const prewarmed = 4

func (p *pool) take() (*instance, error) {
	n := len(p.free)
	if n == 0 {
		p.least = 0
		return p.shard.svc.fresh(p.shard)
	}
	i := p.free[n-1]
	p.free[n-1] = nil
	p.free = p.free[:n-1]
	p.least = min(p.least, n-1)
	return i, nil
}

func (p *pool) put(i *instance) { p.free = append(p.free, i) }

// warm fills the pool up to n instances, as far as the service may have so many.
func (p *pool) warm(n int) error {
	s := p.shard.svc
	for len(p.free) < n && (s.limits.Instances <= 0 || s.instances.Load() < s.limits.Instances) {
		i, err := s.fresh(p.shard)
		if err != nil {
			return err
		}
		p.put(i)
	}
	return nil
}

// trimmed is how many instances are let go in one go; unmapping them takes time.
const trimmed = 32

// trim lets half of what was not needed go, oldest first, but the ones made ahead. It reports whether it is done.
func (p *pool) trim() (done bool) {
	if p.surplus == 0 {
		p.surplus = max(0, (min(p.least, len(p.free)-prewarmed)+1)/2)
	}
	drop := min(p.surplus, trimmed, len(p.free))
	for _, i := range p.free[:drop] {
		i.drop()
	}
	n := copy(p.free, p.free[drop:])
	clear(p.free[n:])
	p.free = p.free[:n]
	p.surplus -= drop
	p.least = len(p.free)
	if len(p.free) == 0 {
		p.surplus = 0
	}
	return p.surplus == 0
}

// close lets all of them go.
func (p *pool) close() {
	for _, i := range p.free {
		i.drop()
	}
	p.free, p.least, p.surplus = nil, 0, 0
}
