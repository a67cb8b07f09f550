// Package web is an HTTP/1.1 server: a fixed answer, static files, or the request's body back. It runs on package
// reactor/http1, whose limits it has.
package web

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// What can be served.
const (
	ServeText  = "text"  // one and the same text
	ServeFiles = "files" // what lies in a directory
	ServeEcho  = "echo"  // the body of the request
)

// Defaults of [Config].
const (
	DefaultText = "It works.\n"
	DefaultType = "text/plain; charset=utf-8"
	DefaultRoot = "/www"
)

// Config is what is served, and how.
type Config struct {
	// Serve is one of ServeText (the default), ServeFiles and ServeEcho.
	Serve string
	// Text and Type are the body and the Content-Type of ServeText.
	Text, Type string
	// Root is the directory of ServeFiles, Files what it holds. New needs Files only.
	Root  string
	Files fs.FS
	// Index are the names of files that stand for their directory, the first that is there.
	Index []string
	// Server is the value of the header Server; empty: none.
	Server string
	// Limits and Idle are those of package http1.
	Limits http1.Limits
	Idle   time.Duration
	// AccessLog has a line written to Output for each request, in the combined log format.
	AccessLog bool
	Output    io.Writer
}

// Configure reads a Config, but for its Files and its Output; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Serve:     s.Choice("serve", ServeText, ServeFiles, ServeEcho),
		Text:      s.Text("text", DefaultText),
		Type:      s.Text("type", DefaultType),
		Root:      s.Text("root", DefaultRoot),
		Index:     strings.Fields(s.Text("index", "index.html")),
		Server:    s.Text("server", "wasmnet"),
		AccessLog: s.Bool("access-log", false),
		Limits: http1.Limits{
			Head:    s.Int("max-head", 16384, 64, 1<<20),
			Headers: s.Int("max-headers", 500, 1, 10_000),
		},
		Idle: s.Duration("idle", http1.DefaultIdleTimeout, time.Second),
	}
	c.Limits.Line = c.Limits.Head
	return c, s.Err()
}

// New returns a factory of servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Serve == ServeFiles && c.Files == nil {
		return nil, errors.New("serve=files: there is no directory to serve")
	}
	if strings.ContainsAny(c.Server+c.Type, "\r\n\x00") {
		return nil, errors.New("server and type: want values of one line")
	}
	if !c.AccessLog || c.Output == nil {
		c.Output = nil
	}
	s := &site{Config: c, text: []byte(c.Text), headers: []byte("Content-Type: " + c.Type + "\r\n")}
	return &http1.Factory{
		Build:       func() http1.Handler { return &visitor{site: s} },
		Limits:      c.Limits,
		IdleTimeout: c.Idle,
		Server:      c.Server,
	}, nil
}

// site is what all connections share.
type site struct {
	Config
	text    []byte
	headers []byte // of the text
}

// visitor answers the requests of one connection.
type visitor struct {
	site    *site
	sending *sender // the file under way
	sender  sender  // what sending points to
	headers []byte  // of the latest file
	buffer  []byte  // for pieces of files
}

var _ http1.Handler = (*visitor)(nil)

// HeadReceived implements [http1.Handler].
func (v *visitor) HeadReceived(q *http1.Request) {
	if v.echoes(q) {
		v.startEcho(q)
	}
}

// BodyReceived implements [http1.Handler]. What nobody asked for is thrown away.
func (v *visitor) BodyReceived(q *http1.Request, data []byte) {
	if v.echoes(q) {
		_, _ = q.Write(data)
	}
}

// RequestReceived implements [http1.Handler].
func (v *visitor) RequestReceived(q *http1.Request) {
	switch method := string(q.Method); {
	case v.echoes(q):
		v.finish(q)
	case method == "OPTIONS":
		v.respond(q, 204, v.allow(), nil)
	case method != "GET" && method != "HEAD":
		v.fail(q, 405, v.allow())
	case v.site.Serve == ServeFiles:
		v.serveFile(q)
	default:
		v.respond(q, 200, v.site.headers, v.site.text)
	}
}

// RequestLost implements [http1.Handler].
func (v *visitor) RequestLost(q *http1.Request, _ error) {
	v.log(q)
	v.endFile()
}

var (
	allowRead = []byte("Allow: GET, HEAD, OPTIONS\r\n")
	allowEcho = []byte("Allow: GET, HEAD, OPTIONS, POST, PUT\r\n")
)

func (v *visitor) allow() []byte {
	if v.site.Serve == ServeEcho {
		return allowEcho
	}
	return allowRead
}

// respond answers with a body that is there.
func (v *visitor) respond(q *http1.Request, code int, headers, body []byte) {
	q.SetStatus(code)
	if v.site.Output == nil {
		q.Respond(code, headers, body)
		return
	}
	if string(q.Method) != "HEAD" && code != 204 && code != 304 {
		v.logLine(q, int64(len(body)))
	} else {
		v.logLine(q, 0)
	}
	q.Respond(code, headers, body)
}

// fail answers with the code and its name.
func (v *visitor) fail(q *http1.Request, code int, headers []byte) {
	headers = append(headers[:len(headers):len(headers)], "Content-Type: text/plain; charset=utf-8\r\n"...)
	v.respond(q, code, headers, []byte(http1.StatusText(code)+"\n"))
}

// finish ends a response that was written piece by piece.
func (v *visitor) finish(q *http1.Request) {
	v.log(q)
	q.Finish()
}
