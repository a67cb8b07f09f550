package reactor

import (
	"fmt"
	"runtime/debug"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A runner is the right of one goroutine to run a loop. Loop.Detach ends it from inside a callback and starts another
// one, on another goroutine, which takes over in the middle of the turn.
//
// This is why everything that a turn has still to do is kept in the Loop (lists and positions in them, the phase), and
// nothing of it on the stack. It is also why code that calls out to a protocol keeps to one rule: first bring the
// loop's state up to date as if the callback had returned, then call, then look at gone. If it is set the loop
// belongs to somebody else: return at once and touch nothing.
//
// A panic is handled by the same means: the stack is gone, the state is there, and the loop goes on with it.
type runner struct {
	// gone is set and read by the runner's own goroutine only.
	gone bool
	// active is the connection whose callback is running.
	active *Conn
}

// PanicError is the cause of a connection's loss when one of its callbacks panicked.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine that panicked
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in a callback: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Detach lets the loop go on without the callback that calls it. It returns at once; from then on another goroutine
// runs the loop, and the calling one is a plain goroutine that may block for as long as it likes.
//
// Nothing that belongs to the loop may be touched after it (connections, timers, Deferreds): the results of the
// callback are handed over with [Loop.CallFromThread]. Until the callback has returned, other methods of the same
// protocol can be called at the same time; a protocol that is not prepared for that calls PauseReading before Detach,
// and ResumeReading through CallFromThread when it is done. The slice given to DataReceived stays valid until the
// callback returns.
//
// Detach may be called in any callback that a loop makes, but once, and not in CheckAddress or StartFactory: what asks
// these waits for the answer. Run does not return before the callback has.
func (l *Loop) Detach() {
	old := l.runner
	old.gone = true
	// The callback may hold a part of the buffer.
	l.readBuffer = nil
	if l.delivering != nil {
		l.delivering.kept = true
	}
	l.takeOver()
}

// takeOver starts a new runner. What had the loop so far does not touch it again.
func (l *Loop) takeOver() {
	l.runner = &runner{}
	r := l.runner
	l.reactor.spawn(func() { l.run(r) })
}

// run runs the loop until it ends or r loses it.
func (l *Loop) run(r *runner) {
	for l.guardedTurns(r) {
	}
}

// guardedTurns returns whether there is more to do, which is after a panic that was dealt with.
func (l *Loop) guardedTurns(r *runner) (again bool) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if value := recover(); value != nil {
			l.panicked(r, &PanicError{Value: value, Stack: debug.Stack()})
			again = !r.gone
		} else if !r.gone {
			// The callback ended its goroutine (runtime.Goexit). The loop needs another one.
			l.takeOver()
		}
	}()
	l.turns(r)
	returned = true
	return false
}

// panicked reports a panic, and ends the connection whose callback it was. After Detach the loop is somebody else's,
// and has to be asked.
func (l *Loop) panicked(r *runner, cause *PanicError) {
	c := r.active
	r.active = nil
	attrs := []any{"panic", cause.Value, "stack", string(cause.Stack)}
	if c == nil {
		l.reactor.log.Error("panic in a function called by the event loop", attrs...)
		return
	}
	l.reactor.log.Error("panic in a protocol; its connection is closed",
		append(attrs, "conn", c.id, "peer", c.peer.String())...)
	reason := protocol.ErrConnectionLost.Because(cause)
	if r.gone {
		l.CallFromThread(func() { c.abort(reason) })
		return
	}
	c.abort(reason)
}
