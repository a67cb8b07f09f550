package blocking

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Datagrams that wait to be read are limited, and those beyond it dropped, as a system's own buffer does it.
const (
	mostDatagrams     = 1024
	mostDatagramBytes = 256 << 10
)

// PacketConn is a datagram port as a net.PacketConn; one that was dialled is a net.Conn too. It implements
// [protocol.DatagramProtocol], the side that the reactor sees.
type PacketConn struct {
	transport protocol.DatagramTransport
	made      func() // called when the port can be used, or nil

	mu       sync.Mutex
	readable sync.Cond
	readBy   deadline
	waiting  []datagram
	bytes    int
	closed   bool
	lost     error
}

type datagram struct {
	data []byte
	from netip.AddrPort
}

var (
	_ net.PacketConn            = (*PacketConn)(nil)
	_ net.Conn                  = (*PacketConn)(nil)
	_ protocol.DatagramProtocol = (*PacketConn)(nil)
)

// NewPacketConn returns one whose StartProtocol is to come; made is called then, and may be nil.
func NewPacketConn(made func()) *PacketConn {
	c := &PacketConn{made: made}
	c.readable.L, c.readBy.changed = &c.mu, &c.readable
	return c
}

// StartProtocol implements [protocol.DatagramProtocol].
func (c *PacketConn) StartProtocol(t protocol.DatagramTransport) {
	c.mu.Lock()
	c.transport = t
	c.readable.Broadcast()
	c.mu.Unlock()
	if c.made != nil {
		c.made()
	}
}

// started returns when the port can be used, or why it never will.
func (c *PacketConn) started() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.transport == nil && c.lost == nil {
		c.readable.Wait()
	}
	return c.lost
}

// DatagramReceived implements [protocol.DatagramProtocol].
func (c *PacketConn) DatagramReceived(data []byte, from netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.waiting) >= mostDatagrams || c.bytes+len(data) > mostDatagramBytes {
		return
	}
	c.bytes += len(data)
	c.waiting = append(c.waiting, datagram{append([]byte(nil), data...), from})
	c.readable.Signal()
}

// StopProtocol implements [protocol.DatagramProtocol].
func (c *PacketConn) StopProtocol(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost = reason; reason == nil {
		c.lost = net.ErrClosed
	}
	c.readable.Broadcast()
}

// ReadFrom implements [net.PacketConn]. What does not fit p is cut off.
func (c *PacketConn) ReadFrom(p []byte) (n int, from net.Addr, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, nil, c.failed("read", net.ErrClosed)
		case c.readBy.passed():
			return 0, nil, c.failed("read", os.ErrDeadlineExceeded)
		case len(c.waiting) > 0:
			d := c.waiting[0]
			c.waiting[0] = datagram{}
			if c.waiting = c.waiting[1:]; len(c.waiting) == 0 {
				c.waiting = nil
			}
			c.bytes -= len(d.data)
			return copy(p, d.data), net.UDPAddrFromAddrPort(d.from), nil
		case c.lost != nil:
			return 0, nil, c.failed("read", lostError(c.lost))
		}
		c.readBy.wait()
	}
}

// Read implements [net.Conn].
func (c *PacketConn) Read(p []byte) (n int, err error) {
	n, _, err = c.ReadFrom(p)
	return n, err
}

// WriteTo implements [net.PacketConn]. It never waits: a datagram for which there is no room is dropped.
func (c *PacketConn) WriteTo(p []byte, to net.Addr) (n int, err error) {
	ap, err := addrPort(to)
	if err != nil {
		return 0, c.failed("write", err)
	}
	return c.write(p, func() error { return c.transport.WriteTo(p, ap) })
}

// Write implements [net.Conn], of a port that was dialled.
func (c *PacketConn) Write(p []byte) (n int, err error) {
	return c.write(p, func() error { return c.transport.Write(p) })
}

func (c *PacketConn) write(p []byte, send func() error) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return 0, c.failed("write", net.ErrClosed)
	case c.lost != nil:
		return 0, c.failed("write", brokenError(c.lost))
	}
	if err := send(); err != nil {
		return 0, c.failed("write", err)
	}
	return len(p), nil
}

// Close implements [net.PacketConn].
func (c *PacketConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failed("close", net.ErrClosed)
	}
	c.closed = true
	c.waiting, c.bytes = nil, 0
	c.readBy.stop()
	c.readable.Broadcast()
	if c.lost == nil {
		c.transport.StopListening()
	}
	return nil
}

// SetDeadline implements [net.PacketConn]. Writing never waits, so it is the deadline of reading.
func (c *PacketConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline implements [net.PacketConn].
func (c *PacketConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failed("set", net.ErrClosed)
	}
	c.readBy.set(t)
	return nil
}

// SetWriteDeadline implements [net.PacketConn]. It has no effect.
func (c *PacketConn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements [net.PacketConn].
func (c *PacketConn) LocalAddr() net.Addr { return netAddr(c.transport.Host()) }

// RemoteAddr implements [net.Conn]; it is nil on a port that was not dialled.
func (c *PacketConn) RemoteAddr() net.Addr {
	peer, ok := c.transport.Peer()
	if !ok {
		return nil
	}
	return netAddr(peer)
}

func (c *PacketConn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
