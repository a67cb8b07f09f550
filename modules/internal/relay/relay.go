// Package relay joins two connections, so that what one receives the other one sends.
package relay

import (
	"errors"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// How bytes go from one connection to the other.
const (
	Splice = "splice" // by the transports themselves, where they can: the kernel's or the host's work
	Relay  = "relay"  // through the protocol
)

// An End is the protocol of one of two connections that are to be joined. Until then it keeps the little that arrives.
// Protocols that have something to say first embed it.
type End struct {
	protocol.Base
	// Lost, if it is set, is called when the connection is lost, joined or not.
	Lost func(reason error)

	held   []byte // received before the other end was there
	ended  bool   // the peer will send no more
	lost   bool
	other  *End // from Join on
	copies bool // bytes go through this protocol
}

var (
	_ protocol.HalfCloser = (*End)(nil)
	_ protocol.Producer   = (*End)(nil)
)

// ConnectionMade keeps the transport, and reads nothing from it for now.
func (e *End) ConnectionMade(t protocol.Transport) {
	e.Base.ConnectionMade(t)
	e.Hold()
}

// Hold stops reading until Join.
func (e *End) Hold() { e.Transport.PauseReading() }

// maxHeld is how much is kept before nothing more is read.
const maxHeld = 64 << 10

// Keep puts data with what will be sent to the other end first.
func (e *End) Keep(data []byte) {
	e.held = append(e.held, data...)
	if len(e.held) >= maxHeld {
		e.Hold()
	}
}

// DataReceived passes data on.
func (e *End) DataReceived(data []byte) {
	if e.other == nil {
		e.Keep(data)
		return
	}
	e.other.Transport.Write(data)
}

// ReadConnectionLost implements [protocol.HalfCloser]: the end of one direction.
func (e *End) ReadConnectionLost() {
	e.ended = true
	if e.copies {
		e.other.Transport.UnregisterProducer()
		e.other.Transport.LoseWriteConnection()
	}
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (e *End) WriteConnectionLost() {}

// ConnectionLost ends the other connection as this one has ended: after what it was sent, or at once.
func (e *End) ConnectionLost(reason error) {
	e.lost = true
	if e.copies && !e.other.lost {
		e.other.Transport.UnregisterProducer()
		if protocol.ReasonOf(reason) == protocol.ErrConnectionDone {
			e.other.Transport.LoseConnection()
		} else {
			e.other.Transport.AbortConnection()
		}
	}
	if e.Lost != nil {
		e.Lost(reason)
	}
}

// PauseProducing implements [protocol.Producer]: the other end has taken all it can for now.
func (e *End) PauseProducing() { e.Transport.PauseReading() }

// ResumeProducing implements [protocol.Producer].
func (e *End) ResumeProducing() { e.Transport.ResumeReading() }

// StopProducing implements [protocol.Producer].
func (e *End) StopProducing() {}

// IsLost reports whether the connection is over.
func (e *End) IsLost() bool { return e.lost }

// Join joins two connections that have been made, in the mode Splice or Relay; Splice is Relay where the transports cannot
// do it. One that is closing or lost takes the other one with it.
func Join(a, b *End, mode string) {
	a.other, b.other = b, a
	for _, e := range [...]*End{a, b} {
		if len(e.held) > 0 {
			e.other.Transport.Write(e.held)
			e.held = nil
		}
	}
	if mode == Splice {
		if s, ok := a.Transport.(protocol.Splicer); ok {
			err := s.Splice(b.Transport)
			if err == nil {
				return
			}
			if !errors.Is(err, protocol.ErrUnsupported) {
				a.Transport.LoseConnection()
				b.Transport.LoseConnection()
				return
			}
		}
	}
	for _, e := range [...]*End{a, b} {
		e.copies = true
		if e.ended {
			e.ReadConnectionLost()
			continue
		}
		e.other.Transport.RegisterProducer(e, true)
		e.Transport.ResumeReading()
	}
}
