package http1

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// app is a handler that notes what it is told, and answers as its function says when a request is complete.
type app struct {
	seen   strings.Builder
	answer func(q *Request)
	head   func(q *Request)
	data   func(q *Request, data []byte)
	body   []byte
}

func (a *app) HeadReceived(q *Request) {
	a.body = nil
	if a.head != nil {
		a.head(q)
	}
}

func (a *app) BodyReceived(q *Request, data []byte) {
	a.body = append(a.body, data...)
	if a.data != nil {
		a.data(q, data)
	}
}

func (a *app) RequestReceived(q *Request) {
	fmt.Fprintf(&a.seen, "%s %s %s %q;", q.Method, q.Target, q.Proto(), a.body)
	if a.answer != nil {
		a.answer(q)
	}
}

func (a *app) RequestLost(_ *Request, reason error) { fmt.Fprintf(&a.seen, "lost: %v;", reason) }

func empty(q *Request)  { q.Respond(200, nil, nil) }
func stream(q *Request) { q.Finish() }

// channel makes the protocol that gives its requests to a, without Date.
func channel(a *app, f *Factory) protocol.Protocol {
	f.Build, f.NoDate = func() Handler { return a }, true
	return f.BuildProtocol(nil)
}

const bad = "HTTP/1.1 400 Bad Request\r\n\r\n"

func TestConversations(t *testing.T) {
	const ok, ok10 = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
	const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	const get = "GET / HTTP/1.1 \"\";"
	long := strings.Repeat("x", 16384)
	for _, c := range []struct {
		name, send, want, seen string
		closed                 bool
		answer                 func(q *Request)
		factory                *Factory
	}{
		{name: "one", send: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", want: ok, seen: get},
		{name: "an empty line before it", send: "\r\nGET / HTTP/1.1\r\n\r\n", want: ok, seen: get},
		{name: "two empty lines before it", send: "\r\n\r\nGET / HTTP/1.1\r\n\r\n", want: bad, closed: true},
		{name: "pipelined", send: "GET / HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi\r\nGET / HTTP/1.1\r\n\r\n",
			want: ok + ok + ok, seen: get + "POST /b HTTP/1.1 \"hi\";" + get},
		{name: "1.0", send: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n", want: ok10, seen: "GET / HTTP/1.0 \"\";", closed: true},
		{name: "1.0 without a length", send: "GET / HTTP/1.0\r\n\r\n", want: "HTTP/1.0 200 OK\r\n\r\n", seen: "GET / HTTP/1.0 \"\";", closed: true, answer: stream},
		{name: "close", send: "GET / HTTP/1.1\r\nConnection: x, Close\r\n\r\nGET / HTTP/1.1\r\n\r\n",
			want: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", seen: get, closed: true},
		{name: "without a length", send: "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", want: chunks + chunks, seen: get + get, answer: stream},
		{name: "chunks both ways", send: "PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
			answer: func(q *Request) {
				for _, piece := range []string{"ab", "", "0123456789abcdef"} {
					io.WriteString(q, piece)
				}
				q.Finish()
			},
			want: strings.Repeat("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n", 2),
			seen: "PUT / HTTP/1.1 \"abc0123456789\";" + get},
		{name: "HEAD", send: "HEAD / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", seen: "HEAD / HTTP/1.1 \"\";",
			answer: func(q *Request) { q.Respond(200, nil, []byte("hi")) }},
		{name: "HEAD without a length", send: "HEAD / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 200 OK\r\n\r\n", seen: "HEAD / HTTP/1.1 \"\";", answer: stream},
		{name: "no content", send: "GET / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", seen: get,
			answer: func(q *Request) { q.Respond(204, []byte("A: b\r\n"), []byte("ignored")) }},
		{name: "headers that would end lines", send: "GET / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 299 \r\nA-b: c  D: e\r\nContent-Length: 0\r\n\r\n", seen: get,
			answer: func(q *Request) { q.AddHeader("A b", "c\r\nD: e"); q.Respond(299, nil, nil) }},
		{name: "shorter than it says", send: "GET / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", seen: get, closed: true,
			answer: func(q *Request) { q.SetLength(5); io.WriteString(q, "hi"); q.Finish() }},
		{name: "longer than it says", send: "GET / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nh", seen: get,
			answer: func(q *Request) { q.SetLength(1); io.WriteString(q, "hi"); q.Finish() }},
		{name: "server", send: "GET / HTTP/1.1\r\n\r\n", want: "HTTP/1.1 200 OK\r\nServer: w\r\nContent-Length: 0\r\n\r\n", seen: get, factory: &Factory{Server: "w"}},
		{name: "100", send: "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx", want: "HTTP/1.1 100 Continue\r\n\r\n" + ok, seen: "POST / HTTP/1.1 \"x\";"},
		{name: "100 in 1.0", send: "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx", want: ok10, seen: "POST / HTTP/1.0 \"x\";", closed: true},
		{name: "identity", send: "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", want: ok, seen: "POST / HTTP/1.1 \"x\";"},
		{name: "headers up to the limit", send: "GET / HTTP/1.1\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n", want: ok + bad, seen: get, closed: true,
			factory: &Factory{Limits: Limits{Headers: 1}}},
		{name: "head up to the limit", send: "GET / HTTP/1.1\r\nA: b\r\n\r\nGET / HTTP/1.1\r\nA: bc\r\n\r\n", want: ok + bad, seen: get, closed: true,
			factory: &Factory{Limits: Limits{Head: 18}}},
		{name: "a line up to the limit", send: "GET /" + long[22:] + " HTTP/1.1\r\n\r\n", want: ok, seen: "GET /" + long[22:] + " HTTP/1.1 \"\";"},
		{name: "endless line", send: "GET /" + long, want: bad, closed: true},
		{name: "endless head", send: "GET / HTTP/1.1\r\n" + strings.Repeat("A: "+long[:4000]+"\r\n", 5), want: bad, closed: true},
		{name: "trailers up to the limit", send: "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", want: ok, seen: "PUT / HTTP/1.1 \"\";",
			factory: &Factory{Limits: Limits{Trailers: 6}}},
		{name: "trailers above the limit", send: "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n", want: bad, closed: true,
			seen: "lost: trailers: too long: above 5 bytes;", factory: &Factory{Limits: Limits{Trailers: 5}}},
		{name: "malformed chunk", send: "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab", want: bad, closed: true,
			seen: `lost: malformed chunk: data goes on with "b";`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.answer == nil {
				c.answer = empty
			}
			if c.factory == nil {
				c.factory = &Factory{}
			}
			build := func() (protocol.Protocol, func() string) {
				a := &app{answer: c.answer}
				return channel(a, c.factory), a.seen.String
			}
			reactortest.CheckChunks(t, []byte(c.send), build)
			p, seen := build()
			r := reactortest.Feed(p, []byte(c.send), reactortest.Whole())
			if r.Output != c.want || r.Closed != c.closed || seen() != c.seen {
				t.Errorf("%v, seen %.100q\nwant %q, closed %v, seen %.100q", r, seen(), c.want, c.closed, c.seen)
			}
		})
	}
}

// What two parsers could read in two ways is refused, and what follows it is not looked at.
func TestSmuggling(t *testing.T) {
	const get = "GET / HTTP/1.1\r\n"
	for _, send := range []string{
		get + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
		get + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
		get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
		get + "Content-Length: 1\r\ncontent-length: 1\r\n\r\n",
		get + "Content-Length: 1, 1\r\n\r\n",
		get + "Content-Length: +1\r\n\r\n",
		get + "Content-Length: -1\r\n\r\n",
		get + "Content-Length: 0x1\r\n\r\n",
		get + "Content-Length: 1_0\r\n\r\n",
		get + "Content-Length: 1 1\r\n\r\n",
		get + "Content-Length: \r\n\r\n",
		get + "Content-Length: \xd9\xa1\r\n\r\n",
		get + "Content-Length: 99999999999999999999\r\n\r\n",
		get + "Transfer-Encoding: gzip, chunked\r\n\r\n",
		get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		get + "Transfer-Encoding: \x0bchunked\r\n\r\n",
		get + "Transfer-Encoding: chunked,\r\n\r\n",
		get + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n\r\n",
		get + "Transfer-Encoding : chunked\r\n\r\n",
		get + "A b: c\r\n\r\n",
		get + "A\x00: c\r\n\r\n",
		get + "A: b\x00c\r\n\r\n",
		get + "A: b\rc\r\n\r\n",
		get + "A: b\nC: d\r\n\r\n",
		get + "A: b\n\n",
		get + " A: b\r\n\r\n",
		get + "\tb\r\n\r\n",
		get + ": b\r\n\r\n",
		get + "A\r\n\r\n",
		get + "A\r\n : b\r\n\r\n",
		get + "H\xc3\xa9: b\r\n\r\n",
		get + "Host: a\r\nhost: b\r\n\r\n",
		"GET / HTTP/1.1\nHost: a\n\n",
		"GET  / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1 \r\n\r\n",
		" GET / HTTP/1.1\r\n\r\n",
		"GET /\tHTTP/1.1\r\n\r\n",
		"GET / a HTTP/1.1\r\n\r\n",
		"GET /\r\n\r\n",
		"GET\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n",
		"G(T / HTTP/1.1\r\n\r\n",
		"GET /\x7f HTTP/1.1\r\n\r\n",
		"GET /\x80 HTTP/1.1\r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.10\r\n\r\n",
		"GET / http/1.1\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\x00\n",
	} {
		build := func() (protocol.Protocol, func() string) {
			a := &app{answer: empty}
			return channel(a, &Factory{}), a.seen.String
		}
		send += "GET /smuggled HTTP/1.1\r\n\r\n"
		reactortest.CheckChunks(t, []byte(send), build)
		p, seen := build()
		if r := reactortest.Feed(p, []byte(send), reactortest.Whole()); r.Output != bad || !r.Closed || seen() != "" {
			t.Errorf("%q: %v, seen %q", send, r, seen())
		}
	}
}

func TestOneRequestAtATime(t *testing.T) {
	var waiting []*Request
	a := &app{answer: func(q *Request) { waiting = append(waiting, q) }}
	p, tr := channel(a, &Factory{}), reactortest.NewStringTransport()
	p.ConnectionMade(tr)
	get := "GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 1000) + "\r\n\r\n"
	p.DataReceived([]byte(strings.Repeat(get, 10)))
	if len(waiting) != 1 || tr.ReadingPaused() {
		t.Fatalf("%d requests in progress, reading paused: %v", len(waiting), tr.ReadingPaused())
	}
	p.DataReceived([]byte(strings.Repeat(get, 10)))
	if len(waiting) != 1 || !tr.ReadingPaused() {
		t.Fatalf("%d requests in progress, reading paused: %v", len(waiting), tr.ReadingPaused())
	}
	for i := range 20 {
		if len(waiting) != i+1 {
			t.Fatalf("%d requests after %d answers", len(waiting), i)
		}
		waiting[i].Respond(200, nil, []byte{'a' + byte(i)})
		if want := "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + string(rune('a'+i)); tr.Take() != want {
			t.Fatalf("answer %d is not %q", i, want)
		}
	}
	if tr.ReadingPaused() {
		t.Error("reading does not go on")
	}
	waiting[0].Finish()
	if _, err := waiting[0].Write([]byte("x")); !errors.Is(err, ErrFinished) || tr.Output() != "" {
		t.Errorf("a write after the end: %v, sent %q", err, tr.Output())
	}
}

func TestIdleTimeouts(t *testing.T) {
	for _, c := range []struct {
		name, send, want string
		drip             string // sent every 40 seconds
		after            time.Duration
	}{
		{"nothing", "", "", "", time.Minute},
		{"half a head", "GET / HTTP/1.1\r\n", "", "", time.Minute},
		{"a head that drips", "GET / HTTP/1.1\r\nA: ", "", "x", time.Minute},
		{"half a body", "PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", "lost: connection was idle too long;", "", time.Minute},
		{"a body that drips", "PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\n", "lost: connection was idle too long;", "x", 2 * time.Minute},
		{"after an answer", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \"\";", "", time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &app{answer: empty}
			p, tr := channel(a, &Factory{}), reactortest.NewStringTransport()
			p.ConnectionMade(tr)
			p.DataReceived([]byte(c.send))
			var passed time.Duration
			drips := 0
			for ; !tr.Disconnecting() && passed < time.Hour; passed += time.Second {
				if c.drip != "" && passed%(40*time.Second) == 0 && drips < 4 {
					if drips++; drips < 4 {
						p.DataReceived([]byte(c.drip))
					}
				}
				tr.Clock.Advance(time.Second)
			}
			if passed < c.after || passed > c.after+40*time.Second || a.seen.String() != c.want {
				t.Errorf("closed after %v, want about %v; seen %q", passed, c.after, a.seen.String())
			}
			tr.Clock.Advance(DefaultAbortTimeout)
			if !tr.Aborted() {
				t.Error("a connection that does not close is not aborted")
			}
		})
	}
}

func TestHandlerMayTakeItsTime(t *testing.T) {
	var q *Request
	a := &app{answer: func(r *Request) { q = r }}
	p, tr := channel(a, &Factory{}), reactortest.NewStringTransport()
	p.ConnectionMade(tr)
	p.DataReceived([]byte("GET / HTTP/1.1\r\n\r\n"))
	tr.Clock.Advance(time.Hour)
	if tr.Disconnecting() {
		t.Fatal("closed while the handler was at work")
	}
	q.Respond(200, nil, nil)
	tr.Clock.Advance(59 * time.Second)
	if tr.Disconnecting() {
		t.Error("closed as if it had been idle")
	}
	tr.Clock.Advance(time.Hour)
	if !tr.Disconnecting() {
		t.Error("not closed")
	}
	p.ConnectionLost(protocol.ErrConnectionDone)
	if n := tr.Clock.Pending(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}
