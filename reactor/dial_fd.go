//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fdDial is a socket on its way to being connected.
type fdDial struct {
	loop  *Loop
	sock  *fdSocket // nil once it was given away or closed
	to    unix.Sockaddr
	done  func(socket, error)
	retry protocol.DelayedCall // or nil
	over  bool
}

var _ handler = (*fdDial)(nil)

// fullRetry is how long to wait before connecting again to a UNIX socket whose queue is full. The kernel does not tell
// when there is room.
const fullRetry = 10 * time.Millisecond

func (fdBackend) dial(l *Loop, to protocol.Address, o dialOptions, done func(socket, error)) (cancel func()) {
	d := &fdDial{loop: l, done: done}
	if err := d.open(to, o); err != nil {
		d.later(err)
	} else {
		d.connect()
	}
	return d.cancel
}

// open makes the socket.
func (d *fdDial) open(to protocol.Address, o dialOptions) error {
	domain, sa, err := sockaddr(to)
	if err != nil {
		return err
	}
	fd, err := openStream(domain)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	d.to = sa
	d.sock = &fdSocket{watch: watch{fd: fd}, tcp: domain != unix.AF_UNIX}
	if err := d.sock.setNoDelay(true); err != nil {
		return err
	}
	if o.bind.IsValid() && d.sock.tcp {
		_, from, err := sockaddr(o.bind)
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, from); err != nil {
			return protocol.ErrConnectBind.Because(os.NewSyscallError("bind", err))
		}
	}
	return d.sock.attach(d.loop, d)
}

func (d *fdDial) connect() {
	d.retry = nil
	err := unix.Connect(d.sock.fd, d.to)
	switch err {
	case nil:
		d.later(nil)
	case unix.EINPROGRESS, unix.EINTR, unix.EALREADY:
		// A peer on this machine has answered by now: that need not be waited for.
		if peerError(d.sock.fd) == nil {
			d.later(nil)
		} else if err := d.sock.want(interestWrite); err != nil {
			d.later(err)
		}
	case unix.EAGAIN:
		d.retry = d.loop.CallLater(fullRetry, d.connect)
	default:
		d.later(os.NewSyscallError("connect", err))
	}
}

func (d *fdDial) readable(*runner) { d.check() }

func (d *fdDial) writable(*runner) { d.check() }

// check looks whether the connection is made.
func (d *fdDial) check() {
	if d.over {
		return
	}
	pending := peerError(d.sock.fd)
	if pending == nil {
		d.finish(nil)
	} else if err := d.sock.failure(); err != nil {
		d.finish(os.NewSyscallError("connect", err))
	} else if pending != unix.ENOTCONN {
		d.finish(nil)
	}
}

// later finishes in a later turn: dial has not returned yet.
func (d *fdDial) later(err error) {
	d.loop.CallFromThread(func() { d.finish(err) })
}

func (d *fdDial) finish(err error) {
	switch {
	case d.over:
	case err != nil:
		d.close()
		d.done(nil, err)
	default:
		d.over = true
		d.done(d.sock, nil)
	}
}

// cancel ends the attempt; done is not called any more. After done it does nothing.
func (d *fdDial) cancel() {
	if !d.over {
		d.close()
	}
}

func (d *fdDial) close() {
	d.over = true
	if d.retry != nil {
		d.retry.Cancel()
	}
	if d.sock != nil {
		d.sock.close(true)
	}
}
