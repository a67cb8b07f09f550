package httpclient

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// server answers every request with what it has for the request line, and notes what it was sent.
type server struct {
	reactor  *reactortest.Reactor
	answers  map[string]string
	requests []string
	keep     bool // leave connections open after the answer
}

func newServer(t *testing.T, answers map[string]string) *server {
	t.Helper()
	s := &server{reactor: reactortest.NewReactor(), answers: answers}
	s.reactor.Hosts["example.com"] = []string{"192.0.2.1"}
	s.reactor.Hosts["other.example"] = []string{"192.0.2.2"}
	f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &serverProtocol{server: s} })
	for _, endpoint := range []string{"tcp:80:interface=192.0.2.1", "tcp:80:interface=192.0.2.2"} {
		if _, err := s.reactor.Listen(endpoint, f); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

type serverProtocol struct {
	protocol.Base
	server *server
	got    string
}

func (p *serverProtocol) DataReceived(data []byte) {
	p.got += string(data)
	line, _, _ := strings.Cut(p.got, "\r\n")
	answer, known := p.server.answers[line]
	if !strings.Contains(p.got, "\r\n\r\n") || !known && !strings.Contains(p.got, "the end") {
		return
	}
	p.server.requests = append(p.server.requests, p.got)
	p.Transport.Write([]byte(answer))
	if !p.server.keep {
		p.Transport.LoseConnection()
	}
}

// outcome runs the reactor until nothing moves, and returns what came of d.
func outcome[T any](t *testing.T, r *reactortest.Reactor, d *deferred.Deferred[T]) (value T, err error) {
	t.Helper()
	called := false
	d.Handle(func(v T, e error) { value, err, called = v, e, true })
	r.Settle()
	if !called {
		t.Fatal("no outcome")
	}
	return value, err
}

func TestBodies(t *testing.T) {
	for _, c := range []struct{ name, answer, body string }{
		{"of a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "hello"},
		{"of a length given twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "hi"},
		{"of no length", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
		{"until the end", "HTTP/1.0 200 OK\r\n\r\nhello\r\n\r\n", "hello\r\n\r\n"},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nA: b\r\n\r\n", "hello world"},
		{"in chunks, despite a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n", "a"},
		{"after interim responses", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"},
		{"with bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"},
		{"without a reason", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"},
		{"of a 204", "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", ""},
	} {
		for _, size := range []int{1, 3, 100_000} {
			t.Run(fmt.Sprintf("%s/%d", c.name, size), func(t *testing.T) {
				s := newServer(t, map[string]string{"GET /a?b=c HTTP/1.1": c.answer})
				s.reactor.Chunks = reactortest.Sizes(size)
				page, err := outcome(t, s.reactor, GetPage(s.reactor, "http://example.com/a?b=c#d"))
				if err != nil || string(page) != c.body {
					t.Errorf("%q, %v, want %q", page, err, c.body)
				}
				want := "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nUser-Agent: wasmnet\r\nConnection: close\r\n\r\n"
				if len(s.requests) != 1 || s.requests[0] != want {
					t.Errorf("requests %q, want %q", s.requests, want)
				}
			})
		}
	}
}

// sink is a Receiver that keeps what it is given.
type sink struct {
	head   *Response
	body   []byte
	refuse error
}

func (s *sink) HeadReceived(a *Response) error { s.head = a; return nil }
func (s *sink) BodyReceived(data []byte) error { s.body = append(s.body, data...); return s.refuse }

func TestStream(t *testing.T) {
	s := newServer(t, map[string]string{
		"GET / HTTP/1.1":     "HTTP/1.1 302 x\r\nLocation: /end\r\nContent-Length: 3\r\n\r\nnot",
		"GET /end HTTP/1.1":  "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + strings.Repeat("x", 20),
		"GET /slow HTTP/1.1": "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nx",
	})
	client := &Client{MaxBody: 10, IdleTimeout: time.Second}
	var got sink
	a, err := outcome(t, s.reactor, client.Stream(s.reactor, &Request{URL: "http://example.com/"}, &got))
	if err != nil || a != got.head || a.Body != nil || len(got.body) != 20 || a.Length != 20 || a.URL != "http://example.com/end" {
		t.Errorf("%+v, %v, streamed %q", a, err, got.body)
	}
	full := errors.New("disk is full")
	_, err = outcome(t, s.reactor, client.Stream(s.reactor, &Request{URL: "http://example.com/end"}, &sink{refuse: full}))
	if !errors.Is(err, full) {
		t.Errorf("a receiver that refuses: %v", err)
	}
	s.keep = true
	slow := client.Stream(s.reactor, &Request{URL: "http://example.com/slow"}, &sink{})
	s.reactor.Settle()
	s.reactor.Advance(time.Second)
	if _, err = outcome(t, s.reactor, slow); !errors.Is(err, protocol.ErrIdle) || !strings.Contains(err.Error(), "after 1 bytes of the body") {
		t.Errorf("a server that stops: %v", err)
	}
	if n := len(s.reactor.Connections()); n != 0 {
		t.Errorf("%d ends of connections are open", n)
	}
}

func TestResponseIsCompleteBeforeTheConnectionEnds(t *testing.T) {
	s := newServer(t, map[string]string{"GET / HTTP/1.1": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"})
	s.keep = true
	if page, err := outcome(t, s.reactor, GetPage(s.reactor, "http://example.com")); err != nil || string(page) != "ok" {
		t.Errorf("%q, %v", page, err)
	}
	if n := len(s.reactor.Connections()); n != 0 {
		t.Errorf("%d ends of connections are open", n)
	}
}

func TestWrongResponses(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct{ name, answer, want string }{
		{"nothing", "", "after the request: connection was closed cleanly"},
		{"half a head", ok + "A: b", "after 21 bytes of the head: connection was closed cleanly"},
		{"half a body", ok + "Content-Length: 5\r\n\r\nhe", "after 2 bytes of the body: connection was closed cleanly"},
		{"half a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhe", "after 2 bytes of the body: connection was closed cleanly"},
		{"another protocol", "220 smtp ready\r\n\r\n", `malformed status line "220 smtp ready"`},
		{"HTTP/2", "HTTP/2 200 OK\r\n\r\n", `malformed status line "HTTP/2 200 OK"`},
		{"status", "HTTP/1.1 99 OK\r\n\r\n", `malformed status line "HTTP/1.1 99 OK"`},
		{"header", ok + "no colon\r\n\r\n", `malformed header "no colon"`},
		{"lengths that differ", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", `malformed header: Content-Length, once more: "2"`},
		{"signed length", ok + "Content-Length: +1\r\n\r\na", `malformed header: Content-Length: "+1"`},
		{"endless length", ok + "Content-Length: 99999999999999999999\r\n\r\na", `malformed header: Content-Length: "99999999999999999999"`},
		{"long length", ok + "Content-Length: 11\r\n\r\na", "body: response is too large: above 10 bytes"},
		{"long remainder", ok + "\r\n12345678901", "body: response is too large: above 10 bytes"},
		{"long chunk", ok + "Transfer-Encoding: chunked\r\n\r\nb\r\nhello world", "body: response is too large: above 10 bytes"},
		{"chunk size", ok + "Transfer-Encoding: chunked\r\n\r\nx\r\n", `malformed chunk: size "x"`},
		{"negative chunk", ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", `malformed chunk: size "-"`},
		{"chunk longer than it says", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", `malformed chunk: data goes on with "b"`},
		{"chunk line", ok + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 2000), "chunk: size line: too long: above 1024 bytes"},
		{"coding", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n", `malformed header: Transfer-Encoding: "gzip, chunked"`},
		{"coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", `malformed header: Transfer-Encoding: "chunked"`},
		{"endless head", ok + strings.Repeat("A: b\r\n", 20_000), "head: too long: above 65536 bytes"},
		{"endless interim responses", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 20), `malformed sequence of responses: interim "102 Processing"`},
		{"switch", "HTTP/1.1 101 Switching Protocols\r\n\r\n", `malformed sequence of responses: interim "101 Switching Protocols"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, map[string]string{"GET / HTTP/1.1": c.answer})
			client := &Client{MaxBody: 10}
			_, err := outcome(t, s.reactor, client.GetPage(s.reactor, "http://example.com/"))
			if want := "GET http://example.com/: " + c.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if n := len(s.reactor.Connections()); n != 0 {
				t.Errorf("%d ends of connections are open", n)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	s := newServer(t, map[string]string{"GET / HTTP/1.1": "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone"})
	_, err := outcome(t, s.reactor, GetPage(s.reactor, "http://example.com/"))
	var status *StatusError
	if !errors.As(err, &status) || err.Error() != "GET http://example.com/: answered 404 Not Found" ||
		string(status.Response.Body) != "none" || status.Response.StatusCode != 404 {
		t.Errorf("error %v", err)
	}
	a, err := outcome(t, s.reactor, new(Client).Get(s.reactor, "http://example.com/"))
	if err != nil || a.StatusCode != 404 || a.Header.Get("content-length") != "4" || a.Proto != "HTTP/1.1" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestRedirects(t *testing.T) {
	to := func(status, location string) string {
		return "HTTP/1.1 " + status + " x\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n"
	}
	s := newServer(t, map[string]string{
		"GET / HTTP/1.1":       to("302", "next"),
		"GET /next HTTP/1.1":   to("301", "http://other.example/end?x"),
		"GET /end?x HTTP/1.1":  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone",
		"GET /loop HTTP/1.1":   to("307", "/loop"),
		"GET /ftp HTTP/1.1":    to("302", "ftp://example.com/"),
		"GET /none HTTP/1.1":   "HTTP/1.1 302 x\r\nContent-Length: 2\r\n\r\nno",
		"POST /form HTTP/1.1":  to("303", "/end?x"),
		"POST /again HTTP/1.1": to("308", "/last"),
		"POST /last HTTP/1.1":  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	})
	r := s.reactor
	header := Header{"Authorization": {"secret"}, "Accept": {"*/*"}}
	a, err := outcome(t, r, new(Client).Do(r, &Request{URL: "http://example.com/", Header: header}))
	if err != nil || string(a.Body) != "done" || a.URL != "http://other.example/end?x" {
		t.Errorf("%+v, %v", a, err)
	}
	if len(s.requests) != 3 || !strings.Contains(s.requests[1], "secret") || strings.Contains(s.requests[2], "secret") ||
		!strings.Contains(s.requests[2], "Accept: */*\r\n") || !strings.Contains(s.requests[2], "Host: other.example\r\n") {
		t.Errorf("requests %q", s.requests)
	}
	for address, want := range map[string]string{
		"http://example.com/loop": `redirected once more to "/loop"`,
		"http://example.com/ftp":  `redirected to "ftp://example.com/": scheme "ftp": want http or https`,
	} {
		if _, err := outcome(t, r, GetPage(r, address)); err == nil || err.Error() != "GET "+address+": "+want {
			t.Errorf("%s: %v", address, err)
		}
	}
	if a, err := outcome(t, r, new(Client).Get(r, "http://example.com/none")); err != nil || a.StatusCode != 302 {
		t.Errorf("a redirect without a location: %v, %v", a, err)
	}
	stay := &Client{MaxRedirects: -1}
	if a, err := outcome(t, r, stay.Get(r, "http://example.com/")); err != nil || a.StatusCode != 302 {
		t.Errorf("no redirects wanted: %v, %v", a, err)
	}
	s.requests = nil
	post := &Request{Method: "POST", Body: []byte("x=y"), Header: Header{"Content-Type": {"text/plain"}}}
	post.URL = "http://example.com/form"
	outcome(t, r, new(Client).Do(r, post))
	post.URL = "http://example.com/again"
	outcome(t, r, new(Client).Do(r, post))
	if len(s.requests) != 4 || strings.Contains(s.requests[1], "Content") || !strings.HasSuffix(s.requests[3], "\r\n\r\nx=y") {
		t.Errorf("requests %q", s.requests)
	}
}

func TestLongBodyIsSent(t *testing.T) {
	s := newServer(t, map[string]string{})
	body := strings.Repeat("x", 3<<20) + "the end"
	client := &Client{}
	_, err := outcome(t, s.reactor, client.Do(s.reactor, &Request{Method: "PUT", URL: "http://u:p@example.com/", Body: []byte(body)}))
	if err == nil || len(s.requests) != 1 {
		t.Fatalf("error %v, %d requests", err, len(s.requests))
	}
	head, sent, _ := strings.Cut(s.requests[0], "\r\n\r\n")
	if sent != body || !strings.Contains(head, "\r\nContent-Length: 3145735\r\n") || !strings.Contains(head, "\r\nAuthorization: Basic dTpw\r\n") {
		t.Errorf("head %q, body of %d bytes, want %d", head, len(sent), len(body))
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	r := reactortest.NewReactor()
	for _, c := range []struct {
		q    Request
		want string
	}{
		{Request{URL: "example.com"}, `GET example.com: scheme "": want http or https`},
		{Request{URL: "http:///x"}, "GET http:///x: no host"},
		{Request{URL: "http://a b/"}, `GET http://a b/: parse "http://a b/": invalid character " " in host name`},
		{Request{URL: "http://a/", Method: "GET /\r\n"}, "GET /\r\n http://a/: method \"GET /\\r\\n\": not a token"},
		{Request{URL: "http://a/", Header: Header{"A": {"b\r\nC: d"}}}, `GET http://a/: header A: "b\r\nC: d" holds a control character`},
		{Request{URL: "http://a/", Header: Header{"A b": {"c"}}}, `GET http://a/: header "A b": not a name that can be set`},
		{Request{URL: "http://a/", Header: Header{"Host": {"c"}}}, `GET http://a/: header "Host": not a name that can be set`},
	} {
		if _, err := outcome(t, r, new(Client).Do(r, &c.q)); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestConnectionFails(t *testing.T) {
	s := newServer(t, nil)
	_, err := outcome(t, s.reactor, GetPage(s.reactor, "http://example.com:81/"))
	if !errors.Is(err, protocol.ErrConnectionRefused) || !strings.HasPrefix(err.Error(), "GET http://example.com:81/: ") {
		t.Errorf("refused: %v", err)
	}
	if _, err = outcome(t, s.reactor, GetPage(s.reactor, "http://nowhere.example/")); !errors.Is(err, protocol.ErrDNSLookup) {
		t.Errorf("no such name: %v", err)
	}
	if len(s.reactor.Unhandled) > 0 {
		t.Errorf("unhandled: %v", s.reactor.Unhandled)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	s := newServer(t, nil)
	s.keep = true
	client := &Client{Timeout: 5 * time.Second}
	slow := client.GetPage(s.reactor, "http://example.com/never")
	s.reactor.Settle()
	if slow.Called() {
		t.Fatal("an outcome without an answer")
	}
	s.reactor.Advance(5 * time.Second)
	_, err := outcome(t, s.reactor, slow)
	var timeout *deferred.TimeoutError
	if !errors.As(err, &timeout) || !errors.Is(err, protocol.ErrTimeout) {
		t.Errorf("error %v", err)
	}
	d := GetPage(s.reactor, "http://example.com/never")
	s.reactor.Settle()
	d.Cancel()
	early := GetPage(s.reactor, "http://example.com/never")
	early.Cancel()
	for _, d := range []*deferred.Deferred[[]byte]{d, early} {
		if _, err := outcome(t, s.reactor, d); !errors.Is(err, deferred.ErrCancelled) {
			t.Errorf("error %v", err)
		}
	}
	if n := len(s.reactor.Connections()); n != 0 {
		t.Errorf("%d ends of connections are open", n)
	}
	if n := s.reactor.Pending(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
}

func TestEndpoints(t *testing.T) {
	c := &Client{TLS: "trustRoots=ca.pem"}
	for address, want := range map[string]string{
		"http://example.com":       "tcp:example.com:80",
		"http://example.com:8080/": "tcp:example.com:8080",
		"https://example.com/":     "tls:example.com:443:trustRoots=ca.pem",
		"http://[::1]:8080/":       `tcp:\:\:1:8080`,
	} {
		u, err := parseURL(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.endpoint(u); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
