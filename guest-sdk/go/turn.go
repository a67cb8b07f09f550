//go:build wasip1

package wasmnet

import (
	"runtime"
	"runtime/metrics"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// posted holds the functions given to CallFromThread. A guest has one thread, so nothing is locked.
var posted []func()

// scope collects the Deferreds that end in an error that nobody handles.
var scope = deferred.NewScope(func(e *deferred.UnhandledError) { Log(abi.LogError, e.Error()) })

// maxRounds is how often an event calls what was posted while it did so. Functions that post themselves for ever keep
// neither the event from ending nor the host from its other work.
const maxRounds = 64

// endTurn does what is left when an event's handler has returned: it lets goroutines run until all of them wait, calls
// what they posted, asks the host for the next timer, and reports unhandled errors. After it nothing in the guest can
// go on before the host calls again.
func endTurn() {
	for round := 0; len(posted) > 0 || runtime.NumGoroutine() > 1; round++ {
		if round == maxRounds {
			theReactor.CallLater(0, func() {}) // whose turn ends here too
			break
		}
		letGoroutinesRun()
		if len(posted) == 0 {
			break
		}
		callPosted()
	}
	scope.Flush()
	if timersChanged {
		setHostTimer()
	}
}

// callPosted calls the functions that have been posted so far; those that they post wait for the next round.
func callPosted() {
	due := posted
	posted = nil
	for i, f := range due {
		due[i] = nil
		f()
	}
	if posted == nil {
		posted = due[:0]
	}
}

var runnable = []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}

// letGoroutinesRun yields until no goroutine but this one can run. One yield runs what is in the scheduler's queue, and
// mostly what that wakes; only the scheduler knows whether something is left.
func letGoroutinesRun() {
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
		metrics.Read(runnable)
		if runnable[0].Value.Uint64() == 0 {
			return
		}
	}
}
