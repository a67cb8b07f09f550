package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

// openFresh gives new connections their protocols.
func (l *Loop) openFresh(r *runner) bool {
	for c := l.fresh.take(); c != nil; c = l.fresh.take() {
		c.open(r)
		if r.gone {
			return false
		}
		l.settle()
	}
	return true
}

// open takes a connection as far as it gets: through its PROXY protocol header and its TLS handshake if it begins with
// them, after each of which it comes here again, to its protocol, and to ConnectionMade.
func (c *Conn) open(r *runner) {
	switch {
	case c.flags&connOver != 0:
		return
	case c.loop.stopping.refuses():
		c.abort(protocol.ErrShutdown)
		return
	}
	if c.origin.proxied() {
		if c.flags&connIntroduced == 0 {
			c.readProxyHeader()
			return
		}
		c.readAgain() // what follows the header may be here already, and will not be told of again
	}
	if cfg, server := c.origin.security(); cfg != nil && c.layer == nil {
		if err := c.secure(cfg, server); err != nil {
			c.fail(err)
		}
		return
	}
	if c.proto == nil {
		r.active = c
		p := c.origin.factory().BuildProtocol(c.peer)
		if r.gone {
			c.loop.CallFromThread(func() {
				if c.built(p) {
					c.loop.fresh.add(c)
				}
			})
			return
		}
		r.active = nil
		if !c.built(p) {
			return
		}
	}
	if err := c.sock.attach(c.loop, c); err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return
	}
	c.flags = c.flags&^connHeld | connOpened | connMade
	c.origin.opened(c)
	c.touch()
	if c.layer != nil {
		c.handshakeCompleted()
	}
	r.active = c
	c.proto.ConnectionMade(c)
	if r.gone {
		return
	}
	r.active = nil
}

// built gives the connection its protocol, and reports whether there is one.
func (c *Conn) built(p protocol.Protocol) bool {
	if p == nil {
		c.fail(protocol.ErrDenied)
		return false
	}
	c.proto = p
	c.buffers, _ = p.(protocol.BufferProvider)
	c.takesFiles()
	return c.flags&connOver == 0
}
