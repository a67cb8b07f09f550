//go:build wasip1

package wasmnet

import (
	"reflect"
	"runtime"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/events"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// state of a connection, as the guest knows it.
type state uint8

const (
	connecting state = iota // dialled, and not made yet
	open
	losing  // LoseConnection waits for the producer: output still goes out, input is dropped
	closing // the host closes it
	gone    // ConnectionLost has been delivered
)

// conn is one stream. It implements [protocol.Transport] on the imports.
type conn struct {
	handle    int32
	state     state
	protocol  protocol.Protocol // nil until built, and for a connection that the factory refused
	connector *connector        // nil for an accepted one
	factory   protocol.Factory  // what builds the protocol

	producer     protocol.Producer
	streaming    bool
	full         bool // the host's queue is above the high-water mark
	paused       bool // the producer has been told to pause
	writeClosing bool // LoseWriteConnection was called
	losingWrite  bool // and waits for the producer
	direct       bool // its handle was given away: what is written must not wait

	peer, host protocol.Address // asked for when first wanted
}

var (
	_ protocol.Transport = (*conn)(nil)
	_ protocol.Splicer   = (*conn)(nil)
)

// Handle returns the handle of t in the ABI, for use with imports that have no counterpart in package protocol.
func Handle(t protocol.Transport) int32 {
	c := t.(*conn)
	handOver()
	c.direct = true
	return c.handle
}

// connectionMade makes the protocol of a new connection: one that was dialled here, or one that the host or a listener
// of this instance accepted.
func connectionMade(handle int32) {
	c := hot.conns.get(handle)
	if c == nil {
		if p := ports.get(handle); p != nil {
			p.made()
			return
		}
		peer, ok := address(handle, abi.InfoPeer)
		if !ok {
			newServicePort(handle)
			return
		}
		c = newConn()
		c.handle, c.factory, c.peer = handle, factoryOf(handle), peer
		hot.conns.put(handle, c)
	}
	c.state = open
	if c.factory != nil {
		c.protocol = c.factory.BuildProtocol(c.Peer())
	}
	if c.protocol == nil {
		c.close()
		return
	}
	c.protocol.ConnectionMade(c)
}

// factoryOf returns the factory of an accepted connection: that of the listener, or the service's.
func factoryOf(handle int32) protocol.Factory {
	if !listeners.empty() {
		if n, ok := infoNumber(handle, abi.InfoListener); ok {
			if l := listeners.get(n); l != nil {
				return l.factory
			}
			return nil // the listener was closed in between
		}
	}
	return rootFactory
}

func (c *conn) lost(reason error) {
	hot.conns.remove(c.handle)
	c.state = gone
	c.stopProducer()
	switch {
	case c.protocol == nil:
	case runtime.NumGoroutine() > 1:
		hot.still = events.Lost(c.protocol, reason)
	default:
		c.protocol.ConnectionLost(reason)
	}
	switch {
	case c.connector == nil:
	case c.protocol == nil: // refused by the factory, which fails the attempt
		c.connector.failed(protocol.ErrDenied)
	default:
		c.connector.lost(reason)
	}
}

// readLost is the peer's half-close. Every Go guest exports the event, so that the choice which the ABI makes by its
// presence is made here, for each protocol.
func (c *conn) readLost() {
	switch {
	case runtime.NumGoroutine() > 1:
		if !events.ReadLost(c.protocol) {
			c.close()
		}
	case has(c.protocol, halfCloser):
		c.protocol.(protocol.HalfCloser).ReadConnectionLost()
	default:
		c.close()
	}
}

func (c *conn) writeLost() {
	if has(c.protocol, halfCloser) {
		c.protocol.(protocol.HalfCloser).WriteConnectionLost()
	}
}

var (
	halfCloser        = reflect.TypeFor[protocol.HalfCloser]()
	handshakeListener = reflect.TypeFor[protocol.HandshakeListener]()
)

// has reports whether p has the methods of an interface. So would a type assertion, but the runtime notes the first answer
// for each type, also where it is no: in a fresh sandbox that is a write to seven pages.
func has(p protocol.Protocol, methods reflect.Type) bool {
	return reflect.TypeOf(p).Implements(methods)
}

// close has the host flush and close, whatever the producer.
func (c *conn) close() {
	handOver()
	c.state = closing
	if c.producer != nil && !c.streaming {
		c.setOption(abi.OptionProducer, abi.ProducerPush)
	}
	hostLoseConnection(c.handle)
}

// LoseConnection implements [protocol.Transport].
func (c *conn) LoseConnection() {
	switch {
	case c.state != open:
	case c.producer != nil:
		c.state = losing
		hostPauseReading(c.handle)
	default:
		c.close()
	}
}

// AbortConnection implements [protocol.Transport].
func (c *conn) AbortConnection() {
	if c.state == gone {
		return
	}
	if hot.writer == c.handle {
		hot.writer, hot.gathered = 0, 0
	}
	c.state = closing
	hostAbortConnection(c.handle)
}

// LoseWriteConnection implements [protocol.Transport].
func (c *conn) LoseWriteConnection() {
	if c.state != open || c.writeClosing {
		return
	}
	c.writeClosing = true
	if c.producer != nil {
		c.losingWrite = true
		return
	}
	handOver()
	hostLoseWriteConnection(c.handle)
}

// PauseReading implements [protocol.Transport].
func (c *conn) PauseReading() {
	if c.state == open {
		hostPauseReading(c.handle)
	}
}

// ResumeReading implements [protocol.Transport].
func (c *conn) ResumeReading() {
	if c.state == open {
		hostResumeReading(c.handle)
	}
}

// Buffered implements [protocol.Transport].
func (c *conn) Buffered() int {
	handOver()
	return max(0, int(hostWrite(c.handle, nil, 0)))
}

// Disconnecting implements [protocol.Transport].
func (c *conn) Disconnecting() bool { return c.state >= losing }

// Peer implements [protocol.Transport].
func (c *conn) Peer() protocol.Address {
	if c.peer == nil {
		c.peer, _ = address(c.handle, abi.InfoPeer)
	}
	return c.peer
}

// Host implements [protocol.Transport].
func (c *conn) Host() protocol.Address {
	if c.host == nil {
		c.host, _ = address(c.handle, abi.InfoHost)
	}
	return c.host
}

// PeerCredentials implements [protocol.CredentialedTransport].
func (c *conn) PeerCredentials() (protocol.PeerCredentials, error) {
	text := infoText(c.handle, abi.InfoPeerCredentials)
	if text == "" {
		return protocol.PeerCredentials{}, protocol.ErrUnsupported
	}
	return protocol.ParsePeerCredentials(text)
}

// SetNoDelay implements [protocol.Transport].
func (c *conn) SetNoDelay(on bool) { c.setOption(abi.OptionNoDelay, number(on)) }

// SetKeepAlive implements [protocol.Transport].
func (c *conn) SetKeepAlive(on bool) { c.setOption(abi.OptionKeepAlive, number(on)) }

func (c *conn) setOption(option int32, value int64) {
	handOver()
	hostSetOption(c.handle, option, value)
}

// Reactor implements [protocol.Transport].
func (c *conn) Reactor() protocol.Reactor { return theReactor }

func number(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// Splice implements [protocol.Splicer]: the host relays c and other to each other from now on.
func (c *conn) Splice(other protocol.Transport) error {
	to, ok := other.(*conn)
	switch {
	case !ok:
		return protocol.ErrUnsupported
	case c.producer != nil || to.producer != nil:
		return protocol.ErrProducerRegistered
	}
	handOver()
	if code := hostSplice(c.handle, to.handle); code < 0 {
		return codeError(code)
	}
	return nil
}
