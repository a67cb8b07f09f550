package http1

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Time and output set the pace of a connection.

// startTimer begins the watch over idle connections. One timer lives as long as the connection: requests only note
// when they happened.
func (c *Channel) startTimer() {
	c.since = c.now
	if period := c.idleTimeout(); period > 0 {
		c.timer = c.transport.Reactor().CallLater(period, c.checkIdle)
	}
}

func (c *Channel) idleTimeout() time.Duration {
	if c.factory.IdleTimeout == 0 {
		return DefaultIdleTimeout
	}
	return c.factory.IdleTimeout
}

// checkIdle closes a connection whose peer takes too long. One that waits for its handler is not idle.
func (c *Channel) checkIdle() {
	if c.state == closed {
		c.transport.AbortConnection()
		return
	}
	c.tick()
	left := c.idleTimeout() - c.now.Sub(c.since)
	if c.state == inAnswer || c.paused || c.drains {
		left = c.idleTimeout()
	}
	if left > 0 {
		c.timer = c.transport.Reactor().CallLater(left, c.checkIdle)
		return
	}
	c.giveUp(protocol.ErrIdle)
}

// startAbort bounds the time that closing takes.
func (c *Channel) startAbort() {
	period := c.factory.AbortTimeout
	if period == 0 {
		period = DefaultAbortTimeout
	}
	if c.timer == nil || c.timer.Reset(period) != nil {
		c.timer = c.transport.Reactor().CallLater(period, c.checkIdle)
	}
}

// mustDrain reports whether a peer that sends requests and does not read the answers has to read first.
func (c *Channel) mustDrain() bool {
	if c.drains {
		return true
	}
	if c.ahead < outputAhead {
		return false
	}
	c.flush()
	c.ahead = 0
	if c.transport.Buffered() < outputAhead {
		return false
	}
	if err := c.transport.RegisterProducer(drained{c}, false); err != nil {
		return false
	}
	c.drains = true
	return true
}

func (c *Channel) stopDraining() {
	if c.drains {
		c.drains = false
		c.transport.UnregisterProducer()
	}
}

// drained is the producer that waits for the queue to be empty.
type drained struct{ *Channel }

// ResumeProducing implements [protocol.Producer].
func (d drained) ResumeProducing() {
	if !d.drains || d.transport.Buffered() > 0 {
		return
	}
	d.stopDraining()
	d.tick()
	d.goOn()
}

// PauseProducing implements [protocol.Producer].
func (d drained) PauseProducing() {}

// StopProducing implements [protocol.Producer].
func (d drained) StopProducing() { d.drains = false }
