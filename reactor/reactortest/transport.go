package reactortest

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Write implements protocol.Transport. While a producer is registered its bytes are taken even after LoseConnection,
// which waits for it.
func (c *Conn) Write(p []byte) (int, error) {
	if c.spliced {
		return 0, protocol.ErrClosed
	}
	return c.write(p)
}

func (c *Conn) write(p []byte) (int, error) {
	closing := c.losing || c.writeLost
	if c.lost != nil || c.doom != nil || closing && c.producer == nil {
		return 0, protocol.ErrClosed
	}
	if len(c.out)+len(p) > c.limits().hardCap {
		c.abort(protocol.ErrLimit)
		return 0, protocol.ErrLimit
	}
	c.out = append(c.out, p...)
	return len(p), nil
}

// outputLimits are those of one connection, in bytes.
type outputLimits struct{ high, low, hardCap int }

func (c *Conn) limits() outputLimits {
	if c.output != nil {
		return *c.output
	}
	return outputLimits{c.r.HighWater, c.r.LowWater, c.r.HardCap}
}

// SetOutputLimits replaces the Reactor's HighWater, LowWater and HardCap for this connection: 0 <= low <= high <= hardCap.
func (c *Conn) SetOutputLimits(high, low, hardCap int) error {
	if low < 0 || low > high || high > hardCap {
		return fmt.Errorf("output limits of %d, %d and %d bytes: want low <= high <= hard cap", low, high, hardCap)
	}
	c.output = &outputLimits{high, low, hardCap}
	return nil
}

// LoseConnection implements protocol.Transport.
func (c *Conn) LoseConnection() { c.losing = true }

// AbortConnection implements protocol.Transport.
func (c *Conn) AbortConnection() { c.abort(protocol.ErrConnectionAborted) }

func (c *Conn) abort(reason error) {
	if c.lost == nil && c.doom == nil {
		c.losing, c.doom, c.out = true, reason, nil
	}
}

// LoseWriteConnection implements protocol.Transport.
func (c *Conn) LoseWriteConnection() { c.writeLost = true }

// PauseReading implements protocol.Transport.
func (c *Conn) PauseReading() { c.paused = true }

// ResumeReading implements protocol.Transport.
func (c *Conn) ResumeReading() { c.paused, c.starved = false, false }

// RegisterProducer implements protocol.Transport. A pull producer is first asked in the next turn.
func (c *Conn) RegisterProducer(p protocol.Producer, streaming bool) error {
	if c.producer != nil {
		return protocol.ErrProducerRegistered
	}
	if c.lost != nil || c.doom != nil {
		p.StopProducing()
		return nil
	}
	c.producer, c.streaming, c.hungry, c.producerPaused = p, streaming, true, false
	return nil
}

// UnregisterProducer implements protocol.Transport.
func (c *Conn) UnregisterProducer() { c.producer = nil }

// Buffered implements protocol.Transport.
func (c *Conn) Buffered() int { return len(c.out) }

// Disconnecting implements protocol.Transport.
func (c *Conn) Disconnecting() bool { return c.losing || c.lost != nil }

// Peer implements protocol.Transport.
func (c *Conn) Peer() protocol.Address { return c.remote }

// Host implements protocol.Transport.
func (c *Conn) Host() protocol.Address { return c.host }

// SetNoDelay implements protocol.Transport.
func (c *Conn) SetNoDelay(bool) {}

// SetKeepAlive implements protocol.Transport.
func (c *Conn) SetKeepAlive(bool) {}

// Reactor implements protocol.Transport.
func (c *Conn) Reactor() protocol.Reactor { return c.r }
