package reactor

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// stopping is how far a loop is on the way to its end.
type stopping uint8

const (
	notStopping    stopping = iota
	stoppingWait            // no new connections; the old ones have time
	stoppingFlush           // every connection is losing
	stoppingAtOnce          // every connection is aborted
)

// flushGrace is how long connections have to flush their output when their time is up.
const flushGrace = 2 * time.Second

// refuses reports whether nothing new is begun any more.
func (s stopping) refuses() bool { return s >= stoppingFlush }

// Stop closes every port and connection, after their output was flushed as far as that takes no more than two
// seconds, and ends Run. It is Drain without time for the connections. It fails with [protocol.ErrNotRunning] if the
// reactor is not running or is stopping already.
func (r *Reactor) Stop() error { return r.stop(0) }

func (r *Reactor) stop(status int) error {
	r.mu.Lock()
	if r.state != stateRunning {
		r.mu.Unlock()
		return protocol.ErrNotRunning
	}
	r.status = status
	r.mu.Unlock()
	return r.Drain(0)
}

// Drain ends the reactor gently, and returns before that has happened. The ports are closed, and the connections may
// go on for as long as deadline says. Those that are left then are closed as by LoseConnection, with
// [protocol.ErrShutdown] as the reason; what they cannot flush within two seconds is lost. Then Run returns. Triggers
// of [Shutdown] are called before, during and after that. The time that is spent waiting before it counts as the
// connections'.
//
// A second call aborts every connection at once, and waits for no trigger's Deferred. Drain fails with
// [protocol.ErrNotRunning] if the reactor does not run.
func (r *Reactor) Drain(deadline time.Duration) error {
	r.mu.Lock()
	first := r.state == stateRunning
	if !first && r.state != stateDraining {
		r.mu.Unlock()
		return protocol.ErrNotRunning
	}
	if first {
		r.drainBy = time.Now().Add(max(deadline, 0))
	}
	r.state = stateDraining
	r.mu.Unlock()
	if first {
		r.events[Shutdown].begin(Before)
		return nil
	}
	r.events[Shutdown].rush()
	for _, l := range r.loops {
		l.CallFromThread(func() { l.advanceStopping(stoppingAtOnce) })
	}
	return nil
}

// draining reports whether the next call of Drain is not the first.
func (r *Reactor) draining() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state == stateDraining
}

// shutdownPassed goes on with the shutdown. What comes after the connections begins when a loop sees that there are
// none left.
func (r *Reactor) shutdownPassed(p Phase) {
	if p != Before {
		r.loops[0].poller.wake() // for a turn in which progressStopping sees it
		return
	}
	r.closePorts()
	for _, l := range r.loops {
		l.CallFromThread(func() { l.drain(max(time.Until(r.drainBy), 0)) })
	}
	r.events[Shutdown].begin(During)
}

func (r *Reactor) closePorts() {
	r.mu.Lock()
	ports := make([]*port, 0, len(r.ports))
	for p := range r.ports {
		ports = append(ports, p)
	}
	r.mu.Unlock()
	for _, p := range ports {
		p.drain()
	}
}

// finished reports whether the triggers of the shutdown are through. No connection is left.
func (r *Reactor) finished() bool {
	e := r.events[Shutdown]
	if !e.isOver(During) {
		return false
	}
	r.afterwards.Do(func() { e.begin(After) })
	return e.isOver(After)
}

// drain begins the end of the loop.
func (l *Loop) drain(deadline time.Duration) {
	if l.stopping != notStopping {
		return
	}
	l.stopping = stoppingWait
	l.poller.wake() // for a turn in which progressStopping sees it
	if deadline == 0 {
		l.flushAll()
	} else {
		l.CallLater(deadline, l.flushAll)
	}
}

func (l *Loop) flushAll() {
	l.advanceStopping(stoppingFlush)
	l.CallLater(flushGrace, func() { l.advanceStopping(stoppingAtOnce) })
}

// advanceStopping takes the loop's connections and attempts to the next stage.
func (l *Loop) advanceStopping(to stopping) {
	if l.stopping >= to {
		return
	}
	l.stopping = to
	for i := range l.slots.table {
		if s, ok := l.slots.table[i].handler.(shutdowner); ok {
			s.shutdown(to == stoppingAtOnce)
		}
	}
	for a := range l.attempts {
		a.fail(protocol.ErrShutdown)
	}
}

// A shutdowner is a handler that ends itself when the reactor does.
type shutdowner interface {
	handler
	// shutdown asks it to end soon, and with now to end at once.
	shutdown(now bool)
}

// shutdown implements [shutdowner].
func (c *Conn) shutdown(now bool) {
	if now {
		c.abort(protocol.ErrShutdown)
		return
	}
	if c.flags&connDoomed == 0 {
		c.reason = protocol.ErrShutdown
	}
	c.flags |= connDoomed | connLeaving
	c.LoseConnection()
}

// progressStopping reports whether the loop is to end now.
func (l *Loop) progressStopping() bool {
	r := l.reactor
	if l.stopping == notStopping {
		return false
	}
	if int(l.load.Load()) == len(l.datagramPorts) {
		for p := range l.datagramPorts {
			p.stop(protocol.ErrShutdown)
		}
	}
	if !r.over.Load() {
		for _, other := range r.loops {
			if other.load.Load() > 0 {
				return false
			}
		}
		if !r.finished() {
			return false
		}
		// Ports are closed before loops begin to drain: what is not here now is not on its way either.
		r.over.Store(true)
		for _, other := range r.loops {
			other.poller.wake()
		}
	}
	return l.load.Load() == 0
}

// end closes the loop. What was posted and what was to be called later is dropped.
func (l *Loop) end() {
	l.scope.Close()
	l.closeInbox()
	close(l.done)
	l.timers = timers{}
	l.chunks = chunkList{}
	l.pipes.close()
	l.readBuffer = nil
	l.idleDatagrams = nil
	if r := l.reactor; r.running.Add(-1) == 0 {
		r.cancel()
	}
}
