//go:build unix

package reactor

import (
	"os"
	"syscall"
)

// lockFile takes the lock of f, which ends with f or the process, and fails if somebody has it.
func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
