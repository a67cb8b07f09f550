package reactor

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DeferToThread calls f on a goroutine of the reactor's pool, of which there are [Config].Threads, and fires the
// Deferred with its result on l. f must not touch anything of the loop. A panic in f is an error of type [*PanicError].
// Cancelling the Deferred keeps f from being called; if it runs already its result is dropped.
func DeferToThread[T any](l *Loop, f func() (T, error)) *deferred.Deferred[T] {
	var stop func()
	d := deferred.NewCancellable(l, func(*deferred.Deferred[T]) { stop() })
	stop = runInThread(l, f, func(value T, err error) {
		switch {
		case d.Called():
		case err != nil:
			d.Errback(err)
		default:
			d.Callback(value)
		}
	})
	return d
}

// DeferToThread implements [protocol.Reactor]. A task that is not registered is an error of the outcome.
func (l *Loop) DeferToThread(name string, input []byte, done func(result []byte, err error)) protocol.Request {
	task := protocol.LookupTask(name)
	if task == nil {
		task = func([]byte) ([]byte, error) {
			return nil, fmt.Errorf("task %q is not registered (see protocol.HandleTask)", name)
		}
	}
	input = bytes.Clone(input)
	q := &request{loop: l, cancelled: func() { done(nil, protocol.ErrConnectingCancelled) }}
	q.stop = runInThread(l, func() ([]byte, error) { return task(input) }, func(result []byte, err error) {
		if q.complete() {
			done(result, err)
		}
	})
	return q
}

// runInThread calls f off the loop and done on it. After stop f is not begun any more, nor done called then.
func runInThread[T any](l *Loop, f func() (T, error), done func(T, error)) (stop func()) {
	var stopped atomic.Bool
	l.reactor.threads.run(func() {
		if stopped.Load() {
			return
		}
		value, err := guarded(f)
		l.CallFromThread(func() { done(value, err) })
	})
	return func() { stopped.Store(true) }
}

// guarded is f, whose panic becomes an error.
func guarded[T any](f func() (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
