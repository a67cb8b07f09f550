package blocking

import (
	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/events"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var _ events.Attended = (*Conn)(nil)

// ConnectionMade implements [protocol.Protocol].
func (c *Conn) ConnectionMade(t protocol.Transport) {
	c.transport = t
	_ = t.RegisterProducer((*producer)(c), true) // a new transport has none
}

// DataReceived implements [protocol.Protocol]. A Read that waits gets the bytes at once, without the buffer.
func (c *Conn) DataReceived(data []byte) {
	c.mu.Lock()
	if !c.closed {
		c.received(data)
	}
	c.mu.Unlock()
}

func (c *Conn) received(data []byte) {
	if c.into != nil && c.given == 0 {
		c.given = copy(c.into, data)
		data = data[c.given:]
	}
	if len(data) > 0 {
		if c.taken > 0 {
			c.buffer, c.taken = c.buffer[:copy(c.buffer, c.buffer[c.taken:])], 0
		}
		c.buffer = append(c.buffer, data...)
		if len(c.buffer) > readHigh && !c.held {
			c.held = true
			c.transport.PauseReading()
		}
	}
	c.readable.Signal()
}

// ReadConnectionLost implements [protocol.HalfCloser].
func (c *Conn) ReadConnectionLost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.readable.Broadcast()
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (c *Conn) WriteConnectionLost() {}

// HandshakeCompleted implements [protocol.HandshakeListener].
func (c *Conn) HandshakeCompleted() {
	if c.shaken != nil {
		c.shaken()
	}
}

// ConnectionLost implements [protocol.Protocol]. What was received can still be read.
func (c *Conn) ConnectionLost(reason error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost = reason; reason == nil {
		c.lost = protocol.ErrConnectionDone
	}
	c.wake()
}

// Unattended implements [events.Attended].
func (c *Conn) Unattended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed && c.readBy.waiting == 0 && c.writeBy.waiting == 0
}

// producer is a Conn as the source of its transport's output.
type producer Conn

var _ protocol.Producer = (*producer)(nil)

// PauseProducing implements [protocol.Producer].
func (p *producer) PauseProducing() {
	c := (*Conn)(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused = true
}

// ResumeProducing implements [protocol.Producer].
func (p *producer) ResumeProducing() {
	c := (*Conn)(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.writeClosed {
		return
	}
	c.paused = false
	if c.pulling {
		c.pulling = false
		c.transport.UnregisterProducer()
		_ = c.transport.RegisterProducer(p, true) // there is none now
	}
	c.writable.Broadcast()
}

// StopProducing implements [protocol.Producer]. ConnectionLost says why.
func (p *producer) StopProducing() {}
