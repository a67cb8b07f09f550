//go:build unix

package reactor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stdioTaken says that openStdio has been called.
var stdioTaken atomic.Bool

// openStdio takes the process's standard input and output away from it: what was there is the connection's, and in its
// place is the null device, so that whoever prints does not print into the connection, and no child inherits it.
func openStdio() (net.Conn, error) {
	if !stdioTaken.CompareAndSwap(false, true) {
		return nil, errStdioTaken
	}
	c, err := newPipeConn(0, 1)
	if err != nil {
		stdioTaken.Store(false)
		return nil, err
	}
	if err := vacate(0, 1); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// vacate puts the null device in the place of descriptors.
func vacate(fds ...int) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for _, fd := range fds {
		if err := replaceDescriptor(int(null.Fd()), fd); err != nil {
			return os.NewSyscallError("dup", err)
		}
	}
	return nil
}

// pipeConn is a connection of two descriptors: pipes, sockets, terminals or files. While it lives they do not block,
// which whoever shares them sees too; when it ends they are as they were.
type pipeConn struct {
	in, out pipeEnd
	using   sync.RWMutex // held, to read, by the calls of the two files that are under way
}

var _ net.Conn = (*pipeConn)(nil)

// newPipeConn makes a connection of duplicates of two descriptors.
func newPipeConn(in, out int) (*pipeConn, error) {
	// Both are looked at before either is changed: they may be the same open file.
	var blocking [2]bool
	for i, fd := range []int{in, out} {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return nil, fmt.Errorf("descriptor %d: %w", fd, os.NewSyscallError("fcntl", err))
		}
		blocking[i] = flags&unix.O_NONBLOCK == 0
	}
	c := &pipeConn{}
	err := c.in.open(in, blocking[0])
	if err == nil {
		err = c.out.open(out, blocking[1])
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// pipeEnd is one of the two.
type pipeEnd struct {
	file *os.File // nil: not open
	// blocked is another descriptor of a file that was found blocking, with which to put that back, or nil.
	blocked *os.File
}

func (e *pipeEnd) open(fd int, blocking bool) error {
	own, err := duplicateDescriptor(fd)
	if err != nil {
		return err
	}
	if blocking {
		spare, err := duplicateDescriptor(fd)
		if err != nil {
			unix.Close(own)
			return err
		}
		e.blocked = os.NewFile(uintptr(spare), "stdio")
	}
	if err := unix.SetNonblock(own, true); err != nil {
		unix.Close(own)
		return os.NewSyscallError("fcntl", err)
	}
	e.file = os.NewFile(uintptr(own), "stdio") // which sees that it does not block
	return nil
}

func duplicateDescriptor(fd int) (int, error) {
	own, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	return own, os.NewSyscallError("fcntl", err)
}

// restore puts back what open has changed. Nothing uses the file any more.
func (e *pipeEnd) restore() {
	if e.blocked == nil {
		return
	}
	if raw, err := e.blocked.SyscallConn(); err == nil {
		// It fails for a descriptor that is none, which this is not.
		_ = raw.Control(func(fd uintptr) { _ = unix.SetNonblock(int(fd), false) })
	}
	e.blocked.Close()
	e.blocked = nil
}

// Read implements [net.Conn].
func (c *pipeConn) Read(p []byte) (int, error) {
	c.using.RLock()
	defer c.using.RUnlock()
	return c.in.file.Read(p)
}

// Write implements [net.Conn].
func (c *pipeConn) Write(p []byte) (int, error) {
	c.using.RLock()
	defer c.using.RUnlock()
	return c.out.file.Write(p)
}

// CloseWrite closes the sending side. A socket may be the receiving side too, or another process's, and is shut down.
func (c *pipeConn) CloseWrite() error {
	raw, err := c.out.file.SyscallConn()
	if err == nil {
		// It fails for what is not a socket.
		_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
	}
	return c.out.file.Close()
}

// Close implements [net.Conn]. It ends calls that wait.
func (c *pipeConn) Close() error {
	var errs []error
	if c.out.file != nil {
		if err := c.CloseWrite(); !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if c.in.file != nil {
		errs = append(errs, c.in.file.Close())
	}
	c.using.Lock()
	defer c.using.Unlock()
	c.in.restore()
	c.out.restore()
	return errors.Join(errs...)
}

// AwaitHangup returns when nobody is left to read what is written, or with an error if that does not show, or the
// connection is closed. On systems with kqueue it shows when something is written.
func (c *pipeConn) AwaitHangup() error {
	c.using.RLock()
	defer c.using.RUnlock()
	raw, err := c.out.file.SyscallConn()
	if err != nil {
		return err
	}
	// The runtime's poller wakes readers too when the other end of what is written to is closed.
	return raw.Read(func(fd uintptr) bool {
		state := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(state, 0)
		return err == nil && n > 0
	})
}

// LocalAddr implements [net.Conn].
func (c *pipeConn) LocalAddr() net.Addr { return stdioAddress }

// RemoteAddr implements [net.Conn].
func (c *pipeConn) RemoteAddr() net.Addr { return stdioAddress }

// SetDeadline implements [net.Conn].
func (c *pipeConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline implements [net.Conn].
func (c *pipeConn) SetReadDeadline(t time.Time) error { return c.in.file.SetReadDeadline(t) }

// SetWriteDeadline implements [net.Conn].
func (c *pipeConn) SetWriteDeadline(t time.Time) error { return c.out.file.SetWriteDeadline(t) }
