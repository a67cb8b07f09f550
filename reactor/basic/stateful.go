package basic

import "github.com/wasmnet/wasmnet/reactor/protocol"

// State takes one piece of the stream and says what comes next: the state that gets the next piece, nil for this one
// again, and how many bytes, 0 or more, that piece has. data is valid until the call returns. A method value is made
// anew each time it is written down: a protocol that counts allocations keeps its states in fields.
type State func(data []byte) (next State, n int)

// StatefulHandler is what a protocol of pieces implements.
type StatefulHandler interface {
	// InitialState is asked for when the connection is made.
	InitialState() (first State, n int)
}

// StatefulReceiver cuts the stream into pieces of the sizes that its states ask for (Twisted's StatefulProtocol). What
// a state asks for is buffered until it is there, so a state that takes a size from the peer limits it.
type StatefulReceiver struct {
	protocol.Base
	// Handler gives the first state. It must be set.
	Handler StatefulHandler

	stream stream
	state  State
	need   int
}

var _ protocol.Producer = (*StatefulReceiver)(nil)

// ConnectionMade keeps the transport and asks for the first state.
func (p *StatefulReceiver) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if p.Handler == nil {
		panic("basic: StatefulReceiver without a Handler")
	}
	p.become(p.Handler.InitialState())
}

// DataReceived hands the pieces that are complete to their states.
func (p *StatefulReceiver) DataReceived(data []byte) { p.stream.receive(p.Transport, p, data) }

func (p *StatefulReceiver) parse() bool {
	if p.stream.available() < p.need {
		return false
	}
	p.become(p.state(p.stream.take(p.need)))
	return true
}

func (p *StatefulReceiver) become(next State, n int) {
	if n < 0 {
		panic("basic: a state asked for a negative number of bytes")
	}
	if next != nil {
		p.state = next
	}
	p.need = n
}

// PauseProducing stops delivery and reading, also between two pieces of one chunk.
func (p *StatefulReceiver) PauseProducing() { p.stream.pause(p.Transport) }

// ResumeProducing undoes PauseProducing. Pieces that are waiting are delivered before it returns, unless it is called
// from inside a state.
func (p *StatefulReceiver) ResumeProducing() { p.stream.resume(p.Transport, p) }

// StopProducing closes the connection and delivers nothing more.
func (p *StatefulReceiver) StopProducing() { p.stream.stop(p.Transport) }

// StringState takes one string and returns the state that gets the next one, or nil at the end.
type StringState func(s []byte) StringState

// StatefulStrings is a [StringHandler] that goes from state to state, and closes the connection at the end (Twisted's
// StatefulStringProtocol):
//
//	p.Handler = &basic.StatefulStrings{State: p.hello, Transport: t}
type StatefulStrings struct {
	// State gets the next string.
	State StringState
	// Transport is closed at the end.
	Transport interface{ LoseConnection() }
}

// StringReceived hands s to the state.
func (h *StatefulStrings) StringReceived(s []byte) {
	if h.State = h.State(s); h.State == nil {
		h.Transport.LoseConnection()
	}
}
