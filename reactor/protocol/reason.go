package protocol

import (
	"errors"
	"fmt"
)

// Reason says why a connection ended or could not be made. It is an error, to be compared with errors.Is; the numbers
// are those of the ABI.
type Reason int32

// The reasons. A test in abi holds the numbers equal to the ABI's.
const (
	ErrConnectionDone      Reason = 0  // closed cleanly
	ErrConnectionLost      Reason = 1  // closed uncleanly: reset, truncated, cable pulled
	ErrConnectionAborted   Reason = 2  // AbortConnection was called on our side
	ErrConnectionRefused   Reason = 3  // nobody listens there
	ErrTimeout             Reason = 4  // connecting took too long
	ErrDNSLookup           Reason = 5  // the name could not be resolved
	ErrNoRoute             Reason = 6  // network or host unreachable
	ErrConnectBind         Reason = 7  // the local address could not be bound
	ErrCannotListen        Reason = 8  // the listening address could not be bound
	ErrTLS                 Reason = 9  // handshake, verification or record failure
	ErrConnectingCancelled Reason = 10 // the attempt was stopped by its owner
	ErrIdle                Reason = 11 // an idle, first-byte or lifetime limit ran out
	ErrLimit               Reason = 12 // another limit was breached
	ErrShutdown            Reason = 13 // the reactor or service is going down
	ErrDenied              Reason = 14 // not granted, or refused by the factory
	ErrReloaded            Reason = 15 // the module was replaced
)

var reasonText = [...]string{
	"connection was closed cleanly",
	"connection was lost",
	"connection was aborted",
	"connection was refused",
	"timed out",
	"name could not be resolved",
	"no route to host",
	"cannot bind local address",
	"cannot listen",
	"TLS failed",
	"connecting was cancelled",
	"connection was idle too long",
	"limit exceeded",
	"shutting down",
	"not permitted",
	"module was reloaded",
}

func (r Reason) Error() string {
	if r >= 0 && int(r) < len(reasonText) {
		return reasonText[r]
	}
	return fmt.Sprintf("reason %d", int32(r))
}

// Because returns an error whose [ReasonOf] is r and whose text and chain hold cause. A nil cause gives r itself.
func (r Reason) Because(cause error) error {
	if cause == nil {
		return r
	}
	return &reasonError{r, cause}
}

// ReasonOf returns the Reason in err's chain: [ErrConnectionDone] for nil, [ErrConnectionLost] where there is none.
func ReasonOf(err error) Reason {
	if err == nil {
		return ErrConnectionDone
	}
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	return ErrConnectionLost
}

type reasonError struct {
	reason Reason
	cause  error
}

func (e *reasonError) Error() string   { return e.reason.Error() + ": " + e.cause.Error() }
func (e *reasonError) Unwrap() []error { return []error{e.reason, e.cause} }

// Errors that a call returns at once.
var (
	ErrClosed             = errors.New("connection is closed or closing")
	ErrTLSActive          = errors.New("TLS is already active")
	ErrProducerRegistered = errors.New("a producer is already registered")
	ErrAlreadyCalled      = errors.New("timer was already called")
	ErrAlreadyCancelled   = errors.New("timer was already cancelled")
	ErrNotRunning         = errors.New("reactor is not running")
	ErrNotRestartable     = errors.New("reactor cannot be restarted")
	ErrUnsupported        = errors.New("not supported here")
	ErrMessageTooLong     = errors.New("datagram is too long")
)
