package host

import (
	"context"
	"errors"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/handle"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// An instance is one guest: the machine it runs on, and what it holds of the host's. It belongs to one goroutine at a time:
// that of its loop, except while a slow call runs beside the loop (see away.go), during start-up, and for workers.
//
// It is also the context that its calls into wazero carry, so that host functions find it without a look-up and
// without an allocation.
type instance struct {
	// What every event touches comes first: with thousands of guests each cache line is a miss.
	svc      *Service
	shard    *shard // nil in start-up and in workers, which have no loop
	*machine        // nil while it sleeps, and when it has ended
	mem      []byte // the machine's memory; growing moves it
	receive  span   // where incoming bytes go
	account  *conn  // whose events the current call serves
	conns    int    // that were made and not lost yet

	fresh     bool // nothing of it has run since it was made from the image
	unstarted bool // its start-up has not run: it could not be made from an image
	running   bool // a call is under way
	away      bool // and goes on beside the loop
	draining  bool
	gone      bool // it has ended, and has nothing any more
	stopped   bool // wasmnet_stop was called
	alone     bool // a program without a connection of its own
	quiet     quiet
	patience  quiet // how often it is looked at, while it is quiet, before it sleeps

	later    []step      // what happened meanwhile, in order
	end      error       // why the instance has ended; nil while it lives
	starting *conn       // is made when what comes before has run
	exit     *Program    // of programs
	held     []*conn     // are not read from meanwhile
	closing  interface { // leaves when the current call ends
		leave(reason error)
	}
	stack   [4]uint64
	meter   meter
	wakeup  *wakeup // nil: it has never waited for time to pass
	handles handle.Table[resource]
	reason  error // for which closing leaves

	asleep  asleep // while it sleeps
	private int64  // bytes of memory it holds for itself, as far as that is known
	size    uint64 // of its memory, when it last had one
	index   int    // in its shard's list, while it has a machine
	timers  int
	dials   int
	counted int // handles that count against the limit "handles"
	files   files
	begun   time.Time // of one that connections share
	relayed chan any
	cut     cut
	log     logBudget
	task    *task // in workers
}

// span is a range of guest memory, known to lie inside of it.
type span struct{ ptr, len uint32 }

// A step is something to be done on the loop that may call the guest. Like [instance.call] it reports whether its caller
// is still on the loop.
type step func() (here bool)

// A resource is what a handle names. discard ends it without a word to the guest, which is gone.
type resource interface {
	discard()
}

// Deadline implements context.Context. Calls have budgets, not deadlines.
func (i *instance) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (i *instance) Done() <-chan struct{} { return nil }

// Err implements context.Context.
func (i *instance) Err() error { return nil }

// Value implements context.Context.
func (i *instance) Value(any) any { return nil }

var _ context.Context = (*instance)(nil)

// exports reports whether the guest wants the event.
func (i *instance) exports(e abi.Event) bool { return i.svc.code.exports(e) }

// view returns the bytes of a range of guest memory. A range that does not lie inside of it is a trap.
func (i *instance) view(ptr, n uint64) []byte {
	from, to := uint64(uint32(ptr)), uint64(uint32(ptr))+uint64(uint32(n))
	if to > uint64(len(i.mem)) {
		panic(errRange)
	}
	return i.mem[from:to:to]
}

// errRange ends a guest that passes a bad pointer. Its text is that of the trap an instruction would cause.
var errRange = errors.New("out of bounds memory access by an import")

// text returns a copy of a string in guest memory that may be up to most bytes long.
func (i *instance) text(ptr, n uint64, most int) (string, bool) {
	b := i.view(ptr, n)
	if len(b) > most {
		return "", false
	}
	return string(b), true
}

// receiveBuffer is the guest's receive buffer as it is now: growing moves it. It wakes the guest; if that fails there is
// none, and the call that follows says why.
func (i *instance) receiveBuffer() []byte {
	if i.wake() != nil {
		return nil
	}
	to := i.receive.ptr + i.receive.len
	return i.mem[i.receive.ptr:to:to]
}

// put copies p into the receive buffer and returns its length; ok is false if it does not fit.
func (i *instance) put(p []byte) (n int32, ok bool) {
	b := i.receiveBuffer()
	if len(p) > len(b) {
		return 0, false
	}
	return int32(copy(b, p)), true
}

// add gives r a handle, which counts against the limit "handles" if counted.
func (i *instance) add(r resource, counted bool) (int32, bool) {
	if counted && int64(i.counted) >= i.svc.limits.Handles {
		i.svc.breach(i, i.account, "handles")
		return 0, false
	}
	h, ok := i.handles.Put(r)
	if ok && counted {
		i.counted++
	}
	return h, ok
}

func (i *instance) remove(h int32, counted bool) {
	i.handles.Remove(h)
	if counted {
		i.counted--
	}
}

// conn returns the connection h names, or nil.
func (i *instance) conn(h uint64) *conn {
	r, _ := i.handles.Get(int32(h))
	c, _ := r.(*conn)
	return c
}

// postpone has f called when the call under way is over, after what was postponed before.
func (i *instance) postpone(f step) {
	if c := i.starting; c != nil { // its beginning comes before whatever else happens to it
		i.starting = nil
		i.later = append(i.later, c.made)
	}
	i.later = append(i.later, f)
}

// pending reports whether anything can still happen to the instance.
func (i *instance) pending() bool {
	return i.handles.Len() > 0 || len(i.later) > 0 || i.wakeup != nil && i.wakeup.due != 0
}

// fail ends the instance because of err, which is logged. Its connections are aborted; their peers learn of it in a
// turn to come, the guest hears nothing any more.
func (i *instance) fail(err error) {
	if i.end != nil {
		return
	}
	i.end = err
	i.svc.failed(i, err)
	i.discardAll()
}

// failed reports whether the instance has ended by a fault of its own.
func (i *instance) failed() bool {
	if i.end == nil || errors.Is(i.end, protocol.ErrShutdown) {
		return false
	}
	_, exit := exited(i.end)
	return !exit || i.exit == nil
}

// discardAll lets go of everything the guest holds.
func (i *instance) discardAll() {
	i.handles.All(func(_ int32, r resource) bool {
		r.discard()
		return true
	})
	i.later = nil
}

// idle is called whenever the instance has nothing to do. It may be the end of it.
func (i *instance) idle() (here bool) {
	if len(i.held) > 0 {
		i.resume()
	}
	switch {
	case i.gone:
	case i.exit != nil:
		if i.exit.over() {
			i.discardAll()
			i.drop()
		}
	case i.end != nil || i.stopped:
		i.discardAll()
		i.drop()
	case i.svc.isolation == PerConnection:
		if i.conns == 0 && i.dials == 0 {
			i.recycle()
		}
	case i.conns == 0 && !i.shard.shared.wanted && i == i.shard.shared.inst:
		i.shard.shared.inst = nil
		return i.goodbye()
	}
	return true
}

// resume has the connections that were held read from again.
func (i *instance) resume() {
	for n, c := range i.held {
		i.held[n] = nil
		c.release(holdBusy)
	}
	i.held = i.held[:0]
}

// exited is the status a guest ended itself with.
func exited(err error) (status int, ok bool) {
	var e *ExitError
	if errors.As(err, &e) {
		return e.Status, true
	}
	return 0, false
}
