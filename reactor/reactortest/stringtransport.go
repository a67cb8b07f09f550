package reactortest

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Addresses of transports that nobody has given any.
var (
	defaultPeer = protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("192.0.2.1:54321")}
	defaultHost = protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("127.0.0.1:12345")}
)

// StringTransport is a protocol.Transport that leads nowhere: it keeps what is written and remembers what was asked of
// it. It calls no protocol; a test does that itself:
//
//	t := reactortest.NewStringTransport()
//	p.ConnectionMade(t)
//	p.DataReceived([]byte("hello\r\n"))
//	if got := t.Take(); got != "HELLO\r\n" { ... }
//
// For a transport that delivers events, and has a peer, see [Pair].
type StringTransport struct {
	// Clock is the time of Reactor.
	Clock *Clock
	// PeerAddress and HostAddress are what Peer and Host return.
	PeerAddress, HostAddress protocol.Address
	// TLSInfo is what TLS returns; nil: no TLS.
	TLSInfo *protocol.TLSInfo
	// StartTLSOptions are those that StartTLS was last called with.
	StartTLSOptions *protocol.TLSOptions

	reactor   *Reactor
	output    []byte
	losing    bool
	aborted   bool
	writeLost bool
	paused    bool
	noDelay   bool
	keepAlive bool
	producer  protocol.Producer
	streaming bool
}

var _ protocol.Transport = (*StringTransport)(nil)

// NewStringTransport returns a transport with a reactor and a clock of its own.
func NewStringTransport() *StringTransport {
	r := NewReactor()
	return &StringTransport{
		Clock: r.Clock, reactor: r, noDelay: true, PeerAddress: defaultPeer, HostAddress: defaultHost,
	}
}

// Output is everything written and not taken yet.
func (t *StringTransport) Output() string { return string(t.output) }

// Take returns what was written since the last Take.
func (t *StringTransport) Take() string {
	s := string(t.output)
	t.output = t.output[:0]
	return s
}

// Write implements protocol.Transport. It keeps p.
func (t *StringTransport) Write(p []byte) (int, error) {
	if t.aborted || (t.losing || t.writeLost) && t.producer == nil {
		return 0, protocol.ErrClosed
	}
	t.output = append(t.output, p...)
	return len(p), nil
}

// LoseConnection implements protocol.Transport: Disconnecting is true from now on.
func (t *StringTransport) LoseConnection() { t.losing = true }

// AbortConnection implements protocol.Transport: Disconnecting and Aborted are true from now on.
func (t *StringTransport) AbortConnection() {
	t.losing, t.aborted = true, true
	t.output = nil
	if p := t.producer; p != nil {
		t.producer = nil
		p.StopProducing()
	}
}

// LoseWriteConnection implements protocol.Transport: WriteClosed is true from now on.
func (t *StringTransport) LoseWriteConnection() { t.writeLost = true }

// PauseReading implements protocol.Transport: ReadingPaused is true from now on.
func (t *StringTransport) PauseReading() { t.paused = true }

// ResumeReading implements protocol.Transport.
func (t *StringTransport) ResumeReading() {
	if !t.losing {
		t.paused = false
	}
}

// RegisterProducer implements protocol.Transport. A pull producer is resumed at once, and from then on by Pull.
func (t *StringTransport) RegisterProducer(p protocol.Producer, streaming bool) error {
	if t.producer != nil {
		return protocol.ErrProducerRegistered
	}
	if t.aborted {
		p.StopProducing()
		return nil
	}
	t.producer, t.streaming = p, streaming
	if !streaming {
		p.ResumeProducing()
	}
	return nil
}

// UnregisterProducer implements protocol.Transport.
func (t *StringTransport) UnregisterProducer() { t.producer = nil }

// Pull asks a pull producer for one more piece, as a real transport does when everything was flushed. It reports
// whether there is one.
func (t *StringTransport) Pull() bool {
	if t.producer == nil || t.streaming {
		return false
	}
	t.producer.ResumeProducing()
	return true
}

// Producer is the producer that is registered, or nil, and whether it is a streaming one.
func (t *StringTransport) Producer() (p protocol.Producer, streaming bool) {
	return t.producer, t.streaming
}

// Buffered implements protocol.Transport. What is written here is gone at once.
func (t *StringTransport) Buffered() int { return 0 }

// Disconnecting implements protocol.Transport.
func (t *StringTransport) Disconnecting() bool { return t.losing }

// Aborted reports whether AbortConnection was called.
func (t *StringTransport) Aborted() bool { return t.aborted }

// WriteClosed reports whether LoseWriteConnection was called.
func (t *StringTransport) WriteClosed() bool { return t.writeLost }

// ReadingPaused reports whether the protocol wants no data for now.
func (t *StringTransport) ReadingPaused() bool { return t.paused }

// Peer implements protocol.Transport.
func (t *StringTransport) Peer() protocol.Address { return t.PeerAddress }

// Host implements protocol.Transport.
func (t *StringTransport) Host() protocol.Address { return t.HostAddress }

// SetNoDelay implements protocol.Transport; NoDelay tells.
func (t *StringTransport) SetNoDelay(on bool) { t.noDelay = on }

// SetKeepAlive implements protocol.Transport; KeepAlive tells.
func (t *StringTransport) SetKeepAlive(on bool) { t.keepAlive = on }

// NoDelay is the option's state, on at first.
func (t *StringTransport) NoDelay() bool { return t.noDelay }

// KeepAlive is the option's state, off at first.
func (t *StringTransport) KeepAlive() bool { return t.keepAlive }

// StartTLS implements protocol.Transport: it keeps the options. A test that wants to go on sets TLSInfo and calls the
// protocol's HandshakeCompleted.
func (t *StringTransport) StartTLS(o protocol.TLSOptions) error {
	switch {
	case t.losing:
		return protocol.ErrClosed
	case t.TLSInfo != nil || t.StartTLSOptions != nil:
		return protocol.ErrTLSActive
	}
	t.StartTLSOptions = &o
	return nil
}

// TLS implements protocol.Transport.
func (t *StringTransport) TLS() (protocol.TLSInfo, bool) {
	if t.TLSInfo == nil {
		return protocol.TLSInfo{}, false
	}
	return *t.TLSInfo, true
}

// Reactor implements protocol.Transport.
func (t *StringTransport) Reactor() protocol.Reactor { return t.reactor }
