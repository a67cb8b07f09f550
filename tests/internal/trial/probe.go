package trial

import (
	"bytes"
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The names of events.
const (
	Made         = "made"
	Data         = "data"
	Handshake    = "handshake"
	ReadLost     = "read lost"
	WriteLost    = "write lost"
	Lost         = "lost"
	Pause        = "pause"
	Resume       = "resume"
	Stop         = "stop"
	Started      = "started"       // StartedConnecting
	Failed       = "failed"        // ClientConnectionFailed
	ClientLost   = "client lost"   // ClientConnectionLost
	FactoryStart = "factory start" // StartFactory
	FactoryStop  = "factory stop"  // StopFactory
	Build        = "build"         // BuildProtocol
)

// Probe is a protocol, the factory of it, and a producer. It puts every event on its tape and does what the test wants
// in it.
type Probe struct {
	protocol.Base
	*Tape
	t testing.TB
	// On has what is done in an event, by its name, after it was put on the tape. Set it before the event can come.
	On map[string]func(Event)
	// Paused says that the probe, as a push producer, is to write no more. It is used on the loop.
	Paused bool

	inside string // the event being delivered
	made   bool
	lost   bool
}

// NewProbe makes a probe with nothing to do.
func NewProbe(t testing.TB) *Probe {
	return &Probe{Tape: newTape(), t: t, On: map[string]func(Event){}}
}

// tell delivers an event.
func (p *Probe) tell(e Event) {
	if p.inside != "" {
		p.t.Errorf("event %v inside the event %s", e, p.inside)
	}
	if p.lost {
		p.t.Errorf("event %v after ConnectionLost", e)
	}
	if !p.made && e.Name != Made {
		p.t.Errorf("event %v before ConnectionMade", e)
	}
	p.inside = e.Name
	defer func() { p.inside = "" }()
	p.Add(e)
	if f := p.On[e.Name]; f != nil {
		f(e)
	}
}

// BuildProtocol implements [protocol.Factory]: the probe is the protocol.
func (p *Probe) BuildProtocol(protocol.Address) protocol.Protocol { return p }

// ConnectionMade implements [protocol.Protocol].
func (p *Probe) ConnectionMade(t protocol.Transport) {
	if p.made {
		p.t.Error("ConnectionMade twice")
	}
	p.Base.ConnectionMade(t)
	p.made = true
	p.tell(Event{Name: Made})
}

// DataReceived implements [protocol.Protocol].
func (p *Probe) DataReceived(data []byte) {
	if len(data) == 0 {
		p.t.Error("DataReceived without data")
	}
	p.tell(Event{Name: Data, Data: bytes.Clone(data)})
}

// ConnectionLost implements [protocol.Protocol].
func (p *Probe) ConnectionLost(reason error) {
	if reason == nil {
		p.t.Error("ConnectionLost without a reason")
	}
	defer func() { p.lost = true }()
	p.tell(Event{Name: Lost, Err: reason})
}

// PauseProducing implements [protocol.Producer].
func (p *Probe) PauseProducing() {
	p.Paused = true
	p.tell(Event{Name: Pause})
}

// ResumeProducing implements [protocol.Producer].
func (p *Probe) ResumeProducing() {
	p.Paused = false
	p.tell(Event{Name: Resume})
}

// StopProducing implements [protocol.Producer].
func (p *Probe) StopProducing() { p.tell(Event{Name: Stop}) }

// Conn is the connection. It is used on the loop.
func (p *Probe) Conn() *reactor.Conn { return p.Transport.(*reactor.Conn) }

// Send writes from the loop; the test fails if that is refused.
func (p *Probe) Send(text string) {
	if n, err := p.Transport.Write([]byte(text)); n != len(text) || err != nil {
		p.t.Errorf("Write: %d, %v", n, err)
	}
}

// ExpectLost waits for ConnectionLost as the next event, and checks the reason.
func (p *Probe) ExpectLost(t testing.TB, want protocol.Reason) {
	t.Helper()
	CheckReason(t, p.Expect(t, Lost).Err, want)
}

// CheckReason checks why something ended.
func CheckReason(t testing.TB, got error, want protocol.Reason) {
	t.Helper()
	if !errors.Is(got, want) || protocol.ReasonOf(got) != want {
		t.Errorf("reason is %q, want %q", got, want)
	}
}

// Half is a probe that wants half-closed connections to stay open.
type Half struct{ *Probe }

// BuildProtocol implements [protocol.Factory].
func (p Half) BuildProtocol(protocol.Address) protocol.Protocol { return p }

// ReadConnectionLost implements [protocol.HalfCloser].
func (p Half) ReadConnectionLost() { p.tell(Event{Name: ReadLost}) }

// WriteConnectionLost implements [protocol.HalfCloser].
func (p Half) WriteConnectionLost() { p.tell(Event{Name: WriteLost}) }

// Shaken is a probe that wants to hear of TLS handshakes.
type Shaken struct{ *Probe }

// BuildProtocol implements [protocol.Factory].
func (p Shaken) BuildProtocol(protocol.Address) protocol.Protocol { return p }

// HandshakeCompleted implements [protocol.HandshakeListener].
func (p Shaken) HandshakeCompleted() { p.tell(Event{Name: Handshake}) }
