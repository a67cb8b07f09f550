package blocking

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// systemErrors are the errors that a system's own sockets give for a reason. Programs look for some of them.
var systemErrors = map[protocol.Reason]error{
	protocol.ErrConnectionLost:    syscall.ECONNRESET,
	protocol.ErrConnectionAborted: syscall.ECONNABORTED,
	protocol.ErrConnectionRefused: syscall.ECONNREFUSED,
	protocol.ErrTimeout:           syscall.ETIMEDOUT,
	protocol.ErrNoRoute:           syscall.EHOSTUNREACH,
	protocol.ErrConnectBind:       syscall.EADDRNOTAVAIL,
	protocol.ErrCannotListen:      syscall.EADDRINUSE,
	protocol.ErrIdle:              syscall.ECONNABORTED,
	protocol.ErrLimit:             syscall.ECONNABORTED,
	protocol.ErrShutdown:          syscall.ECONNABORTED,
	protocol.ErrDenied:            syscall.EACCES,
	protocol.ErrReloaded:          syscall.ECONNABORTED,
}

// reasonError is why a connection is lost or was not made. It is the reason, what caused that, and the system's error for
// it, to errors.Is.
type reasonError struct {
	error
	system error // or nil
}

// lostError is the error of a connection that is gone.
func lostError(reason error) error {
	return &reasonError{reason, systemErrors[protocol.ReasonOf(reason)]}
}

// brokenError is that of writing to it: a connection that ended cleanly does not take anything either.
func brokenError(reason error) error {
	if r := protocol.ReasonOf(reason); r == protocol.ErrConnectionDone || errors.Is(reason, protocol.ErrClosed) {
		return &reasonError{reason, syscall.EPIPE}
	}
	return lostError(reason)
}

// Unwrap has errors.Is find both.
func (e *reasonError) Unwrap() []error {
	if e.system == nil {
		return []error{e.error}
	}
	return []error{e.error, e.system}
}

// Timeout implements [net.Error]: only an attempt to connect that took too long is one.
func (e *reasonError) Timeout() bool { return errors.Is(e.error, protocol.ErrTimeout) }

// Temporary implements [net.Error].
func (e *reasonError) Temporary() bool { return e.Timeout() }

// dialError is why an attempt failed. What DialContext says for a context that ended is what net.Dialer says.
func dialError(network, address string, reason error) error {
	if protocol.ReasonOf(reason) == protocol.ErrDNSLookup && errors.Is(reason, protocol.ErrDNSLookup) {
		reason = &net.DNSError{UnwrapErr: reason, Err: reason.Error(), Name: address, IsNotFound: true}
	} else {
		reason = lostError(reason)
	}
	return &net.OpError{Op: "dial", Net: network, Addr: text{network, address}, Err: reason}
}

// endpointError is an address that makes no endpoint.
func endpointError(op, network, address string, err error) error {
	return &net.OpError{Op: op, Net: network, Addr: text{network, address}, Err: fmt.Errorf("address %q: %w", address, err)}
}
