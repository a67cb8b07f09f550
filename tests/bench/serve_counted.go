//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
)

// allocated is what a process has allocated on its heap since it began.
type allocated struct{ objects, bytes uint64 }

// serveCounted is serve, with a port besides, named first, at which each connection is told what was allocated so far.
func serveCounted(kind string, args ...string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "allocations listening on tcp:%s\n", l.Addr())
	go tellAllocated(l)
	return serve(kind, args...)
}

// tellAllocated tells each connection, until the port is closed.
func tellAllocated(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Fprintln(c, m.Mallocs, m.TotalAlloc)
		c.Close()
	}
}

// readAllocated asks such a port.
func readAllocated(addr string) (a allocated, err error) {
	c, err := dial(addr)
	if err != nil {
		return a, err
	}
	defer c.Close()
	_, err = fmt.Fscanln(c, &a.objects, &a.bytes)
	return a, err
}
