//go:build !unix

package process

import "syscall"

// signalNumber looks a name such as "SIGTERM" up; 0: there is none.
func signalNumber(name string) syscall.Signal {
	return map[string]syscall.Signal{
		"SIGINT": syscall.SIGINT, "SIGKILL": syscall.SIGKILL, "SIGTERM": syscall.SIGTERM,
	}[name]
}
