package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

// LoseConnection implements [protocol.Transport].
func (c *Conn) LoseConnection() {
	if c.flags&(connLosing|connOver) == 0 {
		c.flags |= connLosing
		if c.flags&connSpliced != 0 {
			c.flags |= connLeaving // the producer is the relay
		}
		c.touch()
	}
}

// LoseWriteConnection implements [protocol.Transport].
func (c *Conn) LoseWriteConnection() {
	if c.flags&(connClosing|connOver) == 0 {
		c.flags |= connHalfLosing
		c.touch()
	}
}

// AbortConnection implements [protocol.Transport].
func (c *Conn) AbortConnection() { c.abort(protocol.ErrConnectionAborted) }

// abort drops output and has the peer told so by a reset.
func (c *Conn) abort(reason error) {
	if c.flags&connOver == 0 {
		c.flags |= connReset
		c.fail(reason)
	}
}

// fail ends the connection. Its protocol hears so when the next turn begins.
func (c *Conn) fail(reason error) {
	if c.flags&connOver != 0 {
		return
	}
	c.flags |= connOver
	c.reason = reason
	c.out.clear(&c.loop.chunks)
	if c.layer != nil {
		c.layer.ended()
	}
	c.loop.lost.add(c)
}

// flushed goes on with what waited for the output to be gone.
func (c *Conn) flushed() {
	if c.producer != nil {
		if c.flags&connUnflushed != 0 {
			c.producer.hungry = true
		}
		c.flags &^= connUnflushed
		if c.flags&connLeaving == 0 {
			return
		}
	}
	c.flags &^= connUnflushed
	if c.flags&connClosing == 0 {
		return
	}
	if c.flags&connTellShaken != 0 || c.flags&(connShaking|connLosing) == connShaking {
		return // the protocol hears of its handshake first, and a half-close comes after it
	}
	if c.layer != nil && c.flags&connLayerClosed == 0 {
		c.flags |= connLayerClosed
		c.layer.closeWrite()
		c.touch()
		return
	}
	switch {
	case c.flags&connDoomed != 0:
		c.fail(c.reason)
	case c.flags&connLosing != 0:
		c.fail(protocol.ErrConnectionDone)
	case c.flags&connHalfClosed == 0:
		c.halfClose()
	}
	if c.flags&connHalfClosed != 0 && c.flags&connEOF != 0 && c.flags&connTellHalf == 0 {
		c.fail(protocol.ErrConnectionDone)
	}
}

func (c *Conn) halfClose() {
	if err := c.sock.closeWrite(); err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return
	}
	c.flags |= connHalfClosed
	if _, ok := c.proto.(protocol.HalfCloser); ok {
		c.flags |= connTellHalf
	}
}

// tellLost tells protocols of connections that are over, and forgets these. It runs at the start of a turn: no event
// is under way, and the descriptors that it closes are not in the batch of events.
func (l *Loop) tellLost(r *runner) bool {
	for c := l.lost.peek(); c != nil; c = l.lost.peek() {
		switch {
		case c.producer != nil:
			p := c.producer.Producer
			c.producer = nil
			r.active = c
			p.StopProducing()
		case c.flags&connMade != 0:
			c.flags &^= connMade
			r.active = c
			c.proto.ConnectionLost(c.reason)
		default:
			l.lost.drop()
			c.forget()
			continue
		}
		if r.gone {
			return false
		}
		r.active = nil
		l.settle()
	}
	return true
}

// forget closes the socket and lets go of what the connection held.
func (c *Conn) forget() {
	c.sock.close(c.flags&connReset != 0)
	if c.passing != nil {
		c.passing.close()
	}
	c.loop.load.Add(-1)
	c.origin.ended(c)
}
