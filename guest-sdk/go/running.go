//go:build wasip1

package wasmnet

// ReadyFactory is a factory given to [Run] that starts goroutines, and can say only when they have come to rest whether
// the service may start.
type ReadyFactory interface {
	// Ready is called at the end of start-up, when no goroutine can run; an error refuses the start.
	Ready() error
}

// waiting holds the functions given to CallWhenRunning until there is an event.
var waiting []func()

// CallWhenRunning has f called between the events of the instance, as [protocol.Reactor]'s CallFromThread does; while the
// service starts, which is when opening and dialling is not possible, f waits for the first event of each instance
// (Twisted's callWhenRunning). Any goroutine may call it.
func CallWhenRunning(f func()) {
	if running {
		theReactor.CallFromThread(f)
		return
	}
	posted.Lock()
	waiting = append(waiting, f)
	posted.Unlock()
}

// callWaiting is called in the first event.
func callWaiting() {
	posted.Lock()
	posted.functions = append(posted.functions, waiting...)
	waiting = nil
	posted.Unlock()
}
