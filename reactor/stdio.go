package reactor

import (
	"errors"
	"net"
	"sync"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// stdioAddress is both ends of a connection on standard input and output.
var stdioAddress = protocol.PipeAddress{Name: "stdio"}

// errStdioTaken is why there is one of these connections in the life of a process: afterwards nothing is left of it.
var errStdioTaken = errors.New("the process's standard input and output have been taken already")

// stdioAcceptor "accepts" one connection, whose descriptors are the process's standard input and output. Goroutines
// serve it whatever the backend: the two may be anything, files too, of which no kernel tells when they are ready.
type stdioAcceptor struct {
	mu   sync.Mutex
	conn net.Conn // to be accepted, or nil
	loop *Loop
	key  key
}

var _ acceptor = (*stdioAcceptor)(nil)

func listenStdio() (acceptor, error) {
	conn, err := openStdio()
	if err != nil {
		return nil, err
	}
	return &stdioAcceptor{conn: conn}, nil
}

func (a *stdioAcceptor) addr() protocol.Address { return stdioAddress }

func (a *stdioAcceptor) attach(l *Loop, h handler) error {
	a.loop, a.key = l, l.slots.take(h)
	return nil
}

func (a *stdioAcceptor) want(on bool) error {
	if on {
		a.loop.notify(a.key, interestRead)
	}
	return nil
}

func (a *stdioAcceptor) accept() (socket, protocol.Address, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	conn := a.conn
	if conn == nil {
		return nil, nil, errAgain
	}
	a.conn = nil
	return newNetSocket(conn), stdioAddress, nil
}

func (a *stdioAcceptor) shed(*reserve) int { return 0 }

func (a *stdioAcceptor) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conn != nil {
		a.conn.Close()
		a.conn = nil
	}
}

func (a *stdioAcceptor) forget() {
	if a.loop != nil {
		a.loop.slots.release(a.key)
	}
}
