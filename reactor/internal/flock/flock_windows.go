package flock

import (
	"os"

	"golang.org/x/sys/windows"
)

// offset is where the byte is that is locked: beyond what anybody writes, for what is locked cannot be read.
const offset = 1 << 30

// Lock takes the lock of f, which ends with f or the process. It fails with [ErrLocked] if somebody has it: another
// process, or this one with another *os.File.
func Lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{Offset: offset})
	if err == windows.ERROR_LOCK_VIOLATION {
		return ErrLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}
