package reactor

import (
	"crypto/tls"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Conn is a stream connection. It implements [protocol.Transport], and like it is used on its loop only.
type Conn struct {
	loop    *Loop
	sock    socket
	flags   connFlags
	proto   protocol.Protocol
	buffers protocol.BufferProvider // proto, if it is one
	layer   layer                   // TLS; nil on a plain connection
	passing *passing                // descriptors; nil where none are sent or wanted
	origin  origin
	peer    protocol.Address
	host    protocol.Address // nil until it is asked for
	out     output
	limits  *outputLimits
	// producer is the registered one, or nil.
	producer *producer
	reason   error // why it is over, or is going to be

	id       uint64
	bytesIn  uint64
	bytesOut uint64
}

var _ protocol.Transport = (*Conn)(nil)

// connFlags is the state of a connection.
type connFlags uint32

const (
	connOpened      connFlags = 1 << iota // it has, or had, a protocol that heard of it
	connMade                              // the protocol is to hear of the loss
	connPaused                            // PauseReading
	connHeld                              // ReadBuffer returned nil, or there is no protocol yet
	connIntroduced                        // its PROXY protocol header has come
	connEOF                               // the peer sends no more
	connLosing                            // LoseConnection
	connLeaving                           // no producer is waited for
	connDoomed                            // it is losing, for a reason that is set already
	connHalfLosing                        // LoseWriteConnection
	connLayerClosed                       // the layer has said its good-bye
	connHalfClosed                        // the sending side is closed
	connOver                              // nothing comes in or goes out any more; it is, or was, on the lost list
	connReset                             // is to be closed with a reset
	connBlocked                           // the kernel takes no output at the moment
	connUnflushed                         // has had output since all of it was given to the kernel
	connTellHalf                          // the protocol is to hear WriteConnectionLost
	connTellShaken                        // the protocol is to hear HandshakeCompleted, before any data
	connShaking                           // the layer shakes hands: the socket is read for it alone
	connFull                              // the layer has no room for what its handshake would read
	connSpliced                           // one end of a relay
	connHung                              // has broken behind something that is not read at the moment
	connDirty                             // on the loop's lists of the same names
	connAgain
	connNoticed
)

const (
	// connDeaf are the states in which nothing is read.
	connDeaf = connPaused | connHeld | connEOF | connLosing | connOver
	// connClosing are the states in which output is accepted from a registered producer only.
	connClosing = connLosing | connHalfLosing
	// connMute are the states in which no output is accepted.
	connMute = connLeaving | connLayerClosed | connHalfClosed | connOver
)

// An origin is what a connection came from: a port or a connector.
type origin interface {
	factory() protocol.Factory
	// proxied reports whether its connections begin with a PROXY protocol header.
	proxied() bool
	// security is the TLS configuration that its connections begin with, or nil, and which side they are.
	security() (cfg *tls.Config, server bool)
	// opened says that c has a protocol, whose ConnectionMade is next, and ended that it is over, after its protocol
	// has heard so, if it was ever opened. Neither calls anybody before it returns.
	opened(c *Conn)
	ended(c *Conn)
}

var lastConnID atomic.Uint64

// newConn makes a connection of l, which counts from now on. Any goroutine may call it.
func newConn(l *Loop, sock socket, peer protocol.Address, from origin) *Conn {
	l.load.Add(1)
	return &Conn{
		loop:   l,
		sock:   sock,
		origin: from,
		peer:   peer,
		limits: &l.reactor.limits,
		id:     lastConnID.Add(1),
	}
}

// ID is the connection's number, for logs. No other connection of the process has it.
func (c *Conn) ID() uint64 { return c.id }

// Loop returns the loop that owns the connection.
func (c *Conn) Loop() *Loop { return c.loop }

// Reactor implements [protocol.Transport].
func (c *Conn) Reactor() protocol.Reactor { return c.loop }

// BytesIn is the number of bytes delivered to the protocol.
func (c *Conn) BytesIn() uint64 { return c.bytesIn }

// BytesOut is the number of bytes that the protocol has written.
func (c *Conn) BytesOut() uint64 { return c.bytesOut }

// Peer implements [protocol.Transport].
func (c *Conn) Peer() protocol.Address { return c.peer }

// Host implements [protocol.Transport]. Asked for first after ConnectionLost it may be unknown.
func (c *Conn) Host() protocol.Address {
	if c.host == nil {
		c.host = c.sock.localAddr()
	}
	return c.host
}

// Disconnecting implements [protocol.Transport].
func (c *Conn) Disconnecting() bool { return c.flags&(connLosing|connOver) != 0 }

// SetNoDelay implements [protocol.Transport].
func (c *Conn) SetNoDelay(on bool) {
	if c.flags&connOver == 0 {
		c.setOption("no-delay", c.sock.setNoDelay(on))
	}
}

// SetKeepAlive implements [protocol.Transport].
func (c *Conn) SetKeepAlive(on bool) {
	if c.flags&connOver == 0 {
		c.setOption("keep-alive", c.sock.setKeepAlive(on))
	}
}

func (c *Conn) setOption(name string, err error) {
	if err != nil {
		c.loop.reactor.log.Debug("cannot set a socket option", "option", name, "conn", c.id, "error", err)
	}
}

// hears reports whether the socket is to be read.
func (c *Conn) hears() bool {
	if c.flags&connShaking != 0 {
		return c.flags&(connFull|connOver) == 0
	}
	return c.flags&connDeaf == 0
}

// touch has the loop look at the connection when the event is over.
func (c *Conn) touch() {
	if c.flags&connDirty == 0 {
		c.flags |= connDirty
		c.loop.dirty = append(c.loop.dirty, c)
	}
}
