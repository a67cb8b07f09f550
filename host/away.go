package host

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/host/internal/nap"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A call that has used up its time on the loop goes on beside it: the loop is given to another goroutine
// (reactor.Loop.Detach) and the call stays where it is, as a worker. Until it comes back:
//
//   - the instance is running: events for it wait in later, and reading of its connections is held;
//   - its imports are carried out on the loop, while the worker waits;
//   - its fuel is that of the event, so it ends as it would have on the loop.
//
// Nobody but the worker touches the instance's memory meanwhile, and nobody but the loop its handles and queues.

// turns bounds how many goroutines run guests beside the loops. Generated code cannot be preempted, so without a bound
// enough slow guests would hold every processor, and the network would be polled by nobody.
type turns struct {
	taken  chan struct{}
	timers chan *nap.Timer // one for each turn
}

func newTurns(processors int) turns {
	n := max(1, processors-1)
	t := turns{taken: make(chan struct{}, n), timers: make(chan *nap.Timer, n)}
	for range n {
		t.timers <- nap.Open()
	}
	return t
}

func (t turns) take() { t.taken <- struct{}{} }
func (t turns) give() { <-t.taken }

// pause is how long a turn is left unused between two stretches. Go's scheduler looks at the network when a processor has
// nothing to run, or every 10 ms; a goroutine that merely yields is something to run, and so is the next one in line.
// Measured with one spinning guest on two processors: the echo of a neighbour took 3 ms, and 21 ms at the 99th
// percentile, beside a guest that yields; 69 us and 250 us beside one that pauses; 55 us and 150 us undisturbed.
const pause = 20 * time.Microsecond

// stretch is how much fuel a guest beside the loop uses between two pauses. A neighbour feels no difference to a pause
// after each slice; the guest takes half the time.
const stretch = 4 * slice

// yield lets others run. Called with a turn.
func (t turns) yield() {
	timer := <-t.timers
	timer.Sleep(pause)
	if timer != nil {
		t.timers <- timer
	}
	t.give()
	t.take()
}

// close releases the timers. A guest that has not noticed yet that it is over goes on without.
func (t turns) close() error {
	var errs []error
	for range cap(t.timers) {
		errs = append(errs, (<-t.timers).Close())
	}
	close(t.timers)
	return errors.Join(errs...)
}

// cut ends a call from outside: the guest looks at each slice and whenever it waits.
type cut struct {
	err  atomic.Pointer[error]
	done chan struct{} // closed when err is set; made when the call leaves the loop
}

// end cuts the call. Any goroutine may call it. The first error counts.
func (c *cut) end(err error) bool { return c.err.CompareAndSwap(nil, &err) }

// startUpStretch is how much of it start-up uses: mostly nobody waits for a processor then, but everybody for the start.
const startUpStretch = 16 * slice

// pauseAfter lets others run if the call has used that much fuel since it last did.
func (i *instance) pauseAfter(stretch int64) {
	if m := &i.meter; m.granted-m.paused >= stretch {
		m.paused = m.granted
		i.svc.host.turns.yield()
	}
}

// breathe is called between slices.
func (i *instance) breathe() {
	if err := i.cut.err.Load(); err != nil {
		panic(*err)
	}
	i.watchSlice()
	switch m := &i.meter; {
	case i.shard == nil && i.task == nil:
		i.pauseAfter(startUpStretch)
	case i.shard == nil:
		i.pauseAfter(stretch)
	case i.away:
		select {
		case <-i.shard.ended:
			panic(protocol.ErrShutdown)
		default:
			i.pauseAfter(stretch)
		}
	case i.shard.detach == nil:
	case m.since.IsZero():
		m.since = time.Now()
	case time.Since(m.since) > i.svc.host.onLoop:
		i.leave()
	}
}

// leave takes the call off the loop.
func (i *instance) leave() {
	i.away = true
	if i.relayed == nil {
		i.relayed = make(chan any, 1)
	}
	i.cut.done = make(chan struct{})
	i.shard.tally.Detached++
	i.shard.detach()
	i.svc.host.turns.take()
}

// relay carries an import out on the loop and waits for it. What it panics with ends the guest as it would have.
func (i *instance) relay(f importFunc, stack []uint64) {
	i.svc.host.turns.give()
	var taken atomic.Bool // by whoever comes first: the loop, to carry it out, or the worker, to give it up
	i.shard.loop.CallFromThread(func() {
		if taken.CompareAndSwap(false, true) {
			defer func() { i.relayed <- recover() }()
			f(i, stack)
		}
	})
	giveUp := func(why error) any {
		if taken.CompareAndSwap(false, true) {
			return why
		}
		return <-i.relayed
	}
	var trouble any
	select {
	case trouble = <-i.relayed:
	case <-i.cut.done:
		trouble = giveUp(*i.cut.err.Load())
	case <-i.shard.ended:
		trouble = giveUp(protocol.ErrShutdown)
	}
	i.svc.host.turns.take()
	if trouble != nil {
		panic(trouble)
	}
}

// comeBack ends a call that had left its loop. What remains is done on the loop.
func (i *instance) comeBack(err error) {
	i.svc.host.turns.give()
	i.shard.loop.CallFromThread(func() {
		i.away, i.running = false, false
		i.cut.err.Store(nil)
		if resume := i.draining; i.over(err) && resume {
			i.drain()
		}
	})
}

// cutShort ends the call of an instance that is away. Called on the loop.
func (i *instance) cutShort(reason error) {
	if i.away && i.cut.end(reason) {
		close(i.cut.done)
	}
}
