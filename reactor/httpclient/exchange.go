package httpclient

import (
	"errors"
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// exchange is one request and its response: the factory of the connection and its protocol in one.
type exchange struct {
	protocol.Base
	parser     parser
	head, body []byte
	idle       time.Duration
	watch      basic.Timeout
	outcome    *deferred.Deferred[*Response]
	connector  protocol.Connector
}

var (
	_ protocol.Protocol      = (*exchange)(nil)
	_ protocol.ClientFactory = (*exchange)(nil)
)

// start dials, and returns the outcome.
func (x *exchange) start(r protocol.Reactor, endpoint string) *deferred.Deferred[*Response] {
	x.outcome = deferred.NewCancellable(r, func(*deferred.Deferred[*Response]) { x.stop() })
	if _, err := r.Connect(endpoint, x); err != nil {
		x.outcome.Errback(err)
	}
	return x.outcome
}

// stop gives the connection up, however far it is.
func (x *exchange) stop() {
	if x.Transport != nil {
		x.Transport.AbortConnection()
	} else if x.connector != nil {
		x.connector.StopConnecting()
	}
}

// finish tells the outcome, once.
func (x *exchange) finish(err error) {
	switch {
	case x.outcome.Called():
	case err != nil:
		x.outcome.Errback(err)
	default:
		x.outcome.Callback(x.parser.response)
	}
}

// StartedConnecting implements [protocol.ClientFactory].
func (x *exchange) StartedConnecting(c protocol.Connector) { x.connector = c }

// BuildProtocol implements [protocol.Factory].
func (x *exchange) BuildProtocol(protocol.Address) protocol.Protocol { return x }

// ClientConnectionFailed implements [protocol.ClientFactory].
func (x *exchange) ClientConnectionFailed(_ protocol.Connector, reason error) { x.finish(reason) }

// ClientConnectionLost implements [protocol.ClientFactory].
func (x *exchange) ClientConnectionLost(protocol.Connector, error) {}

// ConnectionMade implements [protocol.Protocol].
func (x *exchange) ConnectionMade(t protocol.Transport) {
	x.Base.ConnectionMade(t)
	if x.outcome.Called() {
		t.AbortConnection()
		return
	}
	x.watch.Set(t.Reactor(), x.idle, func() {
		x.finish(fmt.Errorf("after %s: nothing for %v: %w", x.parser.progress(), x.idle, protocol.ErrIdle))
		t.AbortConnection()
	})
	t.RegisterProducer(&upload{x: x}, false)
}

// DataReceived implements [protocol.Protocol].
func (x *exchange) DataReceived(data []byte) {
	if x.outcome.Called() {
		return
	}
	x.watch.Reset()
	done, err := x.parser.feed(data)
	if !done && err == nil {
		return
	}
	if err != nil {
		x.Transport.AbortConnection()
	} else {
		x.Transport.UnregisterProducer()
		x.Transport.LoseConnection()
	}
	x.finish(err)
}

// ConnectionLost implements [protocol.Protocol].
func (x *exchange) ConnectionLost(reason error) {
	x.watch.Stop()
	if x.outcome.Called() {
		return
	}
	if x.parser.endsWithConnection() && errors.Is(reason, protocol.ErrConnectionDone) {
		x.finish(nil)
		return
	}
	x.finish(fmt.Errorf("after %s: %w", x.parser.progress(), reason))
}

// upload sends the request at the pace at which the server takes it.
type upload struct {
	x    *exchange
	sent int // bytes of the body
}

// uploadSize is how much of a body is queued at a time.
const uploadSize = 32 << 10

// ResumeProducing implements [protocol.Producer].
func (u *upload) ResumeProducing() {
	x := u.x
	if x.head != nil {
		x.Transport.Write(x.head)
		x.head = nil
	}
	end := min(len(x.body), u.sent+uploadSize)
	x.Transport.Write(x.body[u.sent:end])
	if u.sent = end; u.sent == len(x.body) {
		x.Transport.UnregisterProducer()
	}
}

// PauseProducing implements [protocol.Producer].
func (u *upload) PauseProducing() {}

// StopProducing implements [protocol.Producer].
func (u *upload) StopProducing() {}
