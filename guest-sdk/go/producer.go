//go:build wasip1

package wasmnet

import (
	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// RegisterProducer implements [protocol.Transport]. A pull producer is first asked when the current event is over.
func (c *conn) RegisterProducer(p protocol.Producer, streaming bool) error {
	if c.state == gone {
		p.StopProducing()
		return nil
	}
	if c.producer != nil {
		return protocol.ErrProducerRegistered
	}
	c.producer, c.streaming, c.paused = p, streaming, false
	switch {
	case !streaming:
		c.setOption(abi.OptionProducer, abi.ProducerPull)
	case c.full:
		theReactor.CallFromThread(c.pauseProducer)
	}
	return nil
}

// UnregisterProducer implements [protocol.Transport].
func (c *conn) UnregisterProducer() {
	if c.producer == nil {
		return
	}
	if !c.streaming {
		c.setOption(abi.OptionProducer, abi.ProducerPush)
	}
	c.producer = nil
	switch {
	case c.state == losing:
		c.close()
	case c.losingWrite:
		c.losingWrite = false
		handOver()
		hostLoseWriteConnection(c.handle)
	}
}

// outputFull is the high-water mark. The host says so on every connection; a push producer is told.
func (c *conn) outputFull() {
	c.full = true
	c.pauseProducer()
}

// pauseProducer tells a push producer that the queue is full, once.
func (c *conn) pauseProducer() {
	if c.full && c.producer != nil && c.streaming && !c.paused {
		c.paused = true
		c.producer.PauseProducing()
	}
}

// outputDrained is the low-water mark, or, for a pull producer, that everything was flushed.
func (c *conn) outputDrained() {
	c.full = false
	if c.producer != nil && (c.paused || !c.streaming) {
		c.paused = false
		c.producer.ResumeProducing()
	}
}

// stopProducer tells the producer of a lost connection.
func (c *conn) stopProducer() {
	if p := c.producer; p != nil {
		c.producer = nil
		p.StopProducing()
	}
}
