//go:build wasip1

package wasmnet

import (
	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// reasonError is the error of a reason that the host gave. It allocates nothing.
func reasonError(reason int32) error { return protocol.Reason(reason) }

// codeError is the error of a code: the protocol's own where it has one.
func codeError(code int32) error {
	switch c := abi.Code(code); c {
	case abi.Closed, abi.Handle:
		return protocol.ErrClosed
	case abi.Denied:
		return protocol.ErrDenied
	case abi.Limit:
		return protocol.ErrLimit
	case abi.Timeout:
		return protocol.ErrTimeout
	case abi.Cancelled:
		return protocol.ErrConnectingCancelled
	case abi.Unsupported:
		return protocol.ErrUnsupported
	default:
		return c
	}
}
