package reactor

import (
	"errors"
	"fmt"
	"net"
	"sync"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// netAcceptor is a listener whose goroutine accepts ahead, a few connections at most.
type netAcceptor struct {
	listener net.Listener
	file     *socketFile // of a UNIX socket, or nil
	host     protocol.Address
	changed  *sync.Cond // of mu

	mu     sync.Mutex
	loop   *Loop
	key    key
	wanted bool
	queue  []net.Conn
	err    error // to be returned by accept once the queue is empty
	closed bool
}

// acceptAhead is how many connections may wait for their loop, beyond the kernel's queue.
const acceptAhead = 64

var _ acceptor = (*netAcceptor)(nil)

func newNetAcceptor(listener net.Listener, file *socketFile) *netAcceptor {
	a := &netAcceptor{listener: listener, file: file, host: fromNet(listener.Addr())}
	a.changed = sync.NewCond(&a.mu)
	return a
}

func (a *netAcceptor) addr() protocol.Address { return a.host }

func (a *netAcceptor) attach(l *Loop, h handler) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.loop == nil {
		a.loop, a.key = l, l.slots.take(h)
		l.reactor.spawn(a.run)
	}
	return nil
}

func (a *netAcceptor) want(on bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wanted = on
	a.changed.Signal()
	a.tell()
	return nil
}

// tell has the loop told if there is anything to be accepted. mu is held.
func (a *netAcceptor) tell() {
	if a.wanted && (len(a.queue) > 0 || a.err != nil) {
		a.loop.notify(a.key, interestRead)
	}
}

// run accepts until the listener is closed. After a failure it waits until the loop wants connections again.
func (a *netAcceptor) run() {
	for a.ready() {
		conn, err := a.listener.Accept()
		a.mu.Lock()
		switch {
		case a.closed && conn != nil:
			conn.Close()
		case err != nil:
			a.err = err
		default:
			a.queue = append(a.queue, conn)
		}
		a.tell()
		a.mu.Unlock()
	}
}

// ready waits until there is room for another connection, and reports whether there will be one.
func (a *netAcceptor) ready() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.closed && (!a.wanted || a.err != nil || len(a.queue) >= acceptAhead) {
		a.changed.Wait()
	}
	return !a.closed
}

func (a *netAcceptor) accept() (socket, protocol.Address, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) > 0 {
		conn := a.queue[0]
		a.queue[0] = nil
		a.queue = a.queue[1:]
		a.changed.Signal()
		a.tell()
		return newNetSocket(conn), fromNet(conn.RemoteAddr()), nil
	}
	err := a.err
	if err == nil {
		return nil, nil, errAgain
	}
	a.err = nil
	a.changed.Signal()
	for _, short := range shortErrors {
		if errors.Is(err, short) {
			err = fmt.Errorf("%w: %w", errShort, err)
			break
		}
	}
	return nil, nil, err
}

// shed turns nobody away: package net does not tell whether anybody waits without waiting itself. They wait in the
// kernel's queue.
func (a *netAcceptor) shed(*reserve) int { return 0 }

func (a *netAcceptor) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.file.remove()
	a.closed = true
	a.listener.Close()
	for _, conn := range a.queue {
		conn.Close()
	}
	a.queue = nil
	a.changed.Signal()
}

func (a *netAcceptor) forget() {
	if a.loop != nil {
		a.loop.slots.release(a.key)
	}
}
