package deferred

import (
	"errors"
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Errors of Deferreds and of what is built on them.
var (
	// ErrAlreadyCalled is what Callback and Errback return on a Deferred that has fired.
	ErrAlreadyCalled = errors.New("deferred has fired already")
	// ErrCancelled is the error of a Deferred that was cancelled.
	ErrCancelled = errors.New("deferred was cancelled")
	// ErrNoProtocol is in the chain of [Connect]'s error when the factory built no protocol.
	ErrNoProtocol = errors.New("factory built no protocol")
	// ErrQueueOverflow is what [Queue.Put] returns on a queue that holds as much as it may.
	ErrQueueOverflow = errors.New("queue is full")
	// ErrQueueUnderflow is what [Queue.Get] fails with when as many as may wait are waiting.
	ErrQueueUnderflow = errors.New("queue has too many waiting for it")
)

// ErrTimeout is in the chain of every [TimeoutError].
const ErrTimeout = protocol.ErrTimeout

// TimeoutError is the error of a Deferred that AddTimeout has given up.
type TimeoutError struct {
	After time.Duration // the time it was given
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("no outcome within %v", e.After) }

// Unwrap returns [ErrTimeout].
func (e *TimeoutError) Unwrap() error { return ErrTimeout }

// Timeout is true, as in net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// cancelled reports whether err says no more than that somebody did not want the outcome.
func cancelled(err error) bool {
	var group *GroupError
	if errors.As(err, &group) {
		for _, e := range group.Errs {
			if !cancelled(e) {
				return false
			}
		}
		return true
	}
	return errors.Is(err, ErrCancelled) || errors.Is(err, protocol.ErrConnectingCancelled)
}
