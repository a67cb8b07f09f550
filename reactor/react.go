package reactor

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// ExitStatus is an error that says with which exit status a program of [React] is to end. The others end it with 1.
type ExitStatus int

func (s ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// React runs a program that is one operation: it makes a reactor, calls f on loop 0, runs until the Deferred that f
// returned has fired, and returns the exit status for it: 0, or that of an [ExitStatus] in the error's chain, or 1 with
// any other error, which is logged. SIGINT, SIGTERM and Stop cancel the Deferred; if that is all that it fails with, the
// exit status is the one given to Stop, or 0.
//
//	func main() { os.Exit(reactor.React(reactor.Config{}, run)) }
func React[T any](cfg Config, f func(r *Reactor) *deferred.Deferred[T]) int {
	r, err := New(cfg)
	if err != nil {
		log := cfg.Logger
		if log == nil {
			log = slog.Default()
		}
		log.Error("the program cannot start", "error", err)
		return 1
	}
	r.HandleSignals(0)
	var outcome error
	fired, stopped := false, false // stopped: by somebody else
	var d *deferred.Deferred[T]
	finish := func(_ T, err error) {
		fired, outcome = true, err
		_ = r.Stop() // unless it is stopping already
	}
	r.CallWhenRunning(func() {
		var err error
		if d, err = guarded(func() (*deferred.Deferred[T], error) { return f(r), nil }); err != nil {
			d = deferred.Fail[T](r.loops[0], err)
		}
		d.Handle(finish)
	})
	// Neither event has begun, so the error is nil.
	_, _ = r.AddSystemEventTrigger(Before, Shutdown, func() *deferred.Deferred[deferred.Unit] {
		if d != nil && !fired {
			stopped = true
			d.Cancel()
		}
		return nil
	})
	_ = r.Run() // the first time, so the error is nil
	return r.exitStatus(outcome, stopped)
}

// exitStatus is that of a program that ended with err.
func (r *Reactor) exitStatus(err error, stopped bool) int {
	var status ExitStatus
	switch {
	case err == nil, stopped && errors.Is(err, deferred.ErrCancelled):
		return r.Status()
	case errors.As(err, &status):
		return int(status)
	}
	r.log.Error("the program failed", "error", err)
	return 1
}
