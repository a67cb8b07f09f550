package reactor

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var _ protocol.Splicer = (*Conn)(nil)

// Splice implements [protocol.Splicer]: from now on what one receives the other one sends, with half-closes and
// backpressure passed on. On Linux the bytes of plain connections stay in the kernel (splice(2)); otherwise they are
// copied, through TLS if need be. The next event of both protocols is ConnectionLost, after which the other one's
// follows: when both directions have ended, or one connection is lost. LoseConnection and AbortConnection still work;
// Write fails with [protocol.ErrClosed].
//
// Both must be connections of one loop, open in both directions or half-closed by their peers, and without producers.
func (c *Conn) Splice(to protocol.Transport) error {
	other, ok := to.(*Conn)
	switch {
	case !ok:
		return fmt.Errorf("reactor: splicing a connection with a %T: %w", to, protocol.ErrUnsupported)
	case c == other:
		return errors.New("reactor: a connection cannot be spliced with itself")
	case c.loop != other.loop:
		return fmt.Errorf("reactor: splicing connections of two loops: %w", protocol.ErrUnsupported)
	}
	for _, end := range [...]*Conn{c, other} {
		switch {
		case end.flags&(connClosing|connMute|connSpliced) != 0:
			return protocol.ErrClosed
		case end.flags&connMade == 0:
			return errors.New("reactor: a connection is spliced before its ConnectionMade")
		case end.producer != nil:
			return protocol.ErrProducerRegistered
		}
	}
	inKernel := spliceInKernel(c, other)
	if !inKernel {
		relayByCopy(c, other)
	}
	for _, end := range [...]*Conn{c, other} {
		end.flags &^= connPaused | connHeld | connTellShaken
		end.flags |= connSpliced
		end.buffers = nil
		end.touch()
		if end.layer != nil && !inKernel {
			end.readAgain() // it may hold data
		}
	}
	return nil
}

// copying is the protocol of one end of a relay that copies. It is also the producer of the other end's output.
type copying struct {
	conn, other *Conn
	original    protocol.Protocol
}

var (
	_ protocol.HalfCloser = (*copying)(nil)
	_ protocol.Producer   = (*copying)(nil)
)

func relayByCopy(a, b *Conn) {
	for _, end := range [...]*copying{{a, b, a.proto}, {b, a, b.proto}} {
		end.conn.proto = end
		if end.conn.flags&connEOF != 0 {
			end.ReadConnectionLost()
			continue
		}
		end.other.producer = &producer{Producer: end, streaming: true}
	}
}

func (e *copying) ConnectionMade(protocol.Transport) {}

// DataReceived passes data on. If the other end is lost, so is this one, in this turn.
func (e *copying) DataReceived(data []byte) { e.other.write(data) }

// ReadConnectionLost implements [protocol.HalfCloser].
func (e *copying) ReadConnectionLost() {
	e.other.UnregisterProducer()
	e.other.LoseWriteConnection()
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (e *copying) WriteConnectionLost() {}

// ConnectionLost implements [protocol.Protocol].
func (e *copying) ConnectionLost(reason error) {
	e.other.partnerLost(e.conn)
	e.original.ConnectionLost(reason)
}

// PauseProducing implements [protocol.Producer].
func (e *copying) PauseProducing() { e.conn.PauseReading() }

// ResumeProducing implements [protocol.Producer].
func (e *copying) ResumeProducing() { e.conn.ResumeReading() }

// StopProducing implements [protocol.Producer].
func (e *copying) StopProducing() {}

// partnerLost ends c because the other end of its relay is over: after what that one sent if it was closed, at once if
// it was lost.
func (c *Conn) partnerLost(other *Conn) {
	c.UnregisterProducer()
	if protocol.ReasonOf(other.reason) == protocol.ErrConnectionDone {
		c.LoseConnection()
		return
	}
	c.abort(protocol.ReasonOf(other.reason).Because(fmt.Errorf("the other end of the relay: %w", other.reason)))
}
