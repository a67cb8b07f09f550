package web

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var modified = time.Date(2024, 5, 6, 7, 8, 9, 10, time.UTC)

const (
	lastModified = "Mon, 06 May 2024 07:08:09 GMT"
	earlier      = "Mon, 06 May 2024 07:08:08 GMT"
)

func file(text string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(text), ModTime: modified}
}

var big = strings.Repeat("0123456789abcdef", 10_000)

var tree = fstest.MapFS{
	"index.html":            file("<p>root"),
	"a b.txt":               file("hello world"),
	"empty":                 file(""),
	"sub/index.html":        file("<p>sub"),
	"sub/.hidden":           file("no"),
	".well-known/thing.css": file("c{}"),
	"bare/x.JPG":            file("jpg"),
	"big.bin":               file(big),
	"pipe":                  &fstest.MapFile{Mode: 0o600 | 1<<25}, // a named pipe
}

func factory(t *testing.T, c Config) protocol.Factory {
	t.Helper()
	c.Server = ""
	f, err := New(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func filesFactory(t *testing.T) protocol.Factory {
	return factory(t, Config{Serve: ServeFiles, Files: tree, Index: []string{"index.htm", "index.html"}})
}

// ask sends a request with the headers, which are names and values in turn, and reads the response.
func ask(t *testing.T, f protocol.Factory, method, target string, headers ...string) (*http.Response, string) {
	t.Helper()
	request := method + " " + target + " HTTP/1.1\r\nHost: x\r\n"
	for i := 0; i < len(headers); i += 2 {
		request += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	peer := &reactortest.Recorder{}
	pair := reactortest.NewPair(peer, f.BuildProtocol(nil))
	defer pair.Close()
	pair.HardCap = 256 << 10
	pair.Client.Write([]byte(request + "\r\n"))
	pair.Settle()
	r := bufio.NewReader(bytes.NewReader(peer.Received))
	a, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil || r.Buffered() > 0 || pair.Server.Disconnecting() {
		t.Errorf("%s %s: %v, %d bytes after the response, closed: %v", method, target, err, r.Buffered(), pair.Server.Disconnecting())
	}
	return a, string(body)
}
