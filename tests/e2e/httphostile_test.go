package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostileHTTPPeers sends what no client should, each on a connection of its own, while another one is served.
func TestHostileHTTPPeers(t *testing.T) {
	s := serve(t, "run", "web", "--listen", "tcp:0:interface=127.0.0.1", "--limit", "per-peer=1000")
	addr := "127.0.0.1:" + s.port(0)
	dial := func() *net.TCPConn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(patience))
		return c.(*net.TCPConn)
	}
	neighbour := dial()
	const request, answer = "GET / HTTP/1.1\r\n\r\n", "It works.\n"
	beside := func() {
		t.Helper()
		if _, err := io.WriteString(neighbour, request); err != nil {
			t.Fatal(err)
		}
		got, buf := "", make([]byte, 4096)
		for !strings.HasSuffix(got, answer) {
			n, err := neighbour.Read(buf)
			if got += string(buf[:n]); err != nil {
				t.Fatalf("the neighbour got %q, %v", got, err)
			}
		}
	}
	const bad = "HTTP/1.1 400 Bad Request\r\n\r\n"
	long := strings.Repeat("x", 20_000)
	for name, send := range map[string]string{
		"endless request line": "GET /" + long,
		"endless header":       "GET / HTTP/1.1\r\nA: " + long,
		"endless headers":      "GET / HTTP/1.1\r\n" + strings.Repeat("A:\r\n", 600),
		"endless fold":         "GET / HTTP/1.1\r\nA: b\r\n" + strings.Repeat(" b\r\n", 10_000),
		"endless chunk size":   "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 2000),
		"endless extension":    "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + long,
		"endless trailers":     "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 20_000),
		"huge chunk":           "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"two lengths":          "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabGET /smuggled HTTP/1.1\r\n\r\n",
		"TLS":                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
	} {
		c := dial()
		// Writing fails where the server has closed in between.
		_, _ = io.WriteString(c, send)
		got, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) || len(got) > 0 && string(got) != bad || err == nil && len(got) == 0 {
			t.Errorf("%s: answered %.100q, %v", name, got, err)
		}
		beside()
	}

	// Peers that ask and do not read, and peers that leave in the middle.
	for i := range 20 {
		c := dial()
		_ = c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		_, _ = io.WriteString(c, strings.Repeat(request, 100_000)) // until nothing more is taken
		beside()
		c = dial()
		fmt.Fprintf(c, "PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n%s", long[:i*100])
		_ = c.SetLinger(0)
		c.Close()
	}
	beside()
	if log := s.logged(); strings.Contains(log, "guest failed") {
		t.Errorf("a guest failed:\n%s", log)
	}
}
