package reactor

import "sync"

// pool runs functions on a bounded number of goroutines, which live only while there is work.
type pool struct {
	reactor *Reactor
	size    int
	mu      sync.Mutex
	running int
	queue   []func()
}

func newPool(r *Reactor, size int) *pool { return &pool{reactor: r, size: size} }

// run calls f on one of the pool's goroutines, in its turn.
func (p *pool) run(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running >= p.size {
		p.queue = append(p.queue, f)
		return
	}
	p.running++
	p.reactor.spawn(func() { p.work(f) })
}

func (p *pool) work(f func()) {
	for f != nil {
		f()
		f = p.next()
	}
}

// resize changes how many goroutines there may be. It is called where run is.
func (p *pool) resize(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = size
	for p.running < p.size && len(p.queue) > 0 {
		f := p.take()
		p.running++
		p.reactor.spawn(func() { p.work(f) })
	}
}

// next takes the next function from the queue. With nothing left to do, or too many for it, the goroutine ends.
func (p *pool) next() func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reactor.ctx.Err() != nil {
		p.queue = nil
	}
	if len(p.queue) == 0 || p.running > p.size {
		p.running--
		return nil
	}
	return p.take()
}

func (p *pool) take() func() {
	f := p.queue[0]
	p.queue[0] = nil
	p.queue = p.queue[1:]
	return f
}
