package reactor

import (
	"errors"
	"os"
	"syscall"
)

// packetControl sets up a socket of package net before it is bound.
func packetControl(_, shared bool) func(network, address string, raw syscall.RawConn) error {
	if !shared {
		return nil
	}
	return func(_, _ string, raw syscall.RawConn) error {
		var failure error
		err := raw.Control(func(fd uintptr) {
			failure = os.NewSyscallError("setsockopt",
				syscall.SetsockoptInt(syscall.Handle(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
		})
		return errors.Join(err, failure)
	}
}
