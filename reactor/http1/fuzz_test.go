package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// readRequest feeds input in pieces of size and returns the head, the body, and how many bytes they take. ok is false for
// a request that is refused or not complete.
func readRequest(input []byte, size int) (p *RequestParser, body []byte, n int, ok bool) {
	p = NewRequestParser(Limits{})
	var b Body
	inBody := false
	for n < len(input) {
		data := input[n:min(n+size, len(input))]
		if !inBody {
			m, done, err := p.Parse(data)
			n += m
			if err != nil {
				return p, nil, n, false
			}
			if !done {
				continue
			}
			inBody = true
			b.SetLength(p.Request().Length)
			if p.Request().Chunked {
				b.SetChunked(Limits{})
			}
		} else {
			piece, m, err := b.Next(data)
			n += m
			body = append(body, piece...)
			if err != nil {
				return p, nil, n, false
			}
		}
		if b.Done() {
			return p, body, n, true
		}
	}
	return p, body, n, false
}

func describe(q *RequestHead) string {
	s := fmt.Sprintf("%q %q %d %d %v %v %v", q.Method, q.Target, q.Minor, q.Length, q.Chunked, q.Close, q.Continue)
	for _, f := range q.Fields {
		s += fmt.Sprintf(" %q=%q", f.Name, f.Value)
	}
	return s
}

// FuzzRequest: pieces of any size give the same, and what is taken, package net/http reads in the same way if it
// takes it.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"\r\nPOST /a?b HTTP/1.0\r\nContent-Length: 3\r\nA: b\r\n c\r\n\r\nxyzGET",
		"PUT * HTTP/1.1\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: u\r\n\r\n",
		"GET http://a/b HTTP/1.1\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n",
		"G\x00T / HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		p, body, n, ok := readRequest(input, len(input)+1)
		for _, size := range []int{1, 3} {
			p2, body2, n2, ok2 := readRequest(input, size)
			if ok != ok2 || ok && (n != n2 || !bytes.Equal(body, body2) || describe(p.Request()) != describe(p2.Request())) {
				t.Fatalf("whole: %v %d %q; in pieces of %d: %v %d %q", ok, n, body, size, ok2, n2, body2)
			}
		}
		// Net/http does not know chunks in HTTP/1.0. We do, as Twisted does; the connection ends with the response, as
		// RFC 9112, section 6.1, asks.
		if q := p.Request(); ok && (q.Minor == 1 || !q.Chunked) {
			compare(t, input, p.Request(), body, n)
		}
	})
}

// compare holds what was read against package net/http.
func compare(t *testing.T, input []byte, q *RequestHead, body []byte, n int) {
	r := bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(input, []byte("\r\n"))))
	std, err := http.ReadRequest(r)
	if err != nil {
		return // it knows URLs, and refuses some that name nothing
	}
	stdBody, err := io.ReadAll(std.Body)
	if err != nil {
		return
	}
	if std.Method != string(q.Method) || std.RequestURI != string(q.Target) || std.Proto != q.Proto() || !bytes.Equal(stdBody, body) {
		t.Fatalf("%s %s %s %q, net/http reads %s %s %s %q", q.Method, q.Target, q.Proto(), body, std.Method, std.RequestURI, std.Proto, stdBody)
	}
	seen := map[string]int{}
	for _, f := range q.Fields {
		key := http.CanonicalHeaderKey(string(f.Name))
		values := std.Header[key]
		if key == "Host" || key == "Transfer-Encoding" || key == "Trailer" {
			continue // net/http moves them
		}
		if seen[key] >= len(values) || strings.Join(strings.Fields(values[seen[key]]), " ") != strings.Join(strings.Fields(string(f.Value)), " ") {
			t.Fatalf("header %s: %q, net/http reads %q", key, f.Value, values)
		}
		seen[key]++
	}
	// Where the next request begins is what smuggling is about.
	if rest, _ := io.ReadAll(r); len(rest) != len(input)-n {
		t.Fatalf("the next request begins with %.40q, for net/http with %.40q", input[n:], rest)
	}
}

// FuzzResponse: pieces of any size give the same.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.0 404\nA: b\n\trest\n\n"))
	f.Add([]byte("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		read := func(size int) string {
			p := NewResponseParser(Limits{})
			for n := 0; n < len(input); {
				m, done, err := p.Parse(input[n:min(n+size, len(input))])
				if n += m; err != nil {
					return "refused"
				}
				if done {
					var b Body
					err := p.Frame("GET", &b)
					a := p.Response()
					return fmt.Sprintf("%d %q %d %q %v %v", a.Minor, a.Status, a.Code, a.Fields, b, err)
				}
			}
			return "not complete"
		}
		whole := read(len(input) + 1)
		for _, size := range []int{1, 3} {
			if pieces := read(size); pieces != whole {
				t.Errorf("whole: %s\nin pieces of %d: %s", whole, size, pieces)
			}
		}
	})
}

// FuzzChunks: what is complete, the standard library decodes to the same bytes, and ends at the same place.
func FuzzChunks(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"))
	f.Add([]byte("1;a=b\r\nx\r\n00\r\nTrailer: y\r\n\r\nrest"))
	f.Add([]byte("7fffffffffffffff\r\n"))
	f.Add([]byte("2\r\n\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		decode := func(size int) (body []byte, n int, d ChunkedDecoder, err error) {
			for n < len(input) && err == nil && !d.Done() {
				var piece []byte
				var m int
				piece, m, err = d.Next(input[n:min(n+size, len(input))])
				body, n = append(body, piece...), n+m
			}
			return body, n, d, err
		}
		body, n, d, err := decode(len(input) + 1)
		for _, size := range []int{1, 3} {
			body2, n2, d2, err2 := decode(size)
			if !bytes.Equal(body, body2) || n != n2 || d.Done() != d2.Done() || fmt.Sprint(err) != fmt.Sprint(err2) {
				t.Fatalf("whole: %q %d %v %v; in pieces of %d: %q %d %v %v", body, n, d.Done(), err, size, body2, n2, d2.Done(), err2)
			}
		}
		if !d.Done() || err != nil {
			return
		}
		std, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(input)))
		if err == nil && !bytes.Equal(body, std) {
			t.Errorf("%q, the standard library has %q", body, std)
		}
		var again ChunkedDecoder
		encoded := append(AppendChunk(nil, body), LastChunk...)
		for data := encoded; !again.Done(); {
			piece, m, err := again.Next(data)
			if err != nil || !bytes.HasPrefix(body, piece) {
				t.Fatalf("%q encoded is %q, which is read as %q, %v", body, encoded, piece, err)
			}
			body, data = body[len(piece):], data[m:]
		}
	})
}

// FuzzChannel: whatever comes, in whatever pieces, the same is answered, and the handler hears of the end of every
// request that it heard of.
func FuzzChannel(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\nPUT /x HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET / HTTP/1.0\r\n\r\n"))
	f.Add([]byte("PUT /early HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		run := func(chunks reactortest.Chunks) string {
			open := 0
			a := &app{}
			a.head = func(q *Request) {
				if open++; bytes.HasPrefix(q.Target, []byte("/e")) {
					q.Respond(413, nil, nil)
					open--
				}
			}
			a.answer = func(q *Request) {
				q.Write(a.body)
				q.Finish()
				open--
			}
			p := channel(a, &Factory{})
			r := reactortest.Feed(p, input, chunks)
			if strings.Contains(a.seen.String(), "lost: ") {
				open--
			}
			if open != 0 {
				t.Fatalf("%d requests neither ended nor lost", open)
			}
			return r.Output + fmt.Sprint(r.Closed)
		}
		whole := run(reactortest.Whole())
		for _, size := range []int{1, 3} {
			if pieces := run(reactortest.Sizes(size)); pieces != whole {
				t.Fatalf("whole: %q\nin pieces of %d: %q", whole, size, pieces)
			}
		}
	})
}
