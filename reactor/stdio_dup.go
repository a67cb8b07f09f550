//go:build unix && !linux

package reactor

import "golang.org/x/sys/unix"

// replaceDescriptor makes fd another descriptor of what from is.
func replaceDescriptor(from, fd int) error { return unix.Dup2(from, fd) }
