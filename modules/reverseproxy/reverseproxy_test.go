package reverseproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proxied runs the proxy natively in front of upstream, and returns its address.
func proxied(t *testing.T, upstream http.Handler, keys ...string) string {
	t.Helper()
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	return proxy(t, append([]string{"upstream", server.URL + "/base"}, keys...)...)
}

func proxy(t *testing.T, keys ...string) string {
	t.Helper()
	c, err := Configure(moduletest.Settings(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return moduletest.Serve(t, New(c, Dialers{}))
}

// exchange sends a request as it is and returns the answer.
func exchange(t *testing.T, address, request string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

var reflector = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s host=%t for=%q conn=%q body=%q", r.Method, r.URL, r.Host == "client.example",
		r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Hop"), body)
})

func TestRequestsAreRewritten(t *testing.T) {
	const request = "POST /a%2Fb?q=1 HTTP/1.1\r\nHost: client.example\r\nX-Forwarded-For: 192.0.2.9\r\nX-Hop: x\r\n" +
		"Connection: x-hop, close\r\nContent-Length: 5\r\n\r\nhello"
	for _, c := range []struct {
		keys []string
		want string
	}{
		{nil, `POST /base/a%2Fb?q=1 host=false for="127.0.0.1" conn="" body="hello"`},
		{[]string{"preserve-host", "true", "trust-forwarded", "true"},
			`POST /base/a%2Fb?q=1 host=true for="192.0.2.9, 127.0.0.1" conn="" body="hello"`},
	} {
		if _, got := exchange(t, proxied(t, reflector, c.keys...), request); got != c.want {
			t.Errorf("%q: %s, want %s", c.keys, got, c.want)
		}
	}
}

func TestUpstreamThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r, body := exchange(t, proxy(t, "upstream", "http://"+address), "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if r.StatusCode != 502 || body != "Bad Gateway\n" {
		t.Errorf("%d %q", r.StatusCode, body)
	}
}

// The upstream keeps its connection alive, and hears the end of it when the client has gone.
func TestUpstreamIsLeftWithTheClient(t *testing.T) {
	left := make(chan struct{})
	upstream := httptest.NewUnstartedServer(reflector)
	upstream.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(left)
		}
	}
	upstream.Start()
	defer upstream.Close()
	if r, _ := exchange(t, proxy(t, "upstream", upstream.URL), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); r.StatusCode != 200 {
		t.Errorf("%d", r.StatusCode)
	}
	<-left
}

func TestUpstreamThatTakesTooLong(t *testing.T) {
	address := proxied(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), "timeout", "20ms")
	if r, _ := exchange(t, address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); r.StatusCode != 502 {
		t.Errorf("%d", r.StatusCode)
	}
}

func TestConfigureRefuses(t *testing.T) {
	for _, upstream := range []string{"", "x", "ftp://x", "http://", "http://u@x", "http://x/?q", "http://x/#f", "http://[x"} {
		_, err := Configure(moduletest.Settings("upstream", upstream))
		if err == nil || !strings.Contains(err.Error(), "upstream") {
			t.Errorf("%q: %v", upstream, err)
		}
	}
}
