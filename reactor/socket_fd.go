//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fdSocket is a connected stream socket.
type fdSocket struct {
	watch
	tcp bool
}

var _ socket = (*fdSocket)(nil)

func (s *fdSocket) read(p []byte) (int, error)  { return readFD(s.fd, p) }
func (s *fdSocket) write(p []byte) (int, error) { return writeFD(s.fd, p) }

func (s *fdSocket) writev(v [][]byte) (int, error) { return writevFD(s.fd, v) }

func (s *fdSocket) unsent() int { return 0 }

func (s *fdSocket) closeWrite() error {
	return os.NewSyscallError("shutdown", unix.Shutdown(s.fd, unix.SHUT_WR))
}

func (s *fdSocket) failure() error { return socketError(s.fd) }

func (s *fdSocket) hungUp() bool {
	state := []unix.PollFd{{Fd: int32(s.fd)}}
	n, err := unix.Poll(state, 0)
	return err == nil && n > 0
}

func (s *fdSocket) lost() error {
	var next [1]byte
	switch _, _, err := unix.Recvfrom(s.fd, next[:], unix.MSG_PEEK|unix.MSG_DONTWAIT); err {
	case nil, unix.EAGAIN, unix.EINTR:
		return nil
	default:
		return os.NewSyscallError("recvfrom", err)
	}
}

func (s *fdSocket) localAddr() protocol.Address { return localAddress(s.fd) }

func (s *fdSocket) setNoDelay(on bool) error {
	if !s.tcp {
		return nil
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(s.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, number(on)))
}

func (s *fdSocket) setKeepAlive(on bool) error {
	if !s.tcp {
		return nil
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, number(on)))
}

func (s *fdSocket) control(f func(fd uintptr)) error {
	f(uintptr(s.fd))
	return nil
}

func (s *fdSocket) close(reset bool) {
	if reset && s.tcp && s.fd >= 0 {
		// Without this option the close is an ordinary one, which is all that the peer loses.
		_ = unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	s.watch.close()
	s.forget()
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}
