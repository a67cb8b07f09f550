package deferred

import "github.com/wasmnet/wasmnet/reactor/protocol"

// Resolve looks host up: see protocol.Reactor. Cancelling it cancels the look-up.
func Resolve(r protocol.Reactor, host string) *Deferred[[]string] {
	return request(r, func(done func([]string, error)) protocol.Request { return r.Resolve(host, done) }, 1)
}

// ToThread runs a task off the loop: see DeferToThread of protocol.Reactor. Cancelling it makes its outcome
// [ErrCancelled]; whether the task is stopped is the reactor's choice.
func ToThread(r protocol.Reactor, task string, input []byte) *Deferred[[]byte] {
	return request(r, func(done func([]byte, error)) protocol.Request {
		return r.DeferToThread(task, input, done)
	}, 1)
}

// request makes a Deferred of an operation that calls done.
func request[T any](clock protocol.Clock, start func(done func(T, error)) protocol.Request, skip int) *Deferred[T] {
	var req protocol.Request
	d := create(clock, func(*Deferred[T]) { req.Cancel() }, skip+1)
	req = start(func(value T, err error) {
		// After Cancel it has fired already, and the outcome is of no interest.
		if err != nil {
			d.Errback(err)
		} else {
			d.Callback(value)
		}
	})
	return d
}
