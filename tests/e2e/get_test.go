package e2e

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// origin is the server that module get is tried against: package net/http's.
func origin(big []byte) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(big) })
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.Copy(z, bytes.NewReader(big))
		_ = z.Close()
	})
	mux.HandleFunc("/deflate", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "deflate")
		z := zlib.NewWriter(w)
		_, _ = io.Copy(z, bytes.NewReader(big))
		_ = z.Close()
	})
	mux.Handle("/away", http.RedirectHandler("/gzip", http.StatusFound))
	mux.HandleFunc("/stuck", func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
	return mux
}

func TestGet(t *testing.T) {
	_, big := site(t)
	s := httptest.NewServer(origin(big))
	defer s.Close()
	allow := "dial=tcp:" + s.Listener.Addr().String()
	for _, path := range []string{"/big", "/gzip", "/deflate", "/away"} {
		got := wasmnet(t, "exec", "get", s.URL+path, "--allow", allow)
		if got.status != 0 || got.stdout != string(big) {
			t.Errorf("%s: status %d, %d bytes, %s", path, got.status, len(got.stdout), got.stderr)
		}
	}
	for _, c := range []struct {
		path   string
		status int
		stderr string
	}{
		{"/none", 5, "answered 404 Not Found"},
		{"/stuck", 7, "nothing for 1s"},
	} {
		got := wasmnet(t, "exec", "get", s.URL+c.path, "--allow", allow, "--set", "idle=1s")
		if got.status != c.status || !strings.Contains(got.stderr, c.stderr) {
			t.Errorf("%s: status %d, %s", c.path, got.status, got.stderr)
		}
	}

	dir := t.TempDir()
	got := wasmnet(t, "exec", "get", s.URL+"/away", "--allow", allow, "--allow", "mount="+dir+":/out:rw", "--set", "output=/out/big")
	have, err := os.ReadFile(filepath.Join(dir, "big"))
	if got.status != 0 || !bytes.Equal(have, big) || err != nil || !strings.Contains(got.stderr, "get: /out/big: ") {
		t.Errorf("to a file: status %d, %d bytes, %v, %s", got.status, len(have), err, got.stderr)
	}
	got = wasmnet(t, "exec", "get", s.URL+"/big", "--allow", allow, "--allow", "mount="+dir+":/out", "--set", "output=/out/no")
	if entries, _ := os.ReadDir(dir); got.status != 6 || len(entries) != 1 {
		t.Errorf("to a mount that is read only: status %d, %s, %v", got.status, got.stderr, entries)
	}
}

// The whole way in sandboxes: a sandboxed client at a sandboxed server, over TLS.
func TestGetFromWebOverTLS(t *testing.T) {
	dir, big := site(t)
	key, cert := selfSigned(t, "localhost")
	s, _ := serveSite(t, dir, "--listen", "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.endpoints[1], "ssl:"))
	address := fmt.Sprintf("https://localhost:%s/big.bin", port)
	grant := "dial=tls:loopback:" + port

	got := wasmnet(t, "exec", "get", address, "--allow", grant)
	if got.status != 3 || got.stdout != "" || !strings.Contains(got.stderr, "TLS failed") {
		t.Errorf("unknown authority: status %d, %s", got.status, got.stderr)
	}
	t.Setenv("SSL_CERT_FILE", cert)
	got = wasmnet(t, "exec", "get", address, "--allow", grant)
	if got.status != 0 || got.stdout != string(big) {
		t.Errorf("status %d, %d bytes, %s", got.status, len(got.stdout), got.stderr)
	}
}
