//go:build unix

package host

import "syscall"

// openAtOnce is the flag of an open that never waits, whatever has come to lie under the name. Package os spares a file
// that is opened with it four system calls, which make it one and undo that.
const openAtOnce = syscall.O_NONBLOCK
