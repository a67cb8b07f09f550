package blocking

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Listener is a [protocol.Factory] whose connections are accepted: a net.Listener.
type Listener struct {
	addr net.Addr
	stop func() // closes the port, or nil

	mu      sync.Mutex
	arrived sync.Cond
	by      deadline
	waiting []net.Conn
	closed  bool
}

var (
	_ net.Listener     = (*Listener)(nil)
	_ protocol.Factory = (*Listener)(nil)
	_ protocol.Stopper = (*Listener)(nil)
)

// NewListener returns the listener of connections that somebody else opens the port for; name is what its Addr says.
func NewListener(name string) *Listener { return newListener(text{"wasmnet", name}, nil) }

func newListener(addr net.Addr, stop func()) *Listener {
	l := &Listener{addr: addr, stop: stop}
	l.arrived.L, l.by.changed = &l.mu, &l.arrived
	return l
}

// BuildProtocol implements [protocol.Factory]. A closed listener refuses.
func (l *Listener) BuildProtocol(protocol.Address) protocol.Protocol {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	return &accepted{Conn: newConn(), by: l}
}

// accepted is a connection until it is made.
type accepted struct {
	*Conn
	by *Listener
}

// ConnectionMade implements [protocol.Protocol].
func (a *accepted) ConnectionMade(t protocol.Transport) {
	a.Conn.ConnectionMade(t)
	a.by.Add(a.Conn)
}

// Add has c accepted. A listener that is closed closes it.
func (l *Listener) Add(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		refuse(c)
		return
	}
	l.waiting = append(l.waiting, c)
	l.arrived.Signal()
}

// refuse ends a connection that will not be accepted. Nobody else has it, so none of this can fail.
func refuse(c net.Conn) {
	if c, ok := c.(*Conn); ok {
		_ = c.Abort()
		return
	}
	_ = c.Close()
}

// StopFactory implements [protocol.Stopper]: no connection will come any more.
func (l *Listener) StopFactory() { _ = l.Close() } // it may be closed already

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case l.closed:
			return nil, l.failed(net.ErrClosed)
		case l.by.passed():
			return nil, l.failed(os.ErrDeadlineExceeded)
		case len(l.waiting) > 0:
			c := l.waiting[0]
			l.waiting[0] = nil
			if l.waiting = l.waiting[1:]; len(l.waiting) == 0 {
				l.waiting = nil
			}
			return c, nil
		}
		l.by.wait()
	}
}

// Close implements [net.Listener]. Connections that were not accepted are reset.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.failed(net.ErrClosed)
	}
	l.closed = true
	for _, c := range l.waiting {
		refuse(c)
	}
	l.waiting = nil
	l.by.stop()
	l.arrived.Broadcast()
	if l.stop != nil {
		l.stop()
	}
	return nil
}

// SetDeadline makes Accept fail with os.ErrDeadlineExceeded from t on; the zero time lets it wait for ever.
func (l *Listener) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.failed(net.ErrClosed)
	}
	l.by.set(t)
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return l.addr }

func (l *Listener) failed(err error) error {
	return &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: err}
}
