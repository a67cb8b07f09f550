package guestnet

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// answer reads one response and returns its status and body.
func answer(t testing.TB, r *bufio.Reader) (int, string) {
	t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// client is net/http's, with connections of its own.
func (s *sandbox) client() *http.Client {
	transport := &http.Transport{MaxConnsPerHost: 64}
	s.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func (s *sandbox) get(path string) string {
	s.Helper()
	r, err := s.client().Get("http://" + s.address + path)
	if err != nil {
		s.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

func TestHTTPKeepAliveAndPipelining(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{})
	c := s.dial()
	r := bufio.NewReader(c)
	for range 3 {
		say(t, c, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := answer(t, r); status != 200 || body != "hello\n" {
			t.Fatalf("%d %q", status, body)
		}
	}
	say(t, c, strings.Repeat("GET /count HTTP/1.1\r\nHost: x\r\n\r\n", 50))
	for n := range 50 {
		if status, body := answer(t, r); status != 200 || body != fmt.Sprintln(n+1) {
			t.Fatalf("%d %q, want %d", status, body, n+1)
		}
	}
	for _, b := range []byte("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") {
		say(t, c, string(b))
	}
	if status, body := answer(t, r); status != 200 || body != "hello\n" {
		t.Fatalf("byte by byte: %d %q", status, body)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
}

func TestHTTPBodies(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{})
	content := make([]byte, 20<<20)
	rand.Read(content)
	want := fmt.Sprintln(len(content), crc32.ChecksumIEEE(content), error(nil))
	for name, body := range map[string]io.Reader{
		"with a length": bytes.NewReader(content),
		"chunked":       struct{ io.Reader }{bytes.NewReader(content)},
	} {
		r, err := s.client().Post("http://"+s.address+"/sum", "text/plain", body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r.Body)
		r.Body.Close()
		if string(got) != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	c := s.dial()
	say(t, c, "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	hear(t, c, "HTTP/1.1 100 Continue\r\n\r\n")
	say(t, c, "hello")
	if status, body := answer(t, bufio.NewReader(c)); status != 200 || !strings.HasPrefix(body, "5 ") {
		t.Errorf("%d %q", status, body)
	}
}

// A peer that asks for much and reads only after the guest has been made to wait gets all of it, and the guest never has
// more queued than a fraction of it.
func TestHTTPDownloadOfASlowReader(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{Limits: host.Limits{Output: 256 << 10}})
	const size = 64 << 20
	c := s.dial()
	say(t, c, fmt.Sprintf("GET /big?n=%d HTTP/1.0\r\n\r\n", size))
	neighbour := s.get("/hello") // by now the guest waits: its peer has read nothing
	if neighbour != "hello\n" {
		t.Errorf("the neighbour got %q", neighbour)
	}
	r := bufio.NewReader(c)
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestHTTPHijack(t *testing.T) {
	c := serve(t, "http", host.ServiceConfig{}).dial()
	say(t, c, "GET /hijack HTTP/1.1\r\nHost: x\r\n\r\nfirst\n")
	hear(t, c, "<first>\n")
	say(t, c, "second\n")
	hear(t, c, "<second>\n")
	c.CloseWrite()
	if b, err := io.ReadAll(c); len(b) != 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func TestHTTPTimeAndContext(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{})
	if got := s.get("/sleep?for=20ms"); got != "slept 20ms <nil>\n" {
		t.Error(got)
	}
	c := s.dial()
	say(t, c, "GET /gone HTTP/1.1\r\nHost: x\r\n\r\n")
	hear(t, c, "HTTP/1.1 200 OK\r\n")
	c.CloseWrite()
	s.log.Wait(t, "the client has gone: context canceled")
}

// One instance serves many connections at once, some of which sleep.
func TestHTTPInOneInstance(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{Isolation: host.PerConnection})
	for range 2 {
		if got := s.get("/count"); got != "1\n" {
			t.Errorf("a connection's instance has served another one: %s", got)
		}
	}
	s = serve(t, "http", host.ServiceConfig{Isolation: host.PerService})
	var group sync.WaitGroup
	client := s.client()
	for n := range 200 {
		group.Go(func() {
			path := "/count"
			if n%4 == 0 {
				path = "/sleep?for=30ms"
			}
			r, err := client.Get("http://" + s.address + path)
			if err != nil {
				t.Error(err)
				return
			}
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
		})
	}
	group.Wait()
	if got := s.get("/count"); got != "151\n" {
		t.Errorf("served %s times, want 151", got)
	}
	if st := s.Stats(); st.Traps != 0 {
		t.Errorf("%+v", st.Totals)
	}
}
