package policy

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DefaultProxyTimeout is how long a proxy may take to send its header.
const DefaultProxyTimeout = 10 * time.Second

// ProxyFactory expects a PROXY protocol header at the start of each connection (Twisted's HAProxyWrappingFactory), in
// chunks of any size. The protocol behind it is built when the header is complete, for the source that it names, and
// its transport has the header's addresses as Peer and Host. A connection that begins otherwise, or takes too long, is
// aborted.
//
// Whoever can connect can claim any source: such a port is for the proxies alone.
type ProxyFactory struct {
	WrappingFactory
	timeout time.Duration
}

// NewProxyFactory puts f behind a proxy. timeout is for the whole header; 0: [DefaultProxyTimeout].
func NewProxyFactory(f protocol.Factory, timeout time.Duration) *ProxyFactory {
	if timeout == 0 {
		timeout = DefaultProxyTimeout
	}
	return &ProxyFactory{WrappingFactory{f}, timeout}
}

// BuildProtocol implements [protocol.Factory].
func (f *ProxyFactory) BuildProtocol(protocol.Address) protocol.Protocol {
	return expose(f.build(), true, false)
}

func (f *ProxyFactory) build() *proxiedProtocol { return &proxiedProtocol{factory: f} }

// proxiedProtocol is one connection, first without and then with a protocol. Which powers that one has is not known
// when the transport asks, so it has them all but the buffer, and makes up for those that the protocol lacks.
type proxiedProtocol struct {
	ProtocolWrapper // Protocol is nil until the header is complete
	factory         *ProxyFactory
	peer, host      protocol.Address // the header's; nil: the transport's
	timeout         basic.Timeout
	buffers         protocol.BufferProvider // the protocol, if it is one
	producer        protocol.Producer

	// pending is the header as far as it has come, and later what could not be delivered yet. The transport is not
	// read while there is any of that.
	pending []byte
	feeding protocol.DelayedCall // will go on delivering; nil if nothing is to be delivered
	shaken  bool                 // the protocol is to hear HandshakeCompleted
	paused  bool                 // by the protocol
	held    bool                 // by the protocol, which had no buffer
}

func (p *proxiedProtocol) ConnectionMade(t protocol.Transport) {
	p.Transport = t
	p.timeout.Set(t.Reactor(), p.factory.timeout, t.AbortConnection)
}

func (p *proxiedProtocol) DataReceived(data []byte) {
	if p.Protocol == nil {
		p.headerReceived(data)
		return
	}
	if len(p.pending) > 0 {
		p.keep(data)
		return
	}
	p.deliver(data)
}

// headerReceived takes the next bytes of the header, and builds the protocol when it is complete.
func (p *proxiedProtocol) headerReceived(data []byte) {
	if p.Transport.Disconnecting() {
		return
	}
	p.pending = append(p.pending, data...)
	h, n, err := ParseProxyHeader(p.pending)
	switch {
	case err == ErrProxyIncomplete:
		return
	case err != nil:
		p.Transport.AbortConnection()
		return
	}
	p.timeout.Stop()
	p.peer, p.host = h.Source, h.Destination
	p.Protocol = p.factory.Factory.BuildProtocol(p.Peer())
	if p.Protocol == nil {
		p.Transport.LoseConnection()
		return
	}
	p.buffers, _ = p.Protocol.(protocol.BufferProvider)
	rest := p.pending[n:]
	p.pending = nil
	p.keep(rest)
	if len(rest) > 0 || p.shaken {
		p.feedSoon()
	}
	p.Protocol.ConnectionMade(p)
}

// keep adds to what is pending. The transport is not to be read until that is delivered.
func (p *proxiedProtocol) keep(data []byte) {
	if len(data) > 0 {
		p.pending = append(p.pending, data...)
		p.Transport.PauseReading()
	}
}

func (p *proxiedProtocol) feedSoon() {
	if p.feeding == nil {
		p.feeding = p.Reactor().CallLater(0, func() {
			p.feeding = nil
			p.feed()
		})
	}
}

// feed tells the protocol the next thing that it has not been told.
func (p *proxiedProtocol) feed() {
	if p.shaken {
		p.shaken = false
		if len(p.pending) > 0 {
			p.feedSoon()
		}
		p.ProtocolWrapper.HandshakeCompleted()
		return
	}
	data := p.pending
	if p.paused || p.held || len(data) == 0 {
		return
	}
	p.pending = nil
	p.Transport.ResumeReading() // does nothing, as it should, if the connection is closing
	if !p.Transport.Disconnecting() {
		p.deliver(data)
	}
}

// deliver hands up what has room in the protocol's buffer, and keeps the rest.
func (p *proxiedProtocol) deliver(data []byte) {
	if p.buffers != nil {
		buf := p.buffers.ReadBuffer()
		if len(buf) == 0 {
			p.held = true
			p.keep(data)
			return
		}
		n := copy(buf, data)
		if n < len(data) {
			p.keep(data[n:])
			p.feedSoon()
		}
		data = buf[:n]
	}
	p.Protocol.DataReceived(data)
}

func (p *proxiedProtocol) ReadConnectionLost() {
	if p.Protocol == nil {
		p.Transport.AbortConnection() // the header can never be complete
		return
	}
	if _, ok := p.Protocol.(protocol.HalfCloser); ok {
		p.ProtocolWrapper.ReadConnectionLost()
		return
	}
	leave(p, p.producer)
}

// leave is what a transport does when the peer has closed its side and the protocol does not know of half-closed
// connections: output goes out, but no producer is waited for.
func leave(t protocol.Transport, producer protocol.Producer) {
	if producer != nil {
		t.UnregisterProducer()
	}
	t.LoseConnection()
	if producer != nil {
		producer.StopProducing()
	}
}

func (p *proxiedProtocol) HandshakeCompleted() {
	if p.Protocol == nil {
		p.shaken = true
		return
	}
	p.ProtocolWrapper.HandshakeCompleted()
}

func (p *proxiedProtocol) ConnectionLost(reason error) {
	p.timeout.Stop()
	stop(p.feeding)
	if p.Protocol != nil {
		p.Protocol.ConnectionLost(reason)
	}
}

// Peer is the source that the header names.
func (p *proxiedProtocol) Peer() protocol.Address {
	if p.peer != nil {
		return p.peer
	}
	return p.Transport.Peer()
}

// Host is the destination that the header names.
func (p *proxiedProtocol) Host() protocol.Address {
	if p.host != nil {
		return p.host
	}
	return p.Transport.Host()
}

func (p *proxiedProtocol) PauseReading() {
	p.paused = true
	p.Transport.PauseReading()
}

func (p *proxiedProtocol) ResumeReading() {
	p.paused, p.held = false, false
	if len(p.pending) > 0 {
		p.feedSoon()
	} else {
		p.Transport.ResumeReading()
	}
}

func (p *proxiedProtocol) RegisterProducer(producer protocol.Producer, streaming bool) error {
	err := p.Transport.RegisterProducer(producer, streaming)
	if err == nil {
		p.producer = producer
	}
	return err
}

func (p *proxiedProtocol) UnregisterProducer() {
	p.producer = nil
	p.Transport.UnregisterProducer()
}
