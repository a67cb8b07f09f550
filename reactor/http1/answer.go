package http1

import (
	"errors"
	"strconv"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var (
	// ErrFinished is returned for what comes after the response is finished or the request lost.
	ErrFinished = errors.New("request is answered or lost")
	// ErrLength is returned by Write for bytes above the response's length, which are not sent.
	ErrLength = errors.New("response is longer than its length says")
)

// Request is a request in progress and its response (Twisted's http.Request). It belongs to the connection, which
// uses it again for the next request.
type Request struct {
	RequestHead

	channel  *Channel
	code     int
	headers  []byte // of the response, with line ends
	length   int64  // of its body; -1: not known
	sent     int64  // bytes of the body
	chunked  bool
	headSent bool
	finished bool
	producer protocol.Producer
}

// begin makes q the request with that head.
func (q *Request) begin(h *RequestHead) {
	q.RequestHead = *h
	q.code, q.headers, q.length, q.sent = 200, q.headers[:0], -1, 0
	q.chunked, q.headSent, q.finished, q.producer = false, false, false, nil
}

// Transport is the connection that the request came on. It is for asking, not for writing.
func (q *Request) Transport() protocol.Transport { return q.channel.transport }

// Now is the time of the event that the request is handled in.
func (q *Request) Now() time.Time { return q.channel.now }

// live reports whether q may be answered.
func (q *Request) live() bool {
	s := q.channel.state
	return !q.finished && (s == inBody || s == inAnswer)
}

// SetStatus sets the response's code, which is 200 from the start.
func (q *Request) SetStatus(code int) { q.code = code }

// Status is the response's code.
func (q *Request) Status() int { return q.code }

// Sent is the number of bytes of the response's body so far.
func (q *Request) Sent() int64 { return q.sent }

// SetLength says how long the response's body is. Without it a body is chunked (HTTP/1.1) or ends with the connection.
func (q *Request) SetLength(n int64) {
	q.length = n
	q.headers = append(q.headers, "Content-Length: "...)
	q.headers = append(strconv.AppendInt(q.headers, n, 10), "\r\n"...)
}

// AddHeader adds a header to the response. Bytes that would end the line become spaces, and what cannot be in a name a
// hyphen. Content-Length, Transfer-Encoding, Connection and Date are not to be added.
func (q *Request) AddHeader(name, value string) {
	for i := range len(name) {
		if classes[name[i]]&isTchar == 0 {
			q.headers = append(q.headers, '-')
		} else {
			q.headers = append(q.headers, name[i])
		}
	}
	q.headers = append(q.headers, ": "...)
	for i := range len(value) {
		if classes[value[i]]&isValue == 0 {
			q.headers = append(q.headers, ' ')
		} else {
			q.headers = append(q.headers, value[i])
		}
	}
	q.headers = append(q.headers, "\r\n"...)
}

// AddHeaders adds headers that are ready to be sent: lines, each with its CR LF.
func (q *Request) AddHeaders(lines []byte) { q.headers = append(q.headers, lines...) }

// SetClose ends the connection after the response.
func (q *Request) SetClose() { q.Close = true }

// Respond answers with a body that is there, and finishes. headers are as for AddHeaders.
func (q *Request) Respond(code int, headers, body []byte) {
	if !q.live() || q.headSent {
		return
	}
	q.code = code
	q.AddHeaders(headers)
	if !bodiless(code) {
		q.SetLength(int64(len(body)))
	}
	_, _ = q.Write(body)
	q.Finish()
}

// sendHead writes the status line and the headers.
func (q *Request) sendHead() {
	c := q.channel
	q.headSent = true
	q.Close = q.Close || q.Continue // the client may send the body it was not told to send, or not
	out := c.out
	if q.code == 200 {
		out = append(append(out, q.Proto()...), " 200 OK\r\n"...)
	} else {
		out = append(append(out, q.Proto()...), ' ')
		out = append(strconv.AppendInt(out, int64(q.code), 10), ' ')
		out = append(append(out, StatusText(q.code)...), "\r\n"...)
	}
	if q.length < 0 && !q.bodiless() {
		if q.chunked = q.Minor == 1; q.chunked {
			out = append(out, "Transfer-Encoding: chunked\r\n"...)
		} else {
			q.Close = true
		}
	}
	if q.Close && q.Minor == 1 {
		out = append(out, "Connection: close\r\n"...)
	}
	if c.factory.Server != "" {
		out = append(append(append(out, "Server: "...), c.factory.Server...), "\r\n"...)
	}
	if !c.factory.NoDate {
		out = c.date.append(out, c.now)
	}
	out = append(out, q.headers...)
	c.out = append(out, "\r\n"...)
}

// bodiless reports whether the response has no body.
func (q *Request) bodiless() bool { return bodiless(q.code) || string(q.Method) == "HEAD" }

// Write sends a piece of the response's body, after the head if that is not sent yet. p may be reused at once. What a
// response to HEAD, or with a code that has no body, is given is thrown away.
func (q *Request) Write(p []byte) (int, error) {
	if !q.live() {
		return 0, ErrFinished
	}
	c := q.channel
	if !q.headSent {
		if !c.busy {
			c.tick()
		}
		q.sendHead()
	}
	n := len(p)
	var err error
	if q.length >= 0 && q.sent+int64(n) > q.length {
		n, err = int(q.length-q.sent), ErrLength
	}
	if n > 0 && !q.bodiless() {
		q.sent += int64(n)
		q.writeBody(p[:n])
	}
	if !c.busy || q.producer != nil {
		c.flush()
	}
	return n, err
}

// writeBody gathers small pieces, and hands large ones to the transport as they are.
func (q *Request) writeBody(p []byte) {
	c := q.channel
	if q.chunked {
		c.out = appendChunkSize(c.out, len(p))
	}
	if len(c.out)+len(p) <= outputChunk {
		c.out = append(c.out, p...)
	} else {
		c.flush()
		c.ahead += len(p)
		_, _ = c.transport.Write(p)
	}
	if q.chunked {
		c.out = append(c.out, "\r\n"...)
	}
}

// Finish ends the response. The next request may be given to the handler before it returns, unless Finish is called
// by one of the handler's own methods. A response that is shorter than its length says ends the connection.
func (q *Request) Finish() {
	if !q.live() {
		return
	}
	_, _ = q.Write(nil)
	c := q.channel
	if q.chunked {
		c.out = append(c.out, LastChunk...)
	}
	if q.length > q.sent && !q.bodiless() {
		q.Close = true
	}
	q.finished = true
	q.UnregisterProducer()
	c.finished()
}

// PauseReading stops delivery of the request's body until ResumeReading, so that the client feels backpressure.
func (q *Request) PauseReading() {
	if c := q.channel; q.live() && c.state == inBody && !c.paused {
		c.paused = true
		c.transport.PauseReading()
	}
}

// ResumeReading undoes PauseReading. The body goes on before it returns, unless it is called by one of the handler's
// methods.
func (q *Request) ResumeReading() {
	c := q.channel
	if !c.paused {
		return
	}
	c.paused = false
	if !c.full {
		c.transport.ResumeReading()
	}
	c.tick()
	c.since = c.now
	c.goOn()
}

// RegisterProducer makes p the source of the response's body, as [protocol.Transport] has it.
func (q *Request) RegisterProducer(p protocol.Producer, streaming bool) error {
	if !q.live() {
		p.StopProducing()
		return nil
	}
	if q.producer != nil {
		return protocol.ErrProducerRegistered
	}
	q.producer = p
	if err := q.channel.transport.RegisterProducer(p, streaming); err != nil {
		q.producer = nil
		return err
	}
	return nil
}

// UnregisterProducer forgets the producer.
func (q *Request) UnregisterProducer() {
	if q.producer != nil {
		q.producer = nil
		q.channel.transport.UnregisterProducer()
	}
}

// stopProducer tells the producer that its output is not wanted any more.
func (q *Request) stopProducer() {
	if p := q.producer; p != nil {
		q.UnregisterProducer()
		p.StopProducing()
	}
}
