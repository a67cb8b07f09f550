// Package protocol defines what a protocol author writes against: [Protocol], [Factory], [Transport], [Reactor] and
// the reasons a connection can end for. It holds interfaces and small values only, compiles for GOOS=wasip1, and is
// implemented twice: by package reactor on sockets, and by guest-sdk/go on the wasmnet ABI. A protocol written
// against it therefore runs natively and sandboxed from one source.
//
// # Goroutines
//
// Every method of a Protocol, and every function given to a Reactor, is called on the event loop that owns the
// connection, one at a time. Transports and reactors may only be used from there; [Reactor.CallFromThread] is the one
// method that any goroutine may call.
//
// # Order of events
//
// ConnectionMade comes first and ConnectionLost last; each comes exactly once. Neither ConnectionLost nor any other
// event is ever delivered from inside a call that the protocol itself makes: aborting a connection inside
// DataReceived delivers ConnectionLost in a later turn of the loop.
//
// The names and the semantics are Twisted's (twisted.internet.interfaces) where it has one.
package protocol

// Protocol is one end of one stream connection.
type Protocol interface {
	// ConnectionMade says that t is ready to be written to. On a TLS server it is called after the handshake.
	ConnectionMade(t Transport)

	// DataReceived delivers bytes in the order they were sent, in chunks of any size from 1 byte up. data is valid
	// until the call returns.
	DataReceived(data []byte)

	// ConnectionLost is the last event. reason is never nil; [ReasonOf] gives its [Reason], which is
	// [ErrConnectionDone] for a clean close. Bytes written here are dropped.
	ConnectionLost(reason error)
}

// HalfCloser is implemented by protocols that want a half-closed connection to stay open. Without it a peer that
// closes its sending side ends the connection with [ErrConnectionDone].
type HalfCloser interface {
	// ReadConnectionLost says that the peer will send no more. The connection can still be written to.
	ReadConnectionLost()

	// WriteConnectionLost says that everything written before LoseWriteConnection, and the half-close itself, has
	// been given to the kernel.
	WriteConnectionLost()
}

// HandshakeListener is implemented by protocols that want to know when TLS is up, on a connection that began with
// TLS as well as after StartTLS. [Transport.TLS] is complete from then on.
type HandshakeListener interface {
	HandshakeCompleted()
}

// BufferProvider is implemented by protocols that bring their own receive buffer, so that bytes go from the kernel
// straight to where they are wanted (a guest's memory).
type BufferProvider interface {
	// ReadBuffer is called right before each read from the socket (or from the TLS session). The bytes are read
	// into the slice returned, and the following DataReceived is given a prefix of it. A nil slice says "not now":
	// nothing is read from this connection, and ReadBuffer is not asked again, until ResumeReading is called.
	ReadBuffer() []byte
}

// Factory makes the protocols of a server's or client's connections.
//
// Optional powers are further interfaces: [Starter], [Stopper], [ClientFactory]. On a reactor of several loops a
// factory is called from each of them and synchronises its own state; each Protocol it builds lives on one loop.
type Factory interface {
	// BuildProtocol returns the protocol for a connection with peer addr, or nil to refuse it: it is then closed
	// without a byte.
	BuildProtocol(addr Address) Protocol
}

// FactoryFunc is a function used as a [Factory].
type FactoryFunc func(addr Address) Protocol

// BuildProtocol implements [Factory].
func (f FactoryFunc) BuildProtocol(addr Address) Protocol { return f(addr) }

// Starter is a factory that is told before its first port or connector starts.
type Starter interface {
	// StartFactory is called once however many ports share the factory. An error refuses the start.
	StartFactory() error
}

// Stopper is a factory that is told after its last port or connector has stopped.
type Stopper interface {
	StopFactory()
}

// ClientFactory is a factory that follows its connection attempts. Each method is called on the connector's loop.
type ClientFactory interface {
	Factory

	// StartedConnecting says that an attempt begins; c.StopConnecting ends it.
	StartedConnecting(c Connector)

	// ClientConnectionFailed says that the attempt came to nothing. c.Connect tries again.
	ClientConnectionFailed(c Connector, reason error)

	// ClientConnectionLost follows the protocol's ConnectionLost. c.Connect connects anew.
	ClientConnectionLost(c Connector, reason error)
}

// Base is embedded by protocols: it keeps the transport and gives every method of [Protocol] an empty body.
type Base struct {
	Transport Transport
}

var _ Protocol = (*Base)(nil)

// ConnectionMade keeps the transport.
func (b *Base) ConnectionMade(t Transport) { b.Transport = t }

// DataReceived ignores the bytes.
func (b *Base) DataReceived([]byte) {}

// ConnectionLost ignores the reason.
func (b *Base) ConnectionLost(error) {}

// Wrapper is implemented by protocols that stand before another one and hand events up to it. A reactor finds there what
// the protocol behind them can do and they have no part in, such as taking descriptors.
type Wrapper interface {
	// WrappedProtocol is the protocol behind this one, or nil while there is none.
	WrappedProtocol() Protocol
}
