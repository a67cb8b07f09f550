package policy

import (
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// WrappingFactory is embedded by factories that wrap another one: it hands on the life of the factory and the events of
// its connectors, where the wrapped factory wants them. The embedder builds the protocols.
//
// A reactor starts a factory once however many ports share it, and takes the wrapper for the factory. Ports that share
// a factory therefore have to share its wrapper.
type WrappingFactory struct {
	// Factory is the wrapped factory.
	Factory protocol.Factory
}

var _ interface {
	protocol.Starter
	protocol.Stopper
} = WrappingFactory{}

// StartFactory implements [protocol.Starter].
func (w WrappingFactory) StartFactory() error {
	if f, ok := w.Factory.(protocol.Starter); ok {
		return f.StartFactory()
	}
	return nil
}

// StopFactory implements [protocol.Stopper].
func (w WrappingFactory) StopFactory() {
	if f, ok := w.Factory.(protocol.Stopper); ok {
		f.StopFactory()
	}
}

// StartedConnecting implements [protocol.ClientFactory].
func (w WrappingFactory) StartedConnecting(c protocol.Connector) {
	if f, ok := w.Factory.(protocol.ClientFactory); ok {
		f.StartedConnecting(c)
	}
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (w WrappingFactory) ClientConnectionFailed(c protocol.Connector, reason error) {
	if f, ok := w.Factory.(protocol.ClientFactory); ok {
		f.ClientConnectionFailed(c, reason)
	}
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (w WrappingFactory) ClientConnectionLost(c protocol.Connector, reason error) {
	if f, ok := w.Factory.(protocol.ClientFactory); ok {
		f.ClientConnectionLost(c, reason)
	}
}

// CheckAddress asks the wrapped factory whether its connector may dial addr, if it wants to be asked; see
// reactor.AddressChecker.
func (w WrappingFactory) CheckAddress(addr netip.AddrPort) error {
	if f, ok := w.Factory.(interface{ CheckAddress(netip.AddrPort) error }); ok {
		return f.CheckAddress(addr)
	}
	return nil
}

// ProtocolWrapper is embedded by protocols that wrap another one: it hands every event up to that protocol. Those that
// want to hear what the protocol does to its transport, too, are its transport: they override ConnectionMade to hand up
// themselves, and the methods of [protocol.Transport] that matter to them. They are given to the reactor by [Expose].
//
// Handing an event up is the last thing that a method does: a slow protocol may have the loop go on without it, and when
// the call returns, the loop's state belongs to somebody else.
type ProtocolWrapper struct {
	// Transport is the one below, from ConnectionMade on.
	protocol.Transport
	// Protocol is the wrapped protocol.
	Protocol protocol.Protocol
}

var (
	_ Wrapped                        = (*ProtocolWrapper)(nil)
	_ protocol.CredentialedTransport = (*ProtocolWrapper)(nil)
)

// ConnectionMade keeps t and hands it up.
func (w *ProtocolWrapper) ConnectionMade(t protocol.Transport) {
	w.Transport = t
	w.Protocol.ConnectionMade(t)
}

// DataReceived implements [protocol.Protocol].
func (w *ProtocolWrapper) DataReceived(data []byte) { w.Protocol.DataReceived(data) }

// ConnectionLost implements [protocol.Protocol].
func (w *ProtocolWrapper) ConnectionLost(reason error) { w.Protocol.ConnectionLost(reason) }

// ReadConnectionLost implements [protocol.HalfCloser].
func (w *ProtocolWrapper) ReadConnectionLost() {
	if p, ok := w.Protocol.(protocol.HalfCloser); ok {
		p.ReadConnectionLost()
	}
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (w *ProtocolWrapper) WriteConnectionLost() {
	if p, ok := w.Protocol.(protocol.HalfCloser); ok {
		p.WriteConnectionLost()
	}
}

// HandshakeCompleted implements [protocol.HandshakeListener].
func (w *ProtocolWrapper) HandshakeCompleted() {
	if p, ok := w.Protocol.(protocol.HandshakeListener); ok {
		p.HandshakeCompleted()
	}
}

// ReadBuffer implements [protocol.BufferProvider]. It is called only if the wrapped protocol implements that.
func (w *ProtocolWrapper) ReadBuffer() []byte {
	return w.Protocol.(protocol.BufferProvider).ReadBuffer()
}

// WrappedProtocol implements [protocol.Wrapper].
func (w *ProtocolWrapper) WrappedProtocol() protocol.Protocol { return w.Protocol }

// Unwrap returns the transport below. See the function of this name.
func (w *ProtocolWrapper) Unwrap() protocol.Transport { return w.Transport }

// PeerCredentials implements [protocol.CredentialedTransport]. It fails with [protocol.ErrUnsupported] if the transport
// below cannot tell.
func (w *ProtocolWrapper) PeerCredentials() (protocol.PeerCredentials, error) {
	if t, ok := w.Transport.(protocol.CredentialedTransport); ok {
		return t.PeerCredentials()
	}
	return protocol.PeerCredentials{}, fmt.Errorf("peer credentials: %w", protocol.ErrUnsupported)
}

// Unwrap returns the reactor's own transport below any number of policies. Native protocols that use more than
// [protocol.Transport] find it there; what they do with it, the policies do not see.
func Unwrap(t protocol.Transport) protocol.Transport {
	for {
		wrapper, ok := t.(interface{ Unwrap() protocol.Transport })
		if !ok {
			return t
		}
		t = wrapper.Unwrap()
	}
}

// Wrapped is a protocol with all of the optional powers, as whoever embeds [ProtocolWrapper] has them.
type Wrapped interface {
	protocol.Protocol
	protocol.HandshakeListener
	protocol.HalfCloser
	protocol.BufferProvider
	protocol.Wrapper
}

// Expose returns w without those powers that inner, the protocol that w wraps, does not have: a reactor treats
// connections differently depending on whether their protocol is a HalfCloser or a BufferProvider.
func Expose(w Wrapped, inner protocol.Protocol) protocol.Protocol {
	_, half := inner.(protocol.HalfCloser)
	_, buffers := inner.(protocol.BufferProvider)
	return expose(w, half, buffers)
}

func expose(w Wrapped, half, buffers bool) protocol.Protocol {
	switch {
	case half && buffers:
		return w
	case half:
		return halfCloser{w, w}
	case buffers:
		return bufferProvider{w, w}
	}
	return onlyBase{w}
}

// The subsets of Wrapped.
type (
	base interface {
		protocol.Protocol
		protocol.HandshakeListener
		protocol.Wrapper
	}
	onlyBase   struct{ base }
	halfCloser struct {
		base
		protocol.HalfCloser
	}
	bufferProvider struct {
		base
		protocol.BufferProvider
	}
)
