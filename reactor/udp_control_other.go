//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd && !windows

package reactor

import (
	"syscall"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// packetControl sets up a socket of package net before it is bound. This system has no option to share an address.
func packetControl(_, shared bool) func(network, address string, raw syscall.RawConn) error {
	if !shared {
		return nil
	}
	return func(string, string, syscall.RawConn) error { return protocol.ErrUnsupported }
}
