package reactor

import (
	"fmt"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A Loop is one event loop: a goroutine with the connections, ports and timers that it owns. It implements
// [protocol.Reactor]. All of its methods but CallFromThread are for its own goroutine, that is, for the callbacks that
// it makes, and, before [Reactor.Run], for the goroutine that will call Run.
type Loop struct {
	reactor *Reactor
	id      int
	poller  poller
	scope   *deferred.Scope
	inbox   inbox
	// load is the number of connections here or on their way here; acceptors on other loops go by it.
	load atomic.Int64

	runner *runner
	phase  phase

	slots  slots
	timers timers

	// The rest is what the turn has still to do. Each list has the position of what comes next.
	posted     []func()
	postedAt   int
	timersNow  int64 // timers due by then are due
	timersMade uint64
	events     []event
	eventsAt   int
	again      batch   // to be read although their sockets have nothing new: a layer holds data
	fresh      batch   // have no protocol yet
	notices    batch   // their producers or half-closers are to be told something
	lost       batch   // over, but for telling their protocols
	dirty      []*Conn // have output, or want other things from the poller than they did

	readBuffer []byte
	chunks     chunkList
	vector     [][]byte // scratch for writev
	ciphertext tlsengine.Buffers
	pipes      pipes

	attempts map[*attempt]struct{} // connecting

	datagramPorts map[*DatagramPort]struct{}
	turn          uint64 // number of the turn, for ports that write again in the same one
	outgoing      outgoing
	idleDatagrams *datagrams // or nil
	delivering    *datagrams // of which a callback reads a part, or nil

	stopping stopping
	done     chan struct{} // closed when the loop has ended
}

// phase is the part of a turn that the loop is in.
type phase uint8

const (
	phaseLost phase = iota // connections that ended in the previous turn
	phasePosted
	phaseTimers
	phasePoll
	phaseEvents
	phaseAgain
	phaseFresh
	phaseNotices
)

// readSize is the most that is read from a connection in one turn.
const readSize = 64 << 10

var (
	_ protocol.Reactor = (*Loop)(nil)
	_ deferred.Scoped  = (*Loop)(nil)
)

func newLoop(r *Reactor, id int) (*Loop, error) {
	p, err := r.backend.newPoller(r.epoch)
	if err != nil {
		return nil, err
	}
	l := &Loop{reactor: r, id: id, poller: p, runner: &runner{}, done: make(chan struct{}), attempts: map[*attempt]struct{}{},
		datagramPorts: map[*DatagramPort]struct{}{}}
	l.scope = deferred.NewScope(func(e *deferred.UnhandledError) {
		r.log.Error("unhandled error in Deferred", "error", e.Err, "created", e.Created)
	})
	return l, nil
}

// ID numbers the loops of a reactor, from 0.
func (l *Loop) ID() int { return l.id }

// Reactor returns the reactor that the loop belongs to.
func (l *Loop) Reactor() *Reactor { return l.reactor }

// Done returns a channel that is closed when the loop has ended: what was given to CallFromThread until then and was
// not called will never be. A callback that has left the loop ([Loop.Detach]) and waits for something to be called on
// it waits for this too. Any goroutine may call it.
func (l *Loop) Done() <-chan struct{} { return l.done }

// DeferredScope implements [deferred.Scoped].
func (l *Loop) DeferredScope() *deferred.Scope { return l.scope }

// Stop implements [protocol.Reactor]: it stops the whole reactor. Run's caller finds status in [Reactor.Status].
func (l *Loop) Stop(status int) error { return l.reactor.stop(status) }

// Listen implements [protocol.Reactor]. The connections of the port live on this loop.
func (l *Loop) Listen(text string, f protocol.Factory) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	return l.ListenEndpoint(e, f)
}

// ListenEndpoint is Listen for an endpoint that is parsed already.
func (l *Loop) ListenEndpoint(e *endpoint.Server, f protocol.Factory) (protocol.Port, error) {
	return l.reactor.listen(l, false, e, f)
}

// Connect implements [protocol.Reactor].
func (l *Loop) Connect(text string, f protocol.Factory) (protocol.Connector, error) {
	e, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	return l.ConnectEndpoint(e, f)
}

// turns runs turns until the loop has ended or r has lost it.
func (l *Loop) turns(r *runner) {
	for l.settle(); ; {
		switch l.phase {
		case phaseLost:
			if !l.tellLost(r) {
				return
			}
			l.scope.Flush()
			if l.progressStopping() {
				l.end()
				return
			}
			l.collect()
			l.phase = phasePosted
		case phasePosted:
			if !l.callPosted(r) {
				return
			}
			l.timersNow, l.timersMade = l.nanotime(), l.timers.made
			l.phase = phaseTimers
		case phaseTimers:
			if !l.callTimers(r) {
				return
			}
			l.phase = phasePoll
		case phasePoll:
			l.flushDatagrams()
			l.turn++
			l.events = l.poller.wait(l.events, l.pollUntil())
			l.phase = phaseEvents
		case phaseEvents:
			if !l.dispatch(r) {
				return
			}
			l.again.begin()
			l.phase = phaseAgain
		case phaseAgain:
			if !l.readHeld(r) {
				return
			}
			l.fresh.begin()
			l.phase = phaseFresh
		case phaseFresh:
			if !l.openFresh(r) {
				return
			}
			l.notices.begin()
			l.phase = phaseNotices
		case phaseNotices:
			if !l.giveNotices(r) {
				return
			}
			l.lost.begin()
			l.phase = phaseLost
		default:
			panic(fmt.Sprintf("reactor: phase %d", l.phase))
		}
	}
}

// pollUntil is how long the poller may wait.
func (l *Loop) pollUntil() int64 {
	if len(l.events) > 0 || l.again.waiting() || l.fresh.waiting() || l.notices.waiting() || l.lost.waiting() {
		return pollNow
	}
	if due, ok := l.timers.next(); ok {
		return due
	}
	return pollForever
}

func (l *Loop) callPosted(r *runner) bool {
	for l.postedAt < len(l.posted) {
		f := l.posted[l.postedAt]
		l.posted[l.postedAt] = nil
		l.postedAt++
		f()
		if r.gone {
			return false
		}
		l.settle()
	}
	l.posted, l.postedAt = l.posted[:0], 0
	return true
}

// callTimers calls what was due when the phase began, and was made before: a timer made meanwhile has its time in the
// next turn, also with a delay of zero.
func (l *Loop) callTimers(r *runner) bool {
	for {
		f := l.timers.pop(l.timersNow, l.timersMade)
		if f == nil {
			return true
		}
		f()
		if r.gone {
			return false
		}
		l.settle()
	}
}

// dispatch tells the handlers of the events, of reading before writing.
func (l *Loop) dispatch(r *runner) bool {
	for l.eventsAt < len(l.events) {
		e := &l.events[l.eventsAt]
		h := l.slots.get(e.key)
		switch {
		case h != nil && e.what&interestRead != 0:
			e.what &^= interestRead
			h.readable(r)
		case h != nil && e.what&interestWrite != 0:
			e.what &^= interestWrite
			h.writable(r)
		default:
			l.eventsAt++
			continue
		}
		if r.gone {
			return false
		}
		l.settle()
	}
	l.events, l.eventsAt = l.events[:0], 0
	return true
}

// readHeld reads the connections whose layer holds data that the protocol has not been given yet.
func (l *Loop) readHeld(r *runner) bool {
	for c := l.again.take(); c != nil; c = l.again.take() {
		c.flags &^= connAgain
		if !c.hears() {
			continue
		}
		c.readable(r)
		if r.gone {
			return false
		}
		l.settle()
	}
	return true
}

// settle brings the connections that the last callback touched in order: their output goes to the kernel, and the
// poller learns what they want. It calls nobody.
func (l *Loop) settle() {
	for i := 0; i < len(l.dirty); i++ {
		c := l.dirty[i]
		l.dirty[i] = nil
		c.flags &^= connDirty
		c.settle()
	}
	l.dirty = l.dirty[:0]
}

// buffer is what connections without a buffer of their own are read into.
func (l *Loop) buffer() []byte {
	if l.readBuffer == nil {
		l.readBuffer = make([]byte, readSize)
	}
	return l.readBuffer
}
