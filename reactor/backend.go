package reactor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A backend makes sockets, and pollers that watch them. There are two families: descriptors watched by the kernel
// (epoll, kqueue), and connections of package net, whose goroutines emulate readiness. Everything above this file is
// the same for both.
type backend interface {
	// newPoller returns the poller of one loop, whose clock began at epoch.
	newPoller(epoch time.Time) (poller, error)
	// listen opens a stream server's socket. It may be called on any goroutine.
	listen(e *endpoint.Server) (acceptor, error)
	// packet opens a UDP socket. It is called on its loop.
	packet(o packetOptions) (packetSocket, error)
	// dial starts connecting and returns; done is called on the loop, never before dial has returned, unless cancel
	// was called first. The socket given to done is the caller's. It is called on l.
	dial(l *Loop, to protocol.Address, o dialOptions, done func(socket, error)) (cancel func())
}

// A poller is what one loop waits with.
type poller interface {
	// wait appends to events what is ready. It waits for something to be ready, for wake, or until the time until,
	// in nanoseconds of the loop's clock; not at all if until is pollNow, and without end if it is pollForever. It may
	// return early and with nothing.
	wait(events []event, until int64) []event
	// wake has the current wait return, or the next one if there is none. Any goroutine may call it.
	wake()
	close()
}

const (
	pollNow     int64 = 0
	pollForever int64 = -1
)

// A handler is told when what it watches is ready. It is called on the loop by r; see [runner] for what that asks of
// it. Either method may be called without need.
type handler interface {
	readable(r *runner)
	writable(r *runner)
}

// interest is a set of conditions to be told of.
type interest uint8

const (
	interestRead  interest = 1 << iota
	interestWrite          // what was queued has gone out, and more can be taken
	// interestHangup is only that the connection has broken, which the other two include. Of kqueue it is not to be had, and
	// of package net once the connection has been read.
	interestHangup
)

// An event says that the handler of a key is ready.
type event struct {
	key  key
	what interest
}

// A socket is one end of a stream connection. Apart from its making it is used on its loop only. No method blocks.
type socket interface {
	// attach has l's poller watch the socket for h. A socket that is attached already changes its handler.
	attach(l *Loop, h handler) error
	// want says what to be told of from now on. It is level-triggered: as long as a condition holds, it is told again
	// in each turn. The empty set also means that nothing is told when the connection breaks.
	want(i interest) error
	// read fills p with what is there. It fails with errAgain if that is nothing, and io.EOF at the end.
	read(p []byte) (int, error)
	// write takes what it can of p, and fails with errAgain if that is nothing.
	write(p []byte) (int, error)
	// writev is write for the concatenation of v.
	writev(v [][]byte) (int, error)
	// unsent is how many bytes were taken and have not been given to the kernel.
	unsent() int
	// closeWrite closes the sending side. Nothing is unsent.
	closeWrite() error
	// failure is the error that broke the connection, if it is known.
	failure() error
	// hungUp reports whether neither direction works any more.
	hungUp() bool
	// lost is the error that broke the connection, if that is what read would give now: nil if something came before it.
	lost() error
	localAddr() protocol.Address
	setNoDelay(on bool) error
	setKeepAlive(on bool) error
	// control calls f with the descriptor, which is valid until that returns. It fails with protocol.ErrUnsupported
	// where there is none.
	control(f func(fd uintptr)) error
	// close ends the socket; with reset the peer is told that the connection was aborted.
	close(reset bool)
}

// An acceptor is a listening socket. Once it is attached it is used on its loop only, apart from close.
type acceptor interface {
	addr() protocol.Address
	attach(l *Loop, h handler) error
	// want turns readable events on or off.
	want(on bool) error
	// accept returns the next connection. It fails with errAgain if none waits, with errShort if the process or the
	// system is out of what a connection needs, or with another error that concerns one connection only.
	accept() (socket, protocol.Address, error)
	// shed closes waiting connections without serving them, using a descriptor kept in reserve, and returns how many
	// they were.
	shed(reserve *reserve) int
	// close may be called on any goroutine, if no other method runs; forget is called on the loop after it.
	close()
	forget()
}

// dialOptions are those of one attempt.
type dialOptions struct {
	// bind is the local address to use; the zero value lets the system choose.
	bind protocol.TCPAddress
}

var (
	// errAgain says that the socket is not ready.
	errAgain = errors.New("not ready")
	// errShort wraps the errors that say that descriptors or memory ran out.
	errShort = errors.New("out of descriptors or memory")
)

// openBackend returns the backend called name, or the best one.
func openBackend(name string) (backend, error) {
	var names []string
	for _, b := range platformBackends {
		if name == "" || name == b.name {
			return b.backend, nil
		}
		names = append(names, b.name)
	}
	return nil, fmt.Errorf("reactor: backend %q is unknown (%s are offered here)", name, strings.Join(names, ", "))
}

type namedBackend struct {
	name    string
	backend backend
}
