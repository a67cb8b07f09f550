//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	abstractNames   = false
	inheritsNoDelay = false

	// The flags of the calls that pass descriptors.
	passFlags    = 0
	receiveFlags = 0
)

// openStream opens a non-blocking stream socket.
func openStream(domain int) (int, error) {
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(domain, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, err
	}
	return prepare(fd)
}

// acceptStream accepts a connection, non-blocking.
func acceptStream(listener int) (int, protocol.Address, error) {
	syscall.ForkLock.RLock()
	fd, sa, err := unix.Accept(listener)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, nil, err
	}
	fd, err = prepare(fd)
	return fd, addressOf(sa), err
}

// peerError is the error of asking for the address of fd's peer: ENOTCONN before it is connected.
func peerError(fd int) error {
	_, err := unix.Getpeername(fd)
	return err
}

// prepare makes fd non-blocking, and closes it if that fails. A peer that is gone is an error, not a signal: Go's
// runtime ignores SIGPIPE on descriptors other than 1 and 2.
func prepare(fd int) (int, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// readFD fills p with what is there; it fails with errAgain or io.EOF.
func readFD(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Read(fd, p)
		switch {
		case err == nil && n > 0:
			return n, nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			return 0, errAgain
		case err != unix.EINTR:
			return 0, err
		}
	}
}

// writeFD takes what it can of p; it fails with errAgain if that is nothing.
func writeFD(fd int, p []byte) (int, error) {
	for {
		n, err := unix.Write(fd, p)
		switch err {
		case nil:
			return n, nil
		case unix.EAGAIN:
			return 0, errAgain
		case unix.EINTR:
		default:
			return 0, err
		}
	}
}

// writevFD is writeFD for the concatenation of v, by one call for each slice: not all of these systems offer more.
func writevFD(fd int, v [][]byte) (int, error) {
	total := 0
	for _, p := range v {
		n, err := writeFD(fd, p)
		total += n
		if total > 0 && (err == errAgain || err == nil && n < len(p)) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
