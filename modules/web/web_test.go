package web

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestTextAndChunks(t *testing.T) {
	f := factory(t, Config{Text: "hi", Type: "text/x"})
	reactortest.CheckChunks(t, []byte("GET / HTTP/1.1\r\n\r\nHEAD /x HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcOPTIONS * HTTP/1.0\r\n\r\n"),
		func() (protocol.Protocol, func() string) { return f.BuildProtocol(nil), nil })
	a, body := ask(t, f, "GET", "/whatever")
	if a.StatusCode != 200 || body != "hi" || a.Header.Get("Content-Type") != "text/x" || a.Header.Get("Date") == "" {
		t.Errorf("%s %q %q", a.Status, a.Header, body)
	}
}

func TestEcho(t *testing.T) {
	f := factory(t, Config{Serve: ServeEcho, Text: "try POST"})
	peer := &reactortest.Recorder{}
	pair := reactortest.NewPair(peer, f.BuildProtocol(nil))
	defer pair.Close()
	pair.HardCap = math.MaxInt
	body := strings.Repeat("x", 1<<20)
	pair.Client.PauseReading()
	pair.Client.Write(fmt.Appendf(nil, "PUT / HTTP/1.1\r\nContent-Length: %d\r\nContent-Type: a/b\r\n\r\n%s", len(body), body))
	pair.Settle()
	if n := pair.Server.Buffered(); n > 300_000 {
		t.Errorf("%d bytes are queued for a client that reads nothing", n)
	}
	pair.Client.ResumeReading()
	pair.Settle()
	a, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(peer.Received)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(a.Body); err != nil || string(got) != body || a.Header.Get("Content-Type") != "a/b" || a.ContentLength != 1<<20 {
		t.Errorf("%d bytes, %v, %q", len(got), err, a.Header)
	}
	if a, body := ask(t, f, "GET", "/"); body != "try POST" || a.StatusCode != 200 {
		t.Errorf("GET: %s %q", a.Status, body)
	}
	if a, _ := ask(t, f, "DELETE", "/"); a.Header.Get("Allow") != "GET, HEAD, OPTIONS, POST, PUT" {
		t.Errorf("DELETE: %s %q", a.Status, a.Header)
	}
}

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	f := factory(t, Config{Serve: ServeFiles, Files: tree, Index: []string{"index.html"}, AccessLog: true, Output: &log})
	ask(t, f, "GET", "/?q", "Referer", `http://x/"`, "User-Agent", "\x1b[1m\\")
	ask(t, f, "HEAD", "/big.bin")
	ask(t, f, "GET", "/big.bin", "Range", "bytes=-40000")
	ask(t, f, "GET", "/none")
	var got []string
	for line := range strings.Lines(log.String()) {
		host, rest, _ := strings.Cut(line, " - - [")
		when, rest, _ := strings.Cut(rest, "] ")
		if _, err := time.Parse("02/Jan/2006:15:04:05 -0700", when); err != nil || host != "127.0.0.1" {
			t.Errorf("line %q: %v", line, err)
		}
		got = append(got, strings.TrimSpace(rest))
	}
	want := []string{
		`"GET /?q HTTP/1.1" 200 7 "http://x/\"" "\x1b[1m\\"`,
		`"HEAD /big.bin HTTP/1.1" 200 0 "-" "-"`,
		`"GET /big.bin HTTP/1.1" 206 40000 "-" "-"`,
		`"GET /none HTTP/1.1" 404 10 "-" "-"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestConfiguration(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	c, err := Configure(none)
	if err != nil || c.Text != DefaultText || c.Limits.Head != 16384 || len(c.Index) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	for key, value := range map[string]string{"serve": "cgi", "idle": "0s", "max-head": "1", "max-headers": "0", "access-log": "maybe"} {
		_, err := Configure(func(k string) (string, bool) { return value, k == key })
		if err == nil || !strings.HasPrefix(err.Error(), key+"=") {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
	for _, c := range []Config{{Serve: ServeFiles}, {Server: "a\r\nb: c"}, {Type: "a\nb"}} {
		if _, err := New(nil, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
