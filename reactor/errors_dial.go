package reactor

import (
	"context"
	"errors"
	"os"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// dialReason gives the error of an attempt to connect its Reason.
func dialReason(err error) error {
	var known protocol.Reason
	if errors.As(err, &known) {
		return err
	}
	for _, r := range dialReasons {
		for _, e := range r.errors {
			if errors.Is(err, e) {
				return r.reason.Because(err)
			}
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return protocol.ErrTimeout.Because(err)
	}
	return protocol.ErrConnectionLost.Because(err)
}

// dialErrors are the system's errors for one reason.
type dialErrors struct {
	reason protocol.Reason
	errors []error
}
