package http1

import (
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Handler answers the requests of one connection, one after another. Its methods are called on the connection's loop.
// It answers at any time from HeadReceived on, at once or in a later event. After Finish the other methods are not called
// any more for that request, and what is left of its body is thrown away.
type Handler interface {
	// HeadReceived says that the head of a request has come. A client that waits for 100 (Continue) is told to go on
	// when it returns, unless the answer has begun.
	HeadReceived(q *Request)
	// BodyReceived gives a piece of the request's body, not empty and valid until it returns.
	BodyReceived(q *Request, data []byte)
	// RequestReceived says that the request is complete (Twisted's Request.process).
	RequestReceived(q *Request)
	// RequestLost says that the connection ended, or the body turned out to be malformed, before Finish. q may not be
	// answered any more.
	RequestLost(q *Request, reason error)
}

// HandlerFunc is a function used as a [Handler]: it is called when a request is complete, and not told its body.
type HandlerFunc func(q *Request)

var _ Handler = HandlerFunc(nil)

// HeadReceived implements [Handler].
func (f HandlerFunc) HeadReceived(*Request) {}

// BodyReceived implements [Handler].
func (f HandlerFunc) BodyReceived(*Request, []byte) {}

// RequestReceived implements [Handler].
func (f HandlerFunc) RequestReceived(q *Request) { f(q) }

// RequestLost implements [Handler].
func (f HandlerFunc) RequestLost(*Request, error) {}

// Defaults of [Factory].
const (
	DefaultIdleTimeout  = time.Minute
	DefaultAbortTimeout = 15 * time.Second
)

// Factory makes the server's side of HTTP connections (Twisted's HTTPFactory).
type Factory struct {
	// Build makes the handler of a new connection.
	Build func() Handler
	// Limits are those of requests.
	Limits Limits
	// IdleTimeout is how long the next request, the rest of a head, or the next piece of a body may take. 0:
	// DefaultIdleTimeout; below: for ever.
	IdleTimeout time.Duration
	// AbortTimeout is how long a connection that is closed may take to send what is queued. 0: DefaultAbortTimeout.
	AbortTimeout time.Duration
	// NoDate leaves the Date header out.
	NoDate bool
	// Server is the value of the Server header, which is left out if it is empty.
	Server string

	spare atomic.Pointer[Channel] // made before the first connection came
}

var (
	_ protocol.Factory = (*Factory)(nil)
	_ protocol.Starter = (*Factory)(nil)
)

// StartFactory implements [protocol.Starter]: it makes the first connection's channel, with all its buffers. In a guest
// this is part of the image that every sandbox starts from: a connection then allocates nothing, which would cost it
// several pages that it has to copy.
func (f *Factory) StartFactory() error {
	c := f.channel()
	c.parser.head.buf = make([]byte, 0, 1024)
	c.parser.head.spans = make([]span, 0, 24)
	c.parser.head.fields = make(Fields, 0, 24)
	c.request.headers = make([]byte, 0, 256)
	c.out = make([]byte, 0, 2048)
	f.spare.Store(c)
	return nil
}

// BuildProtocol implements [protocol.Factory].
func (f *Factory) BuildProtocol(protocol.Address) protocol.Protocol {
	if c := f.spare.Swap(nil); c != nil {
		return c
	}
	return f.channel()
}

func (f *Factory) channel() *Channel {
	c := &Channel{factory: f, handler: f.Build()}
	c.parser.Init(f.Limits)
	c.request.channel = c
	return c
}
