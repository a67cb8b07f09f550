//go:build unix

package process

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalNumber looks a name such as "SIGTERM" up; 0: there is none.
func signalNumber(name string) syscall.Signal { return unix.SignalNum(name) }
