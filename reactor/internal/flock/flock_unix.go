//go:build unix

package flock

import (
	"os"
	"syscall"
)

// Lock takes the lock of f, which ends with f or the process. It fails with [ErrLocked] if somebody has it: another
// process, or this one with another *os.File.
func Lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK {
		return ErrLocked
	}
	return os.NewSyscallError("flock", err)
}
