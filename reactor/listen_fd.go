//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// defaultBacklog is the length of the accept queue. Twisted's 50 makes a burst of clients wait a second for their SYN to
// be sent again; this is what Linux allows by default, and the kernel cuts it down to what it allows.
const defaultBacklog = 4096

// fdAcceptor is a listening socket.
type fdAcceptor struct {
	watch
	tcp  bool
	host protocol.Address
	file *socketFile // of a UNIX socket, or nil
}

var _ acceptor = (*fdAcceptor)(nil)

func (fdBackend) listen(e *endpoint.Server) (acceptor, error) {
	switch e.Network {
	case "fd":
		return adopt(e)
	case "unix":
		return listenUNIX(e)
	}
	at, err := listenAddress(e)
	if err != nil {
		return nil, err
	}
	domain, sa, err := sockaddr(at)
	if err != nil {
		return nil, err
	}
	fd, err := openStream(domain)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	a := &fdAcceptor{watch: watch{fd: fd}, tcp: true}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil && domain == unix.AF_INET6 {
		// Else one port could not be given to "tcp:" and "tcp6:" both.
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil {
		// Connections inherit it where the system is so kind, which saves a call for each.
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err != nil {
		a.close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return a.listen(sa, e.Backlog)
}

func listenUNIX(e *endpoint.Server) (acceptor, error) {
	domain, sa, err := sockaddr(protocol.UNIXAddress{Name: e.Address})
	if err != nil {
		return nil, err
	}
	file, err := claim(e)
	if err != nil {
		return nil, err
	}
	fd, err := openStream(domain)
	if err != nil {
		file.remove()
		return nil, os.NewSyscallError("socket", err)
	}
	a := &fdAcceptor{watch: watch{fd: fd}, file: file}
	return a.listen(sa, e.Backlog)
}

// listen binds and listens. The acceptor is closed if that fails.
func (a *fdAcceptor) listen(at unix.Sockaddr, backlog int) (acceptor, error) {
	if err := unix.Bind(a.fd, at); err != nil {
		a.close()
		return nil, os.NewSyscallError("bind", err)
	}
	if err := a.file.bound(); err != nil {
		a.close()
		return nil, err
	}
	if backlog <= 0 {
		backlog = defaultBacklog
	}
	if err := unix.Listen(a.fd, backlog); err != nil {
		a.close()
		return nil, os.NewSyscallError("listen", err)
	}
	a.host = localAddress(a.fd)
	return a, nil
}

// adopt takes over a descriptor that listens already. From then on it is the reactor's.
func adopt(e *endpoint.Server) (acceptor, error) {
	domain, err := listeningDomain(e.FD)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", e.FD, err)
	}
	if e.Domain != "" && e.Domain != domain {
		return nil, fmt.Errorf("descriptor %d: its domain is %s, not %s", e.FD, domain, e.Domain)
	}
	unix.CloseOnExec(e.FD)
	if err := unix.SetNonblock(e.FD, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	a := &fdAcceptor{watch: watch{fd: e.FD}, tcp: domain != "UNIX", host: localAddress(e.FD)}
	if a.tcp {
		// As above; whoever opened it may have had a reason to refuse, which is no reason to refuse to serve.
		_ = unix.SetsockoptInt(e.FD, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	return a, nil
}

// listeningDomain is the domain of a listening stream socket, in the words of endpoint strings.
func listeningDomain(fd int) (string, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return "", os.NewSyscallError("getsockopt", err)
	}
	if kind != unix.SOCK_STREAM {
		return "", errors.New("not a stream socket")
	}
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && on == 0 {
		return "", errors.New("the socket does not listen")
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return "", os.NewSyscallError("getsockname", err)
	}
	switch sa.(type) {
	case *unix.SockaddrInet4:
		return "INET", nil
	case *unix.SockaddrInet6:
		return "INET6", nil
	case *unix.SockaddrUnix:
		return "UNIX", nil
	}
	return "", errors.New("not an internet or UNIX socket")
}

func (a *fdAcceptor) addr() protocol.Address { return a.host }

func (a *fdAcceptor) want(on bool) error {
	if on {
		return a.watch.want(interestRead)
	}
	return a.watch.want(0)
}

func (a *fdAcceptor) accept() (socket, protocol.Address, error) {
	fd, peer, err := acceptStream(a.fd)
	switch err {
	case nil:
	case unix.EAGAIN:
		return nil, nil, errAgain
	case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
		return nil, nil, fmt.Errorf("%w: %w", errShort, os.NewSyscallError("accept", err))
	default:
		return nil, nil, os.NewSyscallError("accept", err)
	}
	s := &fdSocket{watch: watch{fd: fd}, tcp: a.tcp}
	if a.tcp && !inheritsNoDelay {
		// A connection that is gone already says so when it is read.
		_ = s.setNoDelay(true)
	}
	return s, peer, nil
}

// shed implements [acceptor]. The number is bounded: whoever keeps connecting must not keep the loop here.
func (a *fdAcceptor) shed(reserve *reserve) (n int) {
	reserve.with(func() {
		for ; n < maxAccepts; n++ {
			fd, _, err := acceptStream(a.fd)
			if err != nil {
				return
			}
			unix.Close(fd)
		}
	})
	return n
}

func (a *fdAcceptor) close() {
	a.file.remove()
	a.watch.close()
}
