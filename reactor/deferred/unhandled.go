package deferred

import (
	"fmt"
	"log"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
)

// UnhandledError is an error that reached the end of its Deferred's steps and that nobody handled.
type UnhandledError struct {
	Err     error  // as it was left
	Created string // where the Deferred was made: "dir/file.go:line"
}

func (e *UnhandledError) Error() string {
	return fmt.Sprintf("unhandled error in Deferred made at %s: %v", e.Created, e.Err)
}

// Unwrap returns the error itself.
func (e *UnhandledError) Unwrap() error { return e.Err }

// Scope is what a loop keeps for the Deferreds made with it: the errors that nobody has handled so far, and the
// coroutines of [Go]. It is the business of implementers of a protocol.Reactor; see [Scoped].
type Scope struct {
	report func(*UnhandledError)
	listed []leftover
	parked parkedList
}

// NewScope returns a Scope that hands unhandled errors to report; nil is the reporter set with [SetReporter].
func NewScope(report func(*UnhandledError)) *Scope { return &Scope{report: report} }

// Scoped is implemented by the clocks and reactors that flush their own Scope at the end of each turn of their loop.
// Deferreds made with any other clock use its CallLater with a delay of zero.
type Scoped interface {
	// DeferredScope returns the same Scope each time. It is called on the loop.
	DeferredScope() *Scope
}

// leftover is a Deferred that ended in an error.
type leftover interface {
	// leftover returns the error if nobody has handled it yet, once.
	leftover() *UnhandledError
}

// Flush reports the errors that are still unhandled. The loop calls it when a turn ends, after everything that the turn
// called has returned; it costs nothing when no Deferred ended in an error.
func (s *Scope) Flush() {
	for len(s.listed) > 0 {
		listed := s.listed
		s.listed = nil
		for _, l := range listed {
			if e := l.leftover(); e != nil {
				report(s.report, e)
			}
		}
	}
}

// Close ends the scope with its loop: every coroutine that is waiting in [Await] is told so with [ErrCancelled] and has
// ended when Close returns; then the errors that are left are reported. No coroutine waits from then on.
func (s *Scope) Close() {
	s.parked.stopAll()
	s.Flush()
}

var reporter atomic.Pointer[func(*UnhandledError)]

// SetReporter sets what is told of unhandled errors where no Scope says otherwise. It is called on the loop the
// Deferred belongs to, so on several goroutines where there are several loops. Nil restores the default, which prints
// with package log.
func SetReporter(f func(*UnhandledError)) {
	if f == nil {
		reporter.Store(nil)
		return
	}
	reporter.Store(&f)
}

func report(f func(*UnhandledError), e *UnhandledError) {
	if f != nil {
		f(e)
	} else if p := reporter.Load(); p != nil {
		(*p)(e)
	} else {
		log.Print(e)
	}
}

// list has d looked at when the turn is over.
func (d *Deferred[T]) list() {
	if cancelled(d.err) {
		return
	}
	d.listed = true
	if d.clock == nil {
		d.conclude()
	} else if s, ok := d.clock.(Scoped); ok {
		scope := s.DeferredScope()
		scope.listed = append(scope.listed, d)
	} else {
		d.clock.CallLater(0, d.conclude)
	}
}

func (d *Deferred[T]) conclude() {
	if e := d.leftover(); e != nil {
		report(nil, e)
	}
}

func (d *Deferred[T]) leftover() *UnhandledError {
	d.listed = false
	if !d.open || d.next < len(d.steps) || d.waiting != nil || cancelled(d.err) {
		return nil
	}
	d.open = false
	return &UnhandledError{Err: d.err, Created: d.created()}
}

// created is the place in the source where d was made.
func (d *Deferred[T]) created() string {
	frame, _ := runtime.CallersFrames([]uintptr{d.site}).Next()
	dir, file := filepath.Split(frame.File)
	return filepath.Join(filepath.Base(dir), file) + ":" + strconv.Itoa(frame.Line)
}
