package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// httpFactory makes HTTP servers that write, for each complete request, the lines "request METHOD TARGET VERSION",
// "header NAME HEX" for each header, and "body HEX". They answer as app says: with Content-Length: 0 ("cl0") or with no
// length and nothing written ("empty").
func httpFactory(w io.Writer, app string, l http1.Limits) (protocol.Factory, error) {
	answer := func(q *http1.Request) { q.Respond(200, nil, nil) }
	switch app {
	case "", "cl0":
	case "empty":
		answer = (*http1.Request).Finish
	default:
		return nil, fmt.Errorf("app %q: want cl0 or empty", app)
	}
	build := func() http1.Handler { return &httpReporter{output: w, answer: answer} }
	return &http1.Factory{Build: build, Limits: l, NoDate: true}, nil
}

type httpReporter struct {
	output io.Writer
	answer func(*http1.Request)
	body   []byte
}

// HeadReceived implements [http1.Handler].
func (r *httpReporter) HeadReceived(*http1.Request) { r.body = nil }

// BodyReceived implements [http1.Handler].
func (r *httpReporter) BodyReceived(_ *http1.Request, data []byte) { r.body = append(r.body, data...) }

// RequestReceived implements [http1.Handler].
func (r *httpReporter) RequestReceived(q *http1.Request) {
	text := fmt.Sprintf("request %s %s %s\n", q.Method, q.Target, q.Proto())
	for _, f := range q.Fields {
		text += fmt.Sprintf("header %s %x\n", strings.ToLower(string(f.Name)), f.Value)
	}
	fmt.Fprintf(r.output, "%sbody %x\n", text, r.body)
	r.answer(q)
}

// RequestLost implements [http1.Handler].
func (r *httpReporter) RequestLost(*http1.Request, error) {}

// chunked decodes a chunked body. It writes "decoded HEX" for each piece, "finished", "extra HEX" for what follows the
// body, and "error", with which it closes.
type chunked struct {
	protocol.Base
	output  io.Writer
	decoder http1.ChunkedDecoder
}

// DataReceived implements [protocol.Protocol].
func (c *chunked) DataReceived(data []byte) {
	for len(data) > 0 && !c.decoder.Done() {
		piece, n, err := c.decoder.Next(data)
		if err != nil {
			fmt.Fprintf(c.output, "error %v\n", err)
			c.Transport.LoseConnection()
			return
		}
		data = data[n:]
		fmt.Fprintf(c.output, "decoded %x\n", piece)
		if c.decoder.Done() {
			fmt.Fprintln(c.output, "finished")
		}
	}
	fmt.Fprintf(c.output, "extra %x\n", data)
}

// limits reads limits of HTTP by the names that Twisted has for them.
func limits(lookup func(key string) (string, bool)) (l http1.Limits, err error) {
	for name, field := range map[string]*int{
		"maxHeaders": &l.Headers, "totalHeadersSize": &l.Head, "MAX_LENGTH": &l.Line,
		"maxChunkSizeLineLength": &l.ChunkLine, "maxTrailerHeadersSize": &l.Trailers,
	} {
		if text, ok := lookup(name); ok {
			if *field, err = strconv.Atoi(text); err != nil {
				return l, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return l, nil
}
