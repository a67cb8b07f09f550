package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fetched is what curl got and says of it.
func fetched(t *testing.T, args ...string) string {
	t.Helper()
	return curl(t, "", args...).stdout
}

func TestNetHTTP(t *testing.T) {
	root := t.TempDir()
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for name, content := range map[string][]byte{"index.html": []byte("<p>home"), "big.bin": big, ".secret": []byte("no")} {
		if err := os.WriteFile(filepath.Join(root, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, "run", "nethttp", "--listen", "tcp:0:interface=127.0.0.1", "--set", "serve=files", "--set", "header-timeout=300ms",
		"--allow", "mount="+root+":/www")
	address := "127.0.0.1:" + s.port(0)
	url := "http://" + address
	if got := fetched(t, "-w", " %{http_code} %{content_type} %{num_connects}", url+"/", url+"/"); got !=
		"<p>home 200 text/html; charset=utf-8 1<p>home 200 text/html; charset=utf-8 0" {
		t.Errorf("two requests: %q", got)
	}
	if got := fetched(t, url+"/big.bin"); got != string(big) {
		t.Errorf("%d bytes of %d", len(got), len(big))
	}
	if got := fetched(t, "-r", "16-31", "-w", " %{http_code}", url+"/big.bin"); got != "0123456789abcdef 206" {
		t.Errorf("a range: %q", got)
	}
	for _, path := range []string{"/.secret", "/none", "/%2e%2e/%2e%2e/etc/passwd"} {
		if got := fetched(t, "--path-as-is", "-o", filepath.Join(root, "out"), "-w", "%{http_code}", url+path); got != "404" {
			t.Errorf("%s: %s", path, got)
		}
	}
	// Hostile peers: one that is slow, one without end. Nobody else notices.
	slow, endless := dialTo(t, address), dialTo(t, address)
	if _, err := io.WriteString(slow, "GET / HTTP/1.1\r\nHost:"); err != nil {
		t.Fatal(err)
	}
	go func() {
		for _, err := io.WriteString(endless, "GET / HTTP/1.1\r\n"); err == nil; {
			_, err = io.WriteString(endless, "X: "+strings.Repeat("x", 1000)+"\r\n")
		}
	}()
	if r, err := http.ReadResponse(bufio.NewReader(endless), nil); err != nil || r.StatusCode != 431 {
		t.Errorf("endless head: %v, %v", r, err)
	}
	endless.Close()
	if got := fetched(t, url+"/"); got != "<p>home" {
		t.Errorf("the neighbour got %q", got)
	}
	if b, err := io.ReadAll(slow); len(b) != 0 || err != nil {
		t.Errorf("a slow head: %q, %v", b, err)
	}
}

func TestReverseProxy(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"), " ", r.Header.Get("X-Forwarded-Host"))
	})
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.Copy(c, buffered)
			c.Close()
		}
	})
	upstream := httptest.NewServer(mux)
	defer upstream.Close()
	s := serve(t, "run", "reverseproxy", "--listen", "tcp:0:interface=127.0.0.1", "--set", "upstream="+upstream.URL,
		"--allow", "dial=tcp:"+upstream.Listener.Addr().String())
	address := "127.0.0.1:" + s.port(0)
	if got := fetched(t, "http://"+address+"/who", "-H", "X-Forwarded-For: 192.0.2.1"); got != "127.0.0.1 "+address {
		t.Errorf("told the upstream %q", got)
	}
	file := filepath.Join(t.TempDir(), "body")
	body := strings.Repeat("many bytes ", 300_000)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, encoding := range []string{"Expect:", "Transfer-Encoding: chunked"} {
		if got := fetched(t, "-H", encoding, "--data-binary", "@"+file, "http://"+address+"/echo"); got != body {
			t.Errorf("%s: %d bytes of %d", encoding, len(got), len(body))
		}
	}
	c := dialTo(t, address)
	if _, err := io.WriteString(c, "GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	if response, err := http.ReadResponse(r, nil); err != nil || response.StatusCode != 101 {
		t.Fatalf("upgrade: %v, %v", response, err)
	}
	for _, text := range []string{"one\n", "two\n"} {
		io.WriteString(c, text)
		if got, err := r.ReadString('\n'); got != text || err != nil {
			t.Errorf("upgraded: %q, %v", got, err)
		}
	}

	denied := serve(t, "run", "reverseproxy", "--listen", "tcp:0:interface=127.0.0.1", "--set", "upstream="+upstream.URL)
	if got := fetched(t, "-w", " %{http_code}", "http://127.0.0.1:"+denied.port(0)+"/who"); got != "Bad Gateway\n 502" {
		t.Errorf("without the grant: %q", got)
	}
	denied.awaitLog("not permitted")
}
