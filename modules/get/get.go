// Package get is a program that gets one address by HTTP and writes it to standard output or a file: the client of the
// box. It runs on package reactor/httpclient.
package get

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/httpclient"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Statuses that the program ends with.
const (
	StatusDone     = 0
	StatusFailed   = 1 // something else
	StatusUsage    = 2 // no address, or a wrong one
	StatusConnect  = 3 // no connection: not granted, name not found, refused, TLS
	StatusProtocol = 4 // the answer is malformed or broken off
	StatusHTTP     = 5 // the answer has a status of 400 or above
	StatusOutput   = 6 // the output cannot be written
	StatusTimeout  = 7
)

// Config is how an address is got.
type Config struct {
	// Output is the file to write. Empty: Stdout.
	Output string
	// Compressed asks for gzip or deflate, and undoes it.
	Compressed bool
	// Headers writes the head of the response to Stdout first, if the body goes there.
	Headers bool
	// Redirects is how many are followed. 0: the redirect is the answer.
	Redirects int
	// MaxSize is the most that is written, in bytes. 0: anything.
	MaxSize int
	// Timeout and Idle are the time for everything, and without a byte. 0: none.
	Timeout, Idle time.Duration
	// UserAgent is the header's value.
	UserAgent string
	// Stdout and Stderr are where the answer and messages go.
	Stdout, Stderr io.Writer
}

// Configure reads a Config, but for its writers; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Output:     s.Text("output", ""),
		Compressed: s.Bool("compressed", true),
		Headers:    s.Bool("headers", false),
		Redirects:  s.Int("redirects", httpclient.DefaultMaxRedirects, 0, 1000),
		MaxSize:    s.Int("max-size", 0, 0, 1<<31-1),
		Timeout:    s.Duration("timeout", 0, 0),
		Idle:       s.Duration("idle", 30*time.Second, 0),
		UserAgent:  s.Text("user-agent", httpclient.DefaultUserAgent),
	}
	return c, s.Err()
}

// New refuses to serve: get is a program. It returns a factory that refuses connections, for a service that runs it.
func New(args []string) (protocol.Factory, error) {
	if len(args) == 0 {
		return nil, errors.New("get is a program: wasmnet exec get URL")
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return nil }), nil
}

// Run gets the address that is the one argument after the program's name, and stops r with a status when it is done.
func Run(r protocol.Reactor, c Config, args []string) {
	if len(args) != 2 {
		fmt.Fprintln(c.Stderr, "get: want one argument, the URL: wasmnet exec get URL --allow dial=tcp:HOST:PORT")
		_ = r.Stop(StatusUsage)
		return
	}
	g := &getter{reactor: r, config: c}
	client := &httpclient.Client{
		Timeout: c.Timeout, IdleTimeout: c.Idle, MaxRedirects: c.Redirects, UserAgent: c.UserAgent, MaxBody: 1 << 20,
	}
	if c.Timeout == 0 {
		client.Timeout = -1
	}
	if c.Redirects == 0 {
		client.MaxRedirects = -1
	}
	q := &httpclient.Request{URL: args[1], Header: httpclient.Header{"Accept": {"*/*"}}}
	if c.Compressed {
		q.Header.Set("Accept-Encoding", "gzip, deflate")
	}
	client.Stream(r, q, g).Handle(func(a *httpclient.Response, err error) { _ = r.Stop(g.end(a, err)) })
}

// getter takes the answer.
type getter struct {
	reactor  protocol.Reactor
	config   Config
	response *httpclient.Response
	sink     *sink // nil until the answer is one that is written
	progress protocol.DelayedCall
	received int64
}

var _ httpclient.Receiver = (*getter)(nil)

// outputError is an error of the output, as opposed to one of the connection.
type outputError struct{ err error }

func (e outputError) Error() string { return e.err.Error() }
func (e outputError) Unwrap() error { return e.err }

// HeadReceived implements [httpclient.Receiver].
func (g *getter) HeadReceived(a *httpclient.Response) error {
	g.response = a
	if a.StatusCode >= 400 {
		return nil
	}
	sink, err := openSink(g.config, strings.ToLower(a.Header.Get("Content-Encoding")))
	if err != nil {
		return err
	}
	g.sink = sink
	if g.config.Output != "" {
		g.report()
	} else if g.config.Headers {
		return g.writeHead(a)
	}
	return nil
}

func (g *getter) writeHead(a *httpclient.Response) error {
	b := []byte(a.Proto + " " + a.Status + "\n")
	for _, name := range sortedNames(a.Header) {
		for _, value := range a.Header[name] {
			b = append(b, name+": "+value+"\n"...)
		}
	}
	if _, err := g.config.Stdout.Write(append(b, '\n')); err != nil {
		return outputError{err}
	}
	return nil
}

// BodyReceived implements [httpclient.Receiver].
func (g *getter) BodyReceived(data []byte) error {
	g.received += int64(len(data))
	if g.sink == nil {
		return nil
	}
	return g.sink.write(data)
}

// report tells every second how far it is.
func (g *getter) report() {
	g.progress = g.reactor.CallLater(time.Second, func() {
		g.say(g.sofar())
		g.report()
	})
}

func (g *getter) sofar() string {
	if total := g.response.Length; total > 0 {
		return fmt.Sprintf("%d of %d bytes (%d%%)", g.received, total, g.received*100/total)
	}
	return strconv.FormatInt(g.received, 10) + " bytes"
}

func (g *getter) say(text string) { fmt.Fprintln(g.config.Stderr, "get: "+text) }

// end closes the output, says what there is to say, and returns the status.
func (g *getter) end(a *httpclient.Response, err error) int {
	if g.progress != nil && g.progress.Active() {
		_ = g.progress.Cancel()
	}
	if g.sink != nil {
		if closing := g.sink.close(err == nil); err == nil && closing != nil {
			err = &httpclient.Error{Method: "GET", URL: g.response.URL, Err: closing}
		}
	}
	switch {
	case err != nil:
		g.say(err.Error())
		if errors.Is(err, protocol.ErrDenied) {
			g.say("the log says which --allow grants it")
		}
		return status(err)
	case a.StatusCode >= 400:
		g.say(a.URL + ": answered " + a.Status)
		return StatusHTTP
	case g.config.Output != "":
		g.say(g.config.Output + ": " + g.sofar())
	}
	return StatusDone
}

// status is the one for an error.
func status(err error) int {
	var output outputError
	var malformed *httpclient.ProtocolError
	var url *httpclient.URLError
	var reason protocol.Reason
	switch {
	case errors.As(err, &output):
		return StatusOutput
	case errors.Is(err, protocol.ErrTimeout), errors.Is(err, protocol.ErrIdle):
		return StatusTimeout
	case errors.As(err, &malformed), errors.Is(err, http1.ErrTooLong), errors.Is(err, errCoding):
		return StatusProtocol
	case errors.As(err, &url):
		return StatusUsage
	case !errors.As(err, &reason):
		return StatusFailed
	case reason == protocol.ErrConnectionDone, reason == protocol.ErrConnectionLost:
		return StatusProtocol
	}
	return StatusConnect
}
