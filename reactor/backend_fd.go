//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fdBackend makes sockets that are descriptors, watched by an fdPoller.
type fdBackend struct{}

// A fdPoller is a poller of descriptors.
type fdPoller interface {
	poller
	// change replaces what the poller watches of fd, for k. What it watched before is from; nothing at first.
	change(fd int, k key, from, to interest) error
}

// The states of a poller: what its goroutine does, and whether it was told not to wait.
const (
	pollerAwake int32 = iota
	pollerParked
	pollerWoken
)

// watch is a descriptor and what its loop's poller watches of it.
type watch struct {
	fd     int // -1 when it is closed
	loop   *Loop
	poller fdPoller
	key    key
	armed  interest
}

// attach gives the descriptor a handler, or another one.
func (w *watch) attach(l *Loop, h handler) error {
	if w.loop != nil {
		l.slots.replace(w.key, h)
		return nil
	}
	p, ok := l.poller.(fdPoller)
	if !ok {
		return errors.New("the loop's poller does not watch descriptors")
	}
	w.loop, w.poller = l, p
	w.key = l.slots.take(h)
	return nil
}

func (w *watch) want(i interest) error {
	if i == w.armed {
		return nil
	}
	if err := w.poller.change(w.fd, w.key, w.armed, i); err != nil {
		return err
	}
	w.armed = i
	return nil
}

// close closes the descriptor, which also ends the watching.
func (w *watch) close() {
	if w.fd >= 0 {
		unix.Close(w.fd)
		w.fd = -1
	}
}

// forget gives the slot back.
func (w *watch) forget() {
	if w.loop != nil {
		w.loop.slots.release(w.key)
	}
}

// sockaddr translates an address for the kernel.
func sockaddr(a protocol.Address) (domain int, sa unix.Sockaddr, err error) {
	switch a := a.(type) {
	case protocol.TCPAddress:
		if ip := a.Addr(); ip.Is4() {
			return unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: ip.As4()}, nil
		}
		zone, err := zoneID(a.Addr().Zone())
		if err != nil {
			return 0, nil, err
		}
		return unix.AF_INET6, &unix.SockaddrInet6{Port: int(a.Port()), ZoneId: zone, Addr: a.Addr().As16()}, nil
	case protocol.UNIXAddress:
		if strings.HasPrefix(a.Name, "@") && !abstractNames {
			return 0, nil, fmt.Errorf("abstract names: %w", protocol.ErrUnsupported)
		}
		return unix.AF_UNIX, &unix.SockaddrUnix{Name: a.Name}, nil
	}
	return 0, nil, fmt.Errorf("network %s: %w", a.Network(), protocol.ErrUnsupported)
}

// zoneID is the number of an IPv6 zone that is given by name or number.
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	ifi, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, fmt.Errorf("zone %q: %w", zone, err)
	}
	return uint32(ifi.Index), nil
}

// addressOf translates an address from the kernel.
func addressOf(sa unix.Sockaddr) protocol.Address {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))}
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if ip.Is4In6() {
			ip = ip.Unmap()
		} else if sa.ZoneId != 0 {
			ip = ip.WithZone(strconv.FormatUint(uint64(sa.ZoneId), 10))
		}
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, uint16(sa.Port))}
	case *unix.SockaddrUnix:
		return unixAddress(sa.Name)
	}
	return protocol.PipeAddress{}
}

// localAddress asks the kernel for the address of fd.
func localAddress(fd int) protocol.Address {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return protocol.PipeAddress{}
	}
	return addressOf(sa)
}

// socketError is the error that waits on fd.
func socketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if n != 0 {
		return unix.Errno(n)
	}
	return nil
}
