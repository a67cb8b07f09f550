package blocking

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	// readHigh is how many bytes may wait for Read before the peer is no longer read from; readLow is when it is again.
	// One event can bring 64 KiB more.
	readHigh = 64 << 10
	readLow  = 16 << 10
	// writeHigh is how many bytes the host may have queued before Write waits until it has sent them all, and
	// writePiece how many are given to it at a time.
	writeHigh  = 64 << 10
	writePiece = 64 << 10
)

// Conn is a stream as a net.Conn. It implements [protocol.Protocol], the side that the reactor sees.
type Conn struct {
	transport protocol.Transport
	writing   sync.Mutex // held by the Write under way, so that calls do not mix

	mu       sync.Mutex
	readable sync.Cond
	writable sync.Cond
	readBy   deadline
	writeBy  deadline

	buffer []byte // received and not read yet
	taken  int    // of it, from its start
	into   []byte // where the Read that waits wants its bytes
	given  int    // how many it has got
	held   bool   // the peer is not read from

	unseen  int  // bytes written since the host's queue was looked at
	paused  bool // the host asks to write no more
	pulling bool // a Write waits for everything to be sent

	ended       bool  // the peer sends no more
	writeClosed bool  // CloseWrite was called
	closed      bool  // Close was called
	lost        error // why the connection is gone; nil while it lives

	late   error  // of a read whose deadline has passed
	shaken func() // called when a handshake is complete, or nil

	local, remote knownAddr
}

var (
	_ net.Conn                   = (*Conn)(nil)
	_ protocol.Protocol          = (*Conn)(nil)
	_ protocol.HalfCloser        = (*Conn)(nil)
	_ protocol.HandshakeListener = (*Conn)(nil)
)

// newConn returns one whose ConnectionMade is to come.
func newConn() *Conn {
	c := &Conn{}
	c.readable.L, c.writable.L = &c.mu, &c.mu
	c.readBy.changed, c.writeBy.changed = &c.readable, &c.writable
	return c
}

// Read implements [net.Conn]: io.EOF is the peer's half-close, or a connection that it closed cleanly.
func (c *Conn) Read(p []byte) (n int, err error) {
	c.mu.Lock()
	n, err = c.read(p)
	c.mu.Unlock() // a deferred call is a hundred instructions in WebAssembly
	return n, err
}

func (c *Conn) read(p []byte) (n int, err error) {
	for {
		switch {
		case c.closed:
			return 0, c.failed("read", net.ErrClosed)
		case c.readBy.passed():
			return 0, c.tooLate()
		case len(p) == 0:
			return 0, nil
		case c.taken < len(c.buffer):
			return c.take(p), nil
		case c.ended || c.lost == protocol.ErrConnectionDone:
			return 0, io.EOF
		case c.lost != nil:
			return 0, c.failed("read", lostError(c.lost))
		}
		first := c.into == nil
		if first {
			c.into = p
		}
		c.readBy.wait()
		if first {
			n, c.into, c.given = c.given, nil, 0
			if n > 0 {
				return n, nil
			}
		}
	}
}

// take copies from the buffer, of which there is something.
func (c *Conn) take(p []byte) (n int) {
	n = copy(p, c.buffer[c.taken:])
	c.taken += n
	left := len(c.buffer) - c.taken
	if left == 0 {
		c.buffer, c.taken = c.buffer[:0], 0
		if cap(c.buffer) > readHigh {
			c.buffer = nil
		}
	}
	if c.held && left <= readLow && c.lost == nil {
		c.held = false
		c.transport.ResumeReading()
	}
	return n
}

// Write implements [net.Conn]. It waits while the host has much queued.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.writing.Lock()
	c.mu.Lock()
	n, err = c.write(p)
	c.mu.Unlock()
	c.writing.Unlock()
	return n, err
}

func (c *Conn) write(p []byte) (n int, err error) {
	for {
		switch {
		case c.closed || c.writeClosed:
			return n, c.failed("write", net.ErrClosed)
		case c.writeBy.passed():
			return n, c.failed("write", os.ErrDeadlineExceeded)
		case c.lost != nil:
			return n, c.failed("write", brokenError(c.lost))
		case n == len(p):
			return n, nil
		case c.paused || c.pulling:
			c.writeBy.wait()
			continue
		}
		m, err := c.transport.Write(p[n:min(len(p), n+writePiece)])
		n += m
		if err != nil {
			return n, c.failed("write", brokenError(err))
		}
		c.wrote(m)
	}
}

// wrote looks at the host's queue now and then. What is beyond the mark is to be sent before more is written: the host
// is asked to tell, whatever its own marks are.
func (c *Conn) wrote(n int) {
	c.unseen += n
	if c.unseen < writeHigh {
		return
	}
	c.unseen = 0
	if c.transport.Buffered() < writeHigh {
		return
	}
	c.transport.UnregisterProducer()
	c.pulling = c.transport.RegisterProducer((*producer)(c), false) == nil
}

// CloseWrite closes the sending side when everything written has been sent; the peer sees end of file.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed || c.writeClosed:
		return c.failed("close", net.ErrClosed)
	case c.lost != nil:
		return c.failed("close", brokenError(c.lost))
	}
	c.writeClosed = true
	c.withoutProducer(c.transport.LoseWriteConnection)
	return nil
}

// Close implements [net.Conn]. What was written is sent; the guest does not wait for that.
func (c *Conn) Close() error { return c.end(protocol.Transport.LoseConnection) }

// Abort closes the connection at once: what has not been sent is dropped, and the peer sees a reset.
func (c *Conn) Abort() error { return c.end(protocol.Transport.AbortConnection) }

func (c *Conn) end(how func(protocol.Transport)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failed("close", net.ErrClosed)
	}
	c.closed = true
	if c.lost == nil {
		c.withoutProducer(func() { how(c.transport) })
	}
	c.buffer, c.taken = nil, 0
	c.readBy.stop()
	c.writeBy.stop()
	c.wake()
	return nil
}

// withoutProducer calls what would wait for a producer. A Write that waits fails or is over.
func (c *Conn) withoutProducer(f func()) {
	c.transport.UnregisterProducer()
	c.pulling, c.paused = false, false
	f()
	c.writable.Broadcast()
}

func (c *Conn) wake() {
	c.readable.Broadcast()
	c.writable.Broadcast()
}

// SetDeadline implements [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(t, true, true)
}

// SetReadDeadline implements [net.Conn].
func (c *Conn) SetReadDeadline(t time.Time) error { return c.setDeadlines(t, true, false) }

// SetWriteDeadline implements [net.Conn].
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.setDeadlines(t, false, true) }

func (c *Conn) setDeadlines(t time.Time, read, write bool) (err error) {
	c.mu.Lock()
	if c.closed {
		err = c.failed("set", net.ErrClosed)
	} else {
		if read {
			c.readBy.set(t)
		}
		if write {
			c.writeBy.set(t)
		}
	}
	c.mu.Unlock()
	return err
}

// LocalAddr implements [net.Conn].
func (c *Conn) LocalAddr() net.Addr { return c.local.of(c.transport.Host) }

// RemoteAddr implements [net.Conn].
func (c *Conn) RemoteAddr() net.Addr { return c.remote.of(c.transport.Peer) }

// Transport is what lies below, for what package net has no word for: TLS, credentials, splicing. Reading, writing and
// closing remain the Conn's.
func (c *Conn) Transport() protocol.Transport { return c.transport }

// SetNoDelay turns Nagle's algorithm off or on; it is off from the start.
func (c *Conn) SetNoDelay(on bool) error {
	c.transport.SetNoDelay(on)
	return nil
}

// SetKeepAlive turns TCP's keep-alive probes on or off.
func (c *Conn) SetKeepAlive(on bool) error {
	c.transport.SetKeepAlive(on)
	return nil
}

// failed is err as package net would return it.
func (c *Conn) failed(op string, err error) error {
	remote := c.RemoteAddr()
	return &net.OpError{Op: op, Net: remote.Network(), Source: c.LocalAddr(), Addr: remote, Err: err}
}

// tooLate is the error of a read whose deadline has passed. There is one for all: net/http ends a read in this way with
// each request.
func (c *Conn) tooLate() error {
	if c.late == nil {
		c.late = c.failed("read", os.ErrDeadlineExceeded)
	}
	return c.late
}
