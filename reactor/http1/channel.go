package http1

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	eagerRead   = 16 << 10  // of what comes while a request is in progress, so much is held before reading pauses
	outputChunk = 16 << 10  // output is gathered up to here within an event
	outputAhead = 64 << 10  // with so much output queued, the next request waits
	discardMax  = 256 << 10 // of a body nobody wants, so much is read for the sake of the connection
)

// state is what the bytes that come next belong to.
type state uint8

const (
	inHead    state = iota // to the head of the next request
	inBody                 // to the body of the one in progress
	inAnswer               // to later requests: the one in progress is complete, but not answered
	discarded              // to a body that its handler did not wait for
	closed                 // to nobody
)

// Channel is the server's side of one connection (Twisted's HTTPChannel). It is made by a [Factory].
type Channel struct {
	factory   *Factory
	transport protocol.Transport
	handler   Handler

	parser  RequestParser
	request Request
	body    Body
	state   state
	unread  int64 // bytes of the body that were discarded

	busy   bool   // process is running
	paused bool   // the handler wants no more of the body for now
	held   []byte // what came and could not be taken yet
	full   bool   // there is too much of it: reading is paused
	ended  bool   // the peer has closed its side

	out    []byte // output of this event that the transport does not have yet
	ahead  int    // bytes written since the transport's queue was looked at
	drains bool   // the next request waits for the queue to empty

	date  dateCache
	now   time.Time // of this event
	since time.Time // when the present wait began
	timer protocol.DelayedCall
}

var (
	_ protocol.Protocol   = (*Channel)(nil)
	_ protocol.HalfCloser = (*Channel)(nil)
)

// ConnectionMade implements [protocol.Protocol].
func (c *Channel) ConnectionMade(t protocol.Transport) {
	c.transport = t
	c.tick()
	c.startTimer()
}

// tick reads the clock, once for each event.
func (c *Channel) tick() { c.now = c.transport.Reactor().Now() }

// DataReceived implements [protocol.Protocol].
func (c *Channel) DataReceived(data []byte) {
	if c.state == closed {
		return
	}
	c.tick()
	if c.busy || len(c.held) > 0 {
		c.hold(data)
		return
	}
	c.process(data)
}

// hold keeps data for later.
func (c *Channel) hold(data []byte) {
	c.held = append(c.held, data...)
	if len(c.held) > eagerRead && !c.full {
		c.full = true
		c.transport.PauseReading()
	}
}

// goOn takes up what was held, after whatever kept it from being taken.
func (c *Channel) goOn() {
	if c.busy || c.state == closed {
		return
	}
	held := c.held
	c.held = nil
	if c.process(held); c.held == nil && cap(held) <= eagerRead {
		c.held = held[:0]
	}
	if c.full && len(c.held) <= eagerRead && c.state != closed {
		if c.full = false; !c.paused {
			c.transport.ResumeReading()
		}
	}
	if c.ended && c.state != inAnswer && len(c.held) == 0 {
		c.giveUp(protocol.ErrConnectionDone)
	}
}

// process takes data as far as it can be taken, and holds the rest.
func (c *Channel) process(data []byte) {
	c.busy = true
	for more := true; more && c.state != closed; {
		data, more = c.step(data)
	}
	c.busy = false
	if c.state != closed && len(data) > 0 {
		c.hold(data)
	}
	c.flush()
}

// step takes a piece of data. more is false when it needs more of it, or something else has to happen first.
func (c *Channel) step(data []byte) (rest []byte, more bool) {
	switch c.state {
	case inHead:
		if len(data) == 0 || c.mustDrain() {
			return data, false
		}
		if !c.parser.Began() {
			c.since = c.now
		}
		n, done, err := c.parser.Parse(data)
		switch {
		case err != nil:
			c.refuse(err)
		case done:
			c.begin()
		}
		return data[n:], done
	case inBody, discarded:
		return c.stepBody(data)
	}
	return data, false
}

// begin starts a request whose head is complete.
func (c *Channel) begin() {
	q := &c.request
	q.begin(c.parser.Request())
	c.state, c.since, c.unread = inBody, c.now, 0
	if q.Chunked {
		c.body.SetChunked(c.factory.Limits)
	} else {
		c.body.SetLength(q.Length)
	}
	c.handler.HeadReceived(q)
	if q.Continue && !q.headSent && c.state == inBody {
		c.out = append(c.out, "HTTP/1.1 100 Continue\r\n\r\n"...)
		q.Continue = false
	}
}

// stepBody takes a piece of a body, for the handler or for nobody.
func (c *Channel) stepBody(data []byte) (rest []byte, more bool) {
	if !c.body.Done() {
		if len(data) == 0 || c.paused && c.state == inBody {
			return data, false
		}
		piece, n, err := c.body.Next(data)
		data, c.since = data[n:], c.now
		switch {
		case err != nil:
			c.refuse(err)
			return nil, false
		case c.state == discarded:
			// Framing counts as well: a body in tiny chunks is mostly that.
			if c.unread += int64(n); c.unread > discardMax {
				c.close()
			}
		case len(piece) > 0:
			c.handler.BodyReceived(&c.request, piece)
		}
		return data, true
	}
	if c.state == discarded {
		c.next()
		return data, true
	}
	c.state = inAnswer
	c.handler.RequestReceived(&c.request)
	return data, true
}

// next waits for the next request.
func (c *Channel) next() {
	if c.request.Close {
		c.close()
		return
	}
	c.parser.Reset()
	c.state, c.since = inHead, c.now
}

// finished is told by the request in progress that it is answered.
func (c *Channel) finished() {
	c.paused = false
	switch {
	case c.state == inAnswer:
		c.next()
	case c.state != inBody:
	case c.request.Close:
		c.close()
	default:
		c.state = discarded
	}
	if !c.busy {
		c.flush()
		c.tick()
		c.goOn()
	}
}

// refuse ends the connection on account of a malformed request, which is answered unless it has been already.
func (c *Channel) refuse(err error) {
	q := &c.request
	inProgress := c.state == inBody
	if c.state == inHead || inProgress && !q.headSent {
		c.out = append(c.out, "HTTP/1.1 400 Bad Request\r\n\r\n"...)
	}
	c.giveUp(err)
}

// giveUp closes, and tells the handler of a request in progress why.
func (c *Channel) giveUp(reason error) {
	q := &c.request
	inProgress := c.state == inBody || c.state == inAnswer
	if inProgress {
		q.stopProducer()
	}
	c.close()
	if inProgress {
		c.handler.RequestLost(q, reason)
	}
}

// close sends what is there and closes.
func (c *Channel) close() {
	if c.state == closed {
		return
	}
	c.state, c.held = closed, nil
	c.flush()
	c.stopDraining()
	c.transport.LoseConnection()
	c.startAbort()
}

// flush hands the output to the transport.
func (c *Channel) flush() {
	if len(c.out) == 0 {
		return
	}
	c.ahead += len(c.out)
	_, _ = c.transport.Write(c.out) // a connection that takes nothing more is about to be lost
	if c.out = c.out[:0]; cap(c.out) > 2*outputChunk {
		c.out = nil
	}
}

// ReadConnectionLost implements [protocol.HalfCloser]: what was asked for is still answered.
func (c *Channel) ReadConnectionLost() {
	c.ended = true
	if c.state != inAnswer && len(c.held) == 0 {
		c.giveUp(protocol.ErrConnectionDone)
	}
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (c *Channel) WriteConnectionLost() {}

// ConnectionLost implements [protocol.Protocol].
func (c *Channel) ConnectionLost(reason error) {
	if c.timer != nil && c.timer.Active() {
		_ = c.timer.Cancel()
	}
	inProgress := c.state == inBody || c.state == inAnswer
	c.state = closed
	if inProgress {
		c.handler.RequestLost(&c.request, reason)
	}
}
