//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sockopt is an option of a socket.
type sockopt struct{ level, name, value int }

// packetControl sets up a socket of package net before it is bound.
func packetControl(four, shared bool) func(network, address string, raw syscall.RawConn) error {
	return func(_, _ string, raw syscall.RawConn) error {
		var failure error
		err := raw.Control(func(fd uintptr) {
			for _, o := range packetSockopts(four, shared) {
				if err := unix.SetsockoptInt(int(fd), o.level, o.name, o.value); err != nil && failure == nil {
					failure = os.NewSyscallError("setsockopt", err)
				}
			}
		})
		return errors.Join(err, failure)
	}
}
