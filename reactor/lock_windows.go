package reactor

import (
	"os"

	"golang.org/x/sys/windows"
)

// lockFile takes the lock of f, which ends with f or the process, and fails if somebody has it.
func lockFile(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
}
