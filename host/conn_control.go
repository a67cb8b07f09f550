package host

import (
	"math"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// limitOutput makes the transport hold the limit "output" as well, in the place of the reactor's own.
func (c *conn) limitOutput() {
	t, ok := c.t.(interface {
		SetOutputLimits(high, low, hardCap int) error
	})
	if !ok {
		return
	}
	most := int64(math.MaxInt)
	if c.svc.limits.Output > 0 {
		most = min(most, c.svc.limits.Output)
	}
	high := min(highWater, most)
	if err := t.SetOutputLimits(int(high), int(min(lowWater, high)), int(most)); err != nil {
		c.svc.log.Error("output is limited by the reactor's own figures", "conn", c.id, "error", err)
	}
}

// highWater and lowWater are those of the ABI's backpressure, in bytes queued on a connection.
const highWater, lowWater = 64 * kib, 16 * kib

// HandshakeCompleted implements [protocol.HandshakeListener].
func (c *conn) HandshakeCompleted() { c.event(abi.HandshakeCompleted) }

// PauseProducing implements [protocol.Producer].
func (c *conn) PauseProducing() {
	c.state |= connPaused
	if c.state&connPausedByRate == 0 {
		c.event(abi.PauseProducing)
	}
}

// ResumeProducing implements [protocol.Producer].
func (c *conn) ResumeProducing() {
	if c.state&(connPaused|connPull) != 0 {
		c.state &^= connPaused
		if c.state&connPausedByRate == 0 {
			c.event(abi.ResumeProducing)
		}
	}
}

// StopProducing implements [protocol.Producer]. ConnectionLost follows, which says it all.
func (c *conn) StopProducing() { c.state &^= connProducer }

// ReadConnectionLost implements [protocol.HalfCloser].
func (c *halfConn) ReadConnectionLost() {
	if i := c.live(); i != nil && !i.exports(abi.ReadConnectionLost) {
		c.lose()
		return
	}
	c.event(abi.ReadConnectionLost)
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (c *halfConn) WriteConnectionLost() { c.event(abi.WriteConnectionLost) }

// mayHear reports whether an event may still come, after what has been done to the connection since it happened.
func (c *conn) mayHear(e abi.Event) bool {
	const ended = connWhy | connSpliced
	return c.state&ended == 0 && (e != abi.ReadConnectionLost || c.state&connLosing == 0)
}

// event delivers an event that has no arguments but the connection.
func (c *conn) event(e abi.Event) (here bool) {
	i := c.live()
	switch {
	case i == nil || c.state&connMade == 0 || !c.mayHear(e):
		return true
	case i.running:
		i.postpone(func() bool { return c.event(e) })
		return true
	}
	i.account = c
	return i.call(e, c.handle, 0, 0)
}

// lose closes the connection after flushing. A registered producer would keep it open.
func (c *conn) lose() {
	c.unregister()
	c.state |= connLosing
	c.t.LoseConnection()
}

// abort closes the connection at once, for a reason that the guest is told.
func (c *conn) abort(why protocol.Reason) {
	if c.state&connWhy == 0 {
		c.why = why
	}
	c.state |= connLosing | connWhy
	c.t.AbortConnection()
}

// register makes the connection its transport's producer, so that the guest hears of backpressure.
func (c *conn) register(streaming bool) {
	c.state &^= connPaused | connPausedByRate
	c.state |= connProducer
	if streaming {
		c.state &^= connPull
	} else {
		c.state |= connPull
	}
	if c.t.RegisterProducer(c, streaming) != nil {
		c.state &^= connProducer
	}
}

func (c *conn) unregister() {
	if c.state&connProducer != 0 {
		c.state &^= connProducer
		c.t.UnregisterProducer()
	}
}

// discard implements [resource]: the guest is gone.
func (c *conn) discard() {
	switch {
	case c.gone != nil:
		c.leave(c.gone)
	case c.t != nil:
		c.abort(protocol.ErrConnectionAborted)
	case c.dial != nil:
		c.dial.discard()
	}
}

// pause stops reading for a reason of its own; release undoes it.
func (c *conn) pause(why holds) {
	c.hold |= why
	c.t.PauseReading()
}

func (c *conn) release(why holds) {
	if c.hold&why == 0 {
		return
	}
	c.hold &^= why
	if c.hold == 0 && c.state&connLosing == 0 {
		c.t.ResumeReading()
	}
}
