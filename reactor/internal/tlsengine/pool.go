package tlsengine

import (
	"container/list"
	"sync"
	"time"
)

const (
	// patience is how long a handshake may hold its place in a full pool while its peer keeps it waiting.
	patience = time.Second
	// reviewInterval is how often a full pool is searched for such handshakes.
	reviewInterval = patience / 4
)

// Pool bounds the handshakes that run at the same time, each on a goroutine that lives no longer than there is work.
// The others wait their turn in order of arrival. While some wait, those that run longest and are held up by their peer,
// for [patience] at least, are ended with [ErrCrowdedOut]: peers that begin handshakes and leave them there cannot
// keep everybody else out.
//
// Any goroutine may use a Pool.
type Pool struct {
	limit int
	spawn func(func())

	mu        sync.Mutex
	running   list.List // of *handshake, longest first
	queue     list.List // of *handshake, longest first; empty unless the pool is full
	reviewing bool      // a timer for review is set
}

// NewPool returns a pool for limit handshakes at a time. spawn starts its goroutines. When every session is abandoned
// they end soon, unless a callback of a configuration holds one up.
func NewPool(limit int, spawn func(func())) *Pool {
	return &Pool{limit: max(limit, 1), spawn: spawn}
}

// start runs h, now or in its turn.
func (p *Pool) start(h *handshake) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running.Len() < p.limit {
		p.admit(h)
		p.spawn(func() { p.work(h) })
		return
	}
	h.place = p.queue.PushBack(h)
	if !p.reviewing {
		p.review()
	}
}

// forget takes h out of the queue. If it runs it ends by itself.
func (p *Pool) forget(h *handshake) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.place != nil {
		p.queue.Remove(h.place) // does nothing for an element of the other list
	}
}

// work runs h and then whatever waits.
func (p *Pool) work(h *handshake) {
	for h != nil {
		h.run()
		h = p.next(h)
	}
}

// next exchanges a finished handshake for the one that waits longest, or nil.
func (p *Pool) next(done *handshake) *handshake {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running.Remove(done.place)
	front := p.queue.Front()
	if front == nil {
		return nil
	}
	h := p.queue.Remove(front).(*handshake)
	p.admit(h)
	return h
}

func (p *Pool) admit(h *handshake) {
	h.place = p.running.PushBack(h)
	h.since = time.Now()
}

// review ends as many stalled handshakes as others wait for a place, and looks again later while any wait.
func (p *Pool) review() {
	wanted := p.queue.Len()
	p.reviewing = wanted > 0
	if !p.reviewing {
		return
	}
	for e := p.running.Front(); e != nil && wanted > 0; e = e.Next() {
		h := e.Value.(*handshake)
		if time.Since(h.since) < patience {
			break
		}
		if h.stopIfWaiting(ErrCrowdedOut) {
			wanted--
		}
	}
	time.AfterFunc(reviewInterval, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.review()
	})
}
