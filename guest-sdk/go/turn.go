//go:build wasip1

package wasmnet

import (
	"os"
	"runtime"
	"sync"

	"github.com/wasmnet/wasmnet/abi"
)

// posted holds the functions given to CallFromThread. A guest has one thread, but a goroutine that allocates may have to
// wait for the collector in the middle of something, so there is a lock.
type posted struct {
	sync.Mutex
	functions []func()
}

// maxRounds is how often an event calls what was posted while it did so. Functions that post themselves for ever keep
// neither the event from ending nor the host from its other work.
const maxRounds = 64

// endTurn does what is left when an event's handler has returned: it lets goroutines run until all of them wait, calls
// what they posted, asks the host for the next timer, and reports unhandled errors. After it nothing in the guest can
// go on before the host calls again.
func endTurn() {
	if len(hot.waiting) > 0 && hot.running {
		callWaiting()
	}
	for round := 0; len(hot.posted.functions) > 0 || runtime.NumGoroutine() > 1 && !hot.still; round++ {
		if round >= maxRounds && hot.running {
			theReactor.CallLater(0, func() {}) // whose turn ends here too
			break
		}
		hot.still = false
		if runtime.NumGoroutine() > 1 {
			letGoroutinesRun()
		}
		if len(hot.posted.functions) == 0 {
			break
		}
		callPosted()
	}
	hot.still = false
	hot.scope.Flush()
	if hot.gathered > 0 {
		handOver()
	}
	hot.writer = 0
	if hot.timersChanged {
		setHostTimer()
	}
}

// callPosted calls the functions that have been posted so far; those that they post wait for the next round.
func callPosted() {
	hot.posted.Lock()
	due := hot.posted.functions
	hot.posted.functions = nil
	hot.posted.Unlock()
	for i, f := range due {
		due[i] = nil
		f()
	}
	hot.posted.Lock()
	if hot.posted.functions == nil {
		hot.posted.functions = due[:0]
	}
	hot.posted.Unlock()
}

// nextEvent is the host's descriptor of the next event. Go's scheduler asks the host about it when no goroutine can run,
// and says in how much time its first timer is due: the host answers that it is ready, and calls timer_fired in time.
var nextEvent = os.NewFile(abi.WaitDescriptor, "next event")

var nextEventPoll = func() interface {
	Read(func(fd uintptr) bool) error
} {
	raw, err := nextEvent.SyscallConn()
	if err != nil {
		panic("wasmnet: " + err.Error()) // it is not closed
	}
	return raw
}()

// letGoroutinesRun returns when no other goroutine can run: it waits for the descriptor, once.
func letGoroutinesRun() {
	waited = false
	if err := nextEventPoll.Read(haveWaited); err != nil {
		panic("wasmnet: the host cannot be waited for: " + err.Error())
	}
}

var waited bool

// haveWaited is asked before the wait and after it.
func haveWaited(uintptr) (done bool) {
	done, waited = waited, true
	return done
}
