package reactor

import (
	"io"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The system calls of the data path are made without telling the scheduler (RawSyscall). They cannot block: the
// descriptors are non-blocking, and at most maxRaw bytes are copied, in a few microseconds. The detour through the
// scheduler costs a tenth of an echoed message's processor time. recvfrom and sendto are shorter ways into the kernel
// than read and write, and do without SIGPIPE.
const maxRaw = 64 << 10

const (
	abstractNames   = true
	inheritsNoDelay = true
)

// openStream opens a non-blocking stream socket.
func openStream(domain int) (int, error) {
	return unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// acceptStream accepts a connection, non-blocking.
func acceptStream(listener int) (int, protocol.Address, error) {
	var peer unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	fd, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), uintptr(unsafe.Pointer(&peer)),
		uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, nil, errno
	}
	return int(fd), streamPeer(&peer), nil
}

// peerError is the error of asking for the address of fd's peer: ENOTCONN before it is connected.
func peerError(fd int) error {
	var peer unix.RawSockaddrAny
	size := uint32(unix.SizeofSockaddrAny)
	_, _, errno := syscall.RawSyscall(unix.SYS_GETPEERNAME, uintptr(fd), uintptr(unsafe.Pointer(&peer)),
		uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return errno
	}
	return nil
}

func epollWaitNow(epfd int, events []unix.EpollEvent) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// readFD fills p with what is there; it fails with errAgain or io.EOF.
func readFD(fd int, p []byte) (int, error) {
	if len(p) > maxRaw {
		p = p[:maxRaw]
	}
	for {
		n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == 0 && n > 0:
			return int(n), nil
		case errno == 0:
			return 0, io.EOF
		case errno == unix.EAGAIN:
			return 0, errAgain
		case errno != unix.EINTR:
			return 0, errno
		}
	}
}

const sendFlags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL

// The flags of the calls that pass descriptors.
const (
	passFlags    = sendFlags
	receiveFlags = unix.MSG_DONTWAIT | unix.MSG_CMSG_CLOEXEC
)

// writeFD takes what it can of p; it fails with errAgain if that is nothing.
func writeFD(fd int, p []byte) (int, error) {
	for {
		var n uintptr
		var errno syscall.Errno
		if len(p) <= maxRaw {
			n, _, errno = syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
				uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), sendFlags, 0, 0)
		} else {
			n, _, errno = syscall.Syscall6(unix.SYS_SENDTO, uintptr(fd),
				uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), sendFlags, 0, 0)
		}
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, errAgain
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// writevFD is writeFD for the concatenation of at most maxVector slices.
func writevFD(fd int, v [][]byte) (int, error) {
	var iov [maxVector]unix.Iovec
	for i, p := range v {
		iov[i].Base = unsafe.SliceData(p)
		iov[i].SetLen(len(p))
	}
	msg := unix.Msghdr{Iov: &iov[0]}
	msg.SetIovlen(len(v))
	for {
		n, _, errno := syscall.Syscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&msg)), sendFlags)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN:
			return 0, errAgain
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
