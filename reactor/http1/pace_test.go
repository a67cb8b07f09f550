package http1

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// dialogue connects a to a peer whose bytes it is given whole.
func dialogue(t *testing.T, a *app) (*reactortest.Pair, *reactortest.Recorder) {
	t.Helper()
	peer := &reactortest.Recorder{}
	pair := reactortest.NewPair(peer, channel(a, &Factory{}))
	t.Cleanup(pair.Close)
	return pair, peer
}

func TestBodyWaitsForItsHandler(t *testing.T) {
	var q *Request
	a := &app{answer: empty}
	a.head = func(r *Request) { q = r }
	a.data = func(r *Request, data []byte) { r.PauseReading() }
	p, tr := channel(a, &Factory{}), reactortest.NewStringTransport()
	p.ConnectionMade(tr)
	p.DataReceived([]byte("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"))
	if string(a.body) != "a" || !tr.ReadingPaused() {
		t.Fatalf("body %q, reading paused: %v", a.body, tr.ReadingPaused())
	}
	q.ResumeReading()
	if string(a.body) != "ab" || !tr.ReadingPaused() {
		t.Fatalf("body %q, reading paused: %v", a.body, tr.ReadingPaused())
	}
	q.ResumeReading()
	if tr.ReadingPaused() || !strings.Contains(a.seen.String(), `"ab"`) {
		t.Errorf("seen %q, reading paused: %v", a.seen.String(), tr.ReadingPaused())
	}
}

func TestAnswerBeforeTheBody(t *testing.T) {
	const no = "HTTP/1.1 413 Content Too Large\r\n%sContent-Length: 0\r\n\r\n"
	for _, c := range []struct {
		name, send, want string
		closed           bool
	}{
		{"short body", "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloPUT / HTTP/1.1\r\n\r\n", fmt.Sprintf(no+no, "", ""), false},
		{"long body", "PUT / HTTP/1.1\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("x", 300_000), fmt.Sprintf(no, ""), true},
		{"tiny chunks", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 50_000), fmt.Sprintf(no, ""), true},
		{"malformed rest", "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx", fmt.Sprintf(no, ""), true},
		{"the client waits for 100", "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", fmt.Sprintf(no, "Connection: close\r\n"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &app{head: func(q *Request) { q.Respond(413, nil, nil) }}
			r := reactortest.Feed(channel(a, &Factory{}), []byte(c.send), reactortest.Whole())
			if r.Output != c.want || r.Closed != c.closed || a.seen.String() != "" {
				t.Errorf("%v, seen %q", r, a.seen.String())
			}
		})
	}
}

func TestPeerThatDoesNotReadIsNotServedOn(t *testing.T) {
	big := make([]byte, 10_000)
	served := 0
	a := &app{answer: func(q *Request) {
		served++
		q.Respond(200, nil, big)
	}}
	pair, peer := dialogue(t, a)
	pair.HardCap = math.MaxInt
	pair.Client.PauseReading()
	pair.Client.Write([]byte(strings.Repeat("GET / HTTP/1.1\r\n\r\n", 1000)))
	pair.Settle()
	if served < 6 || served > 60 {
		t.Fatalf("%d requests were served to a peer that reads nothing", served)
	}
	pair.Client.ResumeReading()
	pair.Settle()
	if served != 1000 || len(peer.Received) < 1000*len(big) {
		t.Errorf("%d requests served, %d bytes came", served, len(peer.Received))
	}
}

func TestHalfClose(t *testing.T) {
	var waiting []*Request
	a := &app{answer: func(q *Request) { waiting = append(waiting, q) }}
	pair, peer := dialogue(t, a)
	pair.Client.Write([]byte("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HT"))
	pair.Client.LoseWriteConnection()
	pair.Settle()
	for i := range 2 {
		if pair.Server.Disconnecting() || len(waiting) != i+1 {
			t.Fatalf("closed: %v, %d requests", pair.Server.Disconnecting(), len(waiting))
		}
		waiting[i].Respond(200, nil, []byte("x"))
		pair.Settle()
	}
	if !pair.Server.Disconnecting() || strings.Count(string(peer.Received), "\r\n\r\nx") != 2 {
		t.Errorf("closed: %v, received %q", pair.Server.Disconnecting(), peer.Received)
	}
}

func TestHalfCloseInABody(t *testing.T) {
	a := &app{}
	pair, _ := dialogue(t, a)
	pair.Client.Write([]byte("PUT /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nx"))
	pair.Client.LoseWriteConnection()
	pair.Settle()
	if want := "lost: connection was closed cleanly;"; a.seen.String() != want {
		t.Errorf("seen %q, want %q", a.seen.String(), want)
	}
}

// endless is a pull producer that never comes to an end.
type endless struct {
	q       *Request
	stopped bool
}

func (e *endless) ResumeProducing() { e.q.Write(make([]byte, 1000)) }
func (e *endless) PauseProducing()  {}
func (e *endless) StopProducing()   { e.stopped = true }

func TestProducerOfALostRequest(t *testing.T) {
	e := &endless{}
	a := &app{}
	a.answer = func(q *Request) {
		e.q = q
		if err := q.RegisterProducer(e, false); err != nil {
			t.Error(err)
		}
		if err := q.RegisterProducer(e, false); err != protocol.ErrProducerRegistered {
			t.Errorf("a second producer: %v", err)
		}
	}
	pair, peer := dialogue(t, a)
	pair.Client.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	for range 100 {
		pair.Turn()
	}
	pair.Client.AbortConnection()
	pair.Settle()
	if !e.stopped || !strings.Contains(a.seen.String(), "lost: ") || len(peer.Received) < 2000 {
		t.Errorf("stopped: %v, seen %q, received %d bytes", e.stopped, a.seen.String(), len(peer.Received))
	}
}

// A request costs no allocation once a connection has seen one like it.
func TestNoAllocation(t *testing.T) {
	headers, body := []byte("Content-Type: text/plain\r\n"), []byte("hello\n")
	f := Factory{Build: func() Handler {
		return HandlerFunc(func(q *Request) { q.Respond(200, headers, body) })
	}}
	p, tr := f.BuildProtocol(nil), reactortest.NewStringTransport()
	p.ConnectionMade(tr)
	request := []byte("GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
	upload := []byte("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	serve := func() {
		p.DataReceived(request)
		p.DataReceived(upload)
		if !strings.HasSuffix(tr.Take(), "\r\n\r\nhello\n") {
			t.Fatal("no answer")
		}
	}
	serve()
	// Take makes the one string.
	if n := testing.AllocsPerRun(100, serve); n > 1 {
		t.Errorf("%v allocations for two requests", n-1)
	}
}

func TestFixedAnswerIsOneWrite(t *testing.T) {
	w := &writes{StringTransport: reactortest.NewStringTransport()}
	p := channel(&app{answer: func(q *Request) { q.Respond(200, nil, []byte("x")) }}, &Factory{})
	p.ConnectionMade(w)
	p.DataReceived([]byte(strings.Repeat("GET / HTTP/1.1\r\n\r\n", 20)))
	if w.n != 1 || strings.Count(w.Output(), "200 OK") != 20 {
		t.Errorf("%d writes for 20 pipelined requests", w.n)
	}
}

type writes struct {
	*reactortest.StringTransport
	n int
}

func (w *writes) Write(p []byte) (int, error) { w.n++; return w.StringTransport.Write(p) }

var _ io.Writer = (*Request)(nil)

// What a guest's image holds is used by one connection, and is enough for a request.
func TestChannelMadeBeforeItsConnection(t *testing.T) {
	headers, body := []byte("Content-Type: text/plain\r\n"), []byte("hello\n")
	f := &Factory{Build: func() Handler {
		return HandlerFunc(func(q *Request) { q.Respond(200, headers, body) })
	}}
	if err := f.StartFactory(); err != nil {
		t.Fatal(err)
	}
	first, second := f.BuildProtocol(nil), f.BuildProtocol(nil)
	if first == second {
		t.Fatal("two connections have one channel")
	}
	request := []byte("GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
	c := first.(*Channel)
	c.ConnectionMade(discarding{reactortest.NewStringTransport()})
	// Not AllocsPerRun, which calls once before it counts.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.DataReceived(request)
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n > 2 {
		t.Errorf("the first request allocates %d times", n)
	}
}

// discarding is a transport that forgets what is written.
type discarding struct{ *reactortest.StringTransport }

func (discarding) Write(p []byte) (int, error) { return len(p), nil }
