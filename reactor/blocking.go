package reactor

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// CallInThread calls f on a goroutine of the reactor's pool, of which there are [Config].Threads; until one is free it
// waits its turn. A panic in f is logged. Whoever wants to know of the outcome uses [DeferToThread]. Any goroutine may
// call it; before Run it takes effect as that starts. It fails with [protocol.ErrNotRunning] when loop 0 has ended; what
// waits its turn when the last loop ends is dropped.
func (r *Reactor) CallInThread(f func()) error {
	work := func() {
		_, err := guarded(func() (struct{}, error) { f(); return struct{}{}, nil })
		if p := (*PanicError)(nil); errors.As(err, &p) {
			r.log.Error("panic in a function called in a thread", "panic", p.Value, "stack", string(p.Stack))
		}
	}
	if !r.loops[0].post(func() { r.threads.run(work) }) {
		return protocol.ErrNotRunning
	}
	return nil
}

// SuggestThreadPoolSize changes how many goroutines the pool may have: 1 or more. What is under way goes on. Any
// goroutine may call it.
func (r *Reactor) SuggestThreadPoolSize(size int) error {
	if size < 1 {
		return fmt.Errorf("reactor: the size of the thread pool is %d, must be 1 or more", size)
	}
	if !r.loops[0].post(func() { r.threads.resize(size) }) {
		return protocol.ErrNotRunning
	}
	return nil
}

// BlockingCallFromThread calls f on l, waits for it, and returns its result. A panic of f is an error of type
// [*PanicError]. It fails with [protocol.ErrNotRunning] when the loop has ended, or ends before f was called.
//
// It is for goroutines that are not loops: a loop that waits for itself, or two that wait for each other, wait for ever.
// Before Run it waits for that.
func BlockingCallFromThread[T any](l *Loop, f func() (T, error)) (T, error) {
	return blockingCall(l, func(done func(T, error)) {
		value, err := guarded(f)
		done(value, err)
	})
}

// BlockingAwaitFromThread is [BlockingCallFromThread] for an f that returns a Deferred, for which it waits. It also fails
// with [protocol.ErrNotRunning] when the loop ends before the Deferred has fired.
func BlockingAwaitFromThread[T any](l *Loop, f func() *deferred.Deferred[T]) (T, error) {
	return blockingCall(l, func(done func(T, error)) {
		runner := l.runner
		d, err := guarded(func() (*deferred.Deferred[T], error) { return f(), nil })
		switch {
		case err != nil:
			var zero T
			done(zero, err)
		case runner.gone: // f has left the loop, to which d belongs
			l.CallFromThread(func() { d.Handle(done) })
		default:
			d.Handle(done)
		}
	})
}

// blockingCall has f called on l, and waits until it calls done.
func blockingCall[T any](l *Loop, f func(done func(T, error))) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	outcomes := make(chan outcome, 1)
	posted := l.post(func() {
		returned := false
		defer func() {
			if !returned { // runtime.Goexit, which testing.T.FailNow calls
				outcomes <- outcome{err: errors.New("reactor: the function has ended its goroutine")}
			}
		}()
		f(func(value T, err error) { outcomes <- outcome{value, err} })
		returned = true
	})
	if !posted {
		return outcome{}.value, protocol.ErrNotRunning
	}
	select {
	case o := <-outcomes:
		return o.value, o.err
	case <-l.done:
	}
	select {
	case o := <-outcomes: // in its last turn
		return o.value, o.err
	default:
		return outcome{}.value, protocol.ErrNotRunning
	}
}
