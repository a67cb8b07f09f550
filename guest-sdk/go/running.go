//go:build wasip1

package wasmnet

// ReadyFactory is a factory given to [Run] that starts goroutines, and can say only when they have come to rest whether
// the service may start.
type ReadyFactory interface {
	// Ready is called at the end of start-up, when no goroutine can run; an error refuses the start.
	Ready() error
}

// WarmFactory is a factory given to [Run] that has its protocols work once before the image is taken, so that what they
// make when they are first used is in the image.
type WarmFactory interface {
	// Warm is called twice at the end of start-up, before and after the garbage of start-up is collected.
	Warm()
}

// CallWhenRunning has f called between the events of the instance, as [protocol.Reactor]'s CallFromThread does; while the
// service starts, which is when opening and dialling is not possible, f waits for the first event of each instance
// (Twisted's callWhenRunning). Any goroutine may call it.
func CallWhenRunning(f func()) {
	if hot.running {
		theReactor.CallFromThread(f)
		return
	}
	hot.posted.Lock()
	hot.waiting = append(hot.waiting, f)
	hot.posted.Unlock()
}

// callWaiting is called in the first event.
func callWaiting() {
	hot.posted.Lock()
	hot.posted.functions = append(hot.posted.functions, hot.waiting...)
	hot.waiting = nil
	hot.posted.Unlock()
}
