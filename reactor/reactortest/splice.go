package reactortest

import "github.com/wasmnet/wasmnet/reactor/protocol"

var _ protocol.Splicer = (*Conn)(nil)

// Splice implements protocol.Splicer, with connections of the same Reactor.
func (c *Conn) Splice(to protocol.Transport) error {
	other, ok := to.(*Conn)
	if !ok || other == c || other.r != c.r {
		return protocol.ErrUnsupported
	}
	for _, end := range [...]*Conn{c, other} {
		switch {
		case end.losing || end.writeLost || end.doom != nil || end.lost != nil:
			return protocol.ErrClosed
		case end.producer != nil:
			return protocol.ErrProducerRegistered
		}
	}
	for _, end := range [...]*spliced{{c, other, c.protocol}, {other, c, other.protocol}} {
		end.conn.protocol, end.conn.spliced = end, true
		end.conn.paused, end.conn.starved = false, false
		if end.conn.endSeen {
			end.ReadConnectionLost()
		} else {
			end.other.producer, end.other.streaming = end, true
		}
	}
	return nil
}

// spliced is the protocol of one end of a relay, and the producer of the other end's output.
type spliced struct {
	conn, other *Conn
	original    protocol.Protocol
}

var (
	_ protocol.HalfCloser = (*spliced)(nil)
	_ protocol.Producer   = (*spliced)(nil)
)

func (s *spliced) ConnectionMade(protocol.Transport) {}

// DataReceived passes data on.
func (s *spliced) DataReceived(data []byte) { s.other.write(data) }

// ReadConnectionLost implements protocol.HalfCloser.
func (s *spliced) ReadConnectionLost() {
	s.other.UnregisterProducer()
	s.other.LoseWriteConnection()
}

// WriteConnectionLost implements protocol.HalfCloser.
func (s *spliced) WriteConnectionLost() {}

// ConnectionLost implements protocol.Protocol: the other end's connection follows.
func (s *spliced) ConnectionLost(reason error) {
	s.other.UnregisterProducer()
	if protocol.ReasonOf(reason) == protocol.ErrConnectionDone {
		s.other.LoseConnection()
	} else if s.other.doom == nil {
		s.other.losing, s.other.doom = true, protocol.ReasonOf(reason)
	}
	s.original.ConnectionLost(reason)
}

// PauseProducing implements protocol.Producer.
func (s *spliced) PauseProducing() { s.conn.PauseReading() }

// ResumeProducing implements protocol.Producer.
func (s *spliced) ResumeProducing() { s.conn.ResumeReading() }

// StopProducing implements protocol.Producer.
func (s *spliced) StopProducing() {}
