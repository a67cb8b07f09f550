package trial

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Client is a client factory that puts its events on a tape. Its protocols come from Protocols.
type Client struct {
	*Tape
	// Protocols has what is built, if set; otherwise nothing is.
	Protocols protocol.Factory
	// On has what is done in an event, by its name, after it was put on the tape.
	On map[string]func(protocol.Connector)
}

var _ protocol.ClientFactory = (*Client)(nil)

// NewClient makes a client factory whose protocols f builds.
func NewClient(f protocol.Factory) *Client {
	return &Client{Tape: newTape(), Protocols: f, On: map[string]func(protocol.Connector){}}
}

func (f *Client) tell(c protocol.Connector, e Event) {
	f.Add(e)
	if do := f.On[e.Name]; do != nil {
		do(c)
	}
}

// StartFactory implements [protocol.Starter].
func (f *Client) StartFactory() error {
	f.Add(Event{Name: FactoryStart})
	return nil
}

// StopFactory implements [protocol.Stopper].
func (f *Client) StopFactory() { f.Add(Event{Name: FactoryStop}) }

// StartedConnecting implements [protocol.ClientFactory].
func (f *Client) StartedConnecting(c protocol.Connector) { f.tell(c, Event{Name: Started}) }

// BuildProtocol implements [protocol.Factory].
func (f *Client) BuildProtocol(a protocol.Address) protocol.Protocol {
	f.Add(Event{Name: Build})
	if f.Protocols == nil {
		return nil
	}
	return f.Protocols.BuildProtocol(a)
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (f *Client) ClientConnectionFailed(c protocol.Connector, reason error) {
	f.tell(c, Event{Name: Failed, Err: reason})
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (f *Client) ClientConnectionLost(c protocol.Connector, reason error) {
	f.tell(c, Event{Name: ClientLost, Err: reason})
}

// ExpectFailed waits for ClientConnectionFailed as the next event, and checks the reason.
func (f *Client) ExpectFailed(t testing.TB, want protocol.Reason) {
	t.Helper()
	CheckReason(t, f.Expect(t, Failed).Err, want)
}
