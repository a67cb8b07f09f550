package host

import (
	"errors"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var errorCodes = []struct {
	err  error
	code abi.Code
}{
	{protocol.ErrClosed, abi.Closed},
	{protocol.ErrShutdown, abi.Closed},
	{protocol.ErrTLSActive, abi.Conflict},
	{protocol.ErrUnsupported, abi.Unsupported},
	{protocol.ErrMessageTooLong, abi.TooBig},
	{protocol.ErrDenied, abi.Denied},
	{protocol.ErrLimit, abi.Limit},
	{protocol.ErrDNSLookup, abi.NotFound},
	{protocol.ErrConnectingCancelled, abi.Cancelled},
	{protocol.ErrTimeout, abi.Timeout},
}

// codeOf is the code of an error that the reactor returns.
func codeOf(err error) abi.Code {
	if err == nil {
		return abi.OK
	}
	var c abi.Code
	if errors.As(err, &c) {
		return c
	}
	for _, e := range errorCodes {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return abi.IO
}
