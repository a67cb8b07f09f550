package reactortest

import (
	"fmt"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Reactor is a protocol.Reactor in memory. Its fields may be changed at any time between two turns.
type Reactor struct {
	*Clock

	// Chunks says in what pieces connections deliver. Nil: all there is, up to 64 KiB a turn.
	Chunks Chunks
	// Hosts maps the names that can be resolved to addresses. It begins with localhost.
	Hosts map[string][]string
	// HighWater, LowWater and HardCap limit the queued output of a connection, and Window what is under way to its
	// peer, in bytes. They begin as 64 KiB, 16 KiB, 1 MiB and 64 KiB.
	HighWater, LowWater, HardCap, Window int
	// HoldTasks keeps the tasks of DeferToThread from running by themselves: see RunTask.
	HoldTasks bool
	// DropDatagram, if set, is asked for each datagram whether it gets lost.
	DropDatagram func(data []byte, from, to protocol.Address) bool
	// Unhandled are the errors that ended in a Deferred and that nobody handled.
	Unhandled []*deferred.UnhandledError

	mu     sync.Mutex // guards posted
	posted []func()

	scope     *deferred.Scope
	events    []func() // of the next turn
	tasks     []func()
	conns     []*Conn
	ports     []*Port
	datagrams []*DatagramPort
	unixgrams []*UNIXDatagramPort
	factories factories
	fail      map[string]error
	ephemeral uint16
	scratch   []byte // what DataReceived is given
	stopped   bool
	status    int
	done      chan struct{}
}

var (
	_ protocol.Reactor = (*Reactor)(nil)
	_ deferred.Scoped  = (*Reactor)(nil)
)

// NewReactor returns a reactor with nothing in it.
func NewReactor() *Reactor {
	r := &Reactor{
		Clock:     NewClock(),
		Hosts:     map[string][]string{"localhost": {"127.0.0.1", "::1"}},
		HighWater: 64 << 10, LowWater: 16 << 10, HardCap: 1 << 20, Window: 64 << 10,
		fail:      map[string]error{},
		ephemeral: 49152,
		done:      make(chan struct{}),
	}
	r.scope = deferred.NewScope(func(e *deferred.UnhandledError) { r.Unhandled = append(r.Unhandled, e) })
	return r
}

// DeferredScope implements deferred.Scoped: errors that nobody handles end up in Unhandled.
func (r *Reactor) DeferredScope() *deferred.Scope { return r.scope }

// CallFromThread implements protocol.Reactor. f is called in the next turn.
func (r *Reactor) CallFromThread(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posted = append(r.posted, f)
}

// soon has f called in the next turn.
func (r *Reactor) soon(f func()) { r.events = append(r.events, f) }

// Turn runs one iteration of the loop: what was posted, the timers that are due, and one read and one flush of each
// connection. It reports whether there was anything to do.
func (r *Reactor) Turn() bool {
	r.mu.Lock()
	events := r.posted
	r.posted = nil
	r.mu.Unlock()
	events = append(events, r.events...)
	r.events = nil
	if !r.HoldTasks {
		events = append(events, r.tasks...)
		r.tasks = nil
	}
	worked := len(events) > 0
	for _, f := range events {
		f()
	}
	if d, ok := r.Next(); ok && d == 0 {
		worked = true
		r.Clock.Advance(0)
	}
	for _, c := range append([]*Conn(nil), r.conns...) {
		worked = c.turn() || worked
	}
	for _, p := range append([]*DatagramPort(nil), r.datagrams...) {
		worked = p.turn() || worked
	}
	for _, p := range append([]*UNIXDatagramPort(nil), r.unixgrams...) {
		worked = p.turn() || worked
	}
	r.scope.Flush()
	return worked
}

// turnsToSettle is how many turns Settle takes before it believes that there is no end.
const turnsToSettle = 1_000_000

// Settle takes turns until there is nothing left to do at this time. It panics if that does not come to an end, as with
// a timer without delay that sets itself again.
func (r *Reactor) Settle() {
	for range turnsToSettle {
		if !r.Turn() {
			return
		}
	}
	panic(fmt.Sprintf("reactortest: there is still something to do after %d turns", turnsToSettle))
}

// Advance moves the time on by d at once, as if the loop had been busy that long, and settles.
func (r *Reactor) Advance(d time.Duration) {
	r.Clock.Advance(d)
	r.Settle()
}

// Pump advances by each of the steps.
func (r *Reactor) Pump(steps ...time.Duration) {
	for _, d := range steps {
		r.Advance(d)
	}
}

// Stop implements protocol.Reactor: it closes the ports and remembers the status. The test goes on taking turns.
func (r *Reactor) Stop(status int) error {
	if r.stopped {
		return protocol.ErrNotRunning
	}
	r.stopped, r.status = true, status
	for _, p := range append([]*Port(nil), r.ports...) {
		p.StopListening()
	}
	return nil
}

// Stopped returns what Stop was called with; ok is false if it was not.
func (r *Reactor) Stopped() (status int, ok bool) { return r.status, r.stopped }

// Close ends the reactor at once: connections are lost with protocol.ErrShutdown, ports close, coroutines of Deferreds
// that wait are told so. A test that leaves coroutines waiting defers it.
func (r *Reactor) Close() {
	if !r.stopped {
		r.Stop(0)
	}
	for _, c := range append([]*Conn(nil), r.conns...) {
		c.end(protocol.ErrShutdown)
	}
	for _, p := range append([]*DatagramPort(nil), r.datagrams...) {
		p.end(nil)
	}
	for _, p := range append([]*UNIXDatagramPort(nil), r.unixgrams...) {
		p.end(nil)
	}
	r.Settle()
	r.scope.Close()
	select {
	case <-r.done:
	default:
		close(r.done)
	}
}

// Done is closed by Close.
func (r *Reactor) Done() <-chan struct{} { return r.done }

// Connections are the connections that live, both ends of each, in the order they were made.
func (r *Reactor) Connections() []*Conn { return append([]*Conn(nil), r.conns...) }
