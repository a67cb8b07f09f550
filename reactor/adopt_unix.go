//go:build unix

package reactor

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// inheritedListener takes over a descriptor that listens, of the domain "INET", "INET6", "UNIX" or any. If that fails
// the descriptor stays as it is.
func inheritedListener(fd int, domain string) (net.Listener, error) {
	own, err := syscall.Dup(fd)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	f := os.NewFile(uintptr(own), "listener")
	listener, err := net.FileListener(f)
	f.Close()
	if err != nil {
		return nil, err
	}
	if is := domainOf(listener.Addr()); domain != "" && domain != is {
		listener.Close()
		return nil, fmt.Errorf("its domain is %s, not %s", is, domain)
	}
	syscall.Close(fd)
	return listener, nil
}

// domainOf is a listener's domain in the words of endpoint strings.
func domainOf(a net.Addr) string {
	switch a := a.(type) {
	case *net.TCPAddr:
		if a.AddrPort().Addr().Unmap().Is4() {
			return "INET"
		}
		return "INET6"
	default:
		return "UNIX"
	}
}
