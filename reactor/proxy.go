package reactor

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// proxyReader is the protocol of a connection whose PROXY protocol header has not come yet. It never reads beyond the
// header: what follows belongs to the TLS handshake or to the real protocol, and stays in the socket.
type proxyReader struct {
	conn     *Conn
	header   []byte
	deadline protocol.DelayedCall
}

var _ protocol.BufferProvider = (*proxyReader)(nil)

// readProxyHeader has the connection read its header, after which it is opened again.
func (c *Conn) readProxyHeader() {
	if err := c.sock.attach(c.loop, c); err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return
	}
	limit := c.loop.reactor.cfg.HandshakeTimeout
	p := &proxyReader{conn: c}
	p.deadline = c.loop.CallLater(limit, func() {
		c.abort(protocol.ErrIdle.Because(fmt.Errorf("the PROXY protocol header took more than %v", limit)))
	})
	c.proto, c.buffers = p, p
	c.flags |= connMade
	c.touch()
}

// ConnectionMade implements [protocol.Protocol]. It is not called.
func (p *proxyReader) ConnectionMade(protocol.Transport) {}

// ReadBuffer implements [protocol.BufferProvider].
func (p *proxyReader) ReadBuffer() []byte {
	have, want := len(p.header), policy.ProxyHeaderMissing(p.header)
	p.header = append(p.header, make([]byte, want)...)[:have]
	return p.header[have : have+want]
}

// DataReceived implements [protocol.Protocol].
func (p *proxyReader) DataReceived(data []byte) {
	c := p.conn
	p.header = p.header[:len(p.header)+len(data)]
	h, _, err := policy.ParseProxyHeader(p.header)
	switch {
	case err == policy.ErrProxyIncomplete:
		return
	case err != nil:
		c.loop.reactor.log.Info("a connection has no PROXY protocol header", "peer", c.peer, "error", err)
		c.abort(protocol.ErrDenied.Because(err))
		return
	}
	p.deadline.Cancel()
	if h.Source != nil {
		c.peer, c.host = h.Source, h.Destination
	}
	c.proto, c.buffers = nil, nil
	c.flags = c.flags&^connMade | connIntroduced | connHeld
	c.loop.fresh.add(c)
}

// ConnectionLost implements [protocol.Protocol].
func (p *proxyReader) ConnectionLost(error) { p.deadline.Cancel() }
