package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testpeer"
)

// website is a web server of the test that says hello and who asks.
func website(t *testing.T) (port string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello from %s", r.Host) }))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// proxy serves the module with what the clients of these tests need.
func proxy(t *testing.T, args ...string) *server {
	t.Helper()
	return serve(t, append([]string{"run", "socks", "--listen", "tcp:0:interface=127.0.0.1", "--allow", "resolve", "--allow", "dial=tcp:localhost:*"},
		args...)...)
}

func TestSOCKSServesCurl(t *testing.T) {
	web := website(t)
	for _, mode := range []string{"splice", "relay"} {
		s := proxy(t, "--set", "mode="+mode)
		for _, kind := range []string{"--socks4", "--socks4a", "--socks5", "--socks5-hostname"} {
			got := command(t, "", "curl", "-sS", kind, "127.0.0.1:"+s.port(0), "http://localhost:"+web+"/")
			if want := "hello from localhost:" + web; got.stdout != want {
				t.Errorf("%s: curl %s gets %q, %q, want %q", mode, kind, got.stdout, got.stderr, want)
			}
		}
	}
}

func TestSOCKSAsksCurlForAPassword(t *testing.T) {
	web := website(t)
	s := proxy(t, "--set", "users=ann:secret;bob:other")
	for _, c := range []struct{ kind, user, want string }{
		{"--socks5", "ann:secret", "hello from"},
		{"--socks5-hostname", "bob:other", "hello from"},
		{"--socks5-hostname", "ann:other", "rejected"},
		{"--socks5", "", "No authentication method was acceptable"},
		{"--socks4a", "ann:secret", "(91)"},
	} {
		args := []string{"-sS", c.kind, "127.0.0.1:" + s.port(0), "http://localhost:" + web + "/"}
		if c.user != "" {
			args = append(args, "--proxy-user", c.user)
		}
		got := command(t, "", "curl", args...)
		if !strings.Contains(got.stdout+got.stderr, c.want) {
			t.Errorf("curl %s as %q gets %q, %q, want %q", c.kind, c.user, got.stdout, got.stderr, c.want)
		}
	}
}

// What is not granted, and what a rule denies, is refused with the reply that says so.
func TestSOCKSTellsCurlWhyNot(t *testing.T) {
	web := website(t)
	url := "http://127.0.0.1:" + web + "/"
	_, nobody, err := net.SplitHostPort(closedPort(t))
	if err != nil {
		t.Fatal(err)
	}
	ungranted := serve(t, "run", "socks", "--listen", "tcp:0:interface=127.0.0.1", "--allow", "dial=tcp:*:*")
	ruled := proxy(t, "--set", "rules=deny 127.0.0.0/8:"+web+";allow *:*")
	for _, c := range []struct {
		name, kind, url string
		s               *server
		want            string
	}{
		{"loopback is not granted", "--socks5", url, ungranted, "(2)"},
		{"loopback is not granted, SOCKS 4", "--socks4", url, ungranted, "(91)"},
		{"resolving is not granted", "--socks5-hostname", "http://localhost:" + web + "/", ungranted, "(2)"},
		{"a rule", "--socks5", url, ruled, "(2)"},
		{"a rule for what a name leads to", "--socks5-hostname", "http://localhost:" + web + "/", ruled, "(2)"},
		{"refused", "--socks5", "http://127.0.0.1:" + nobody + "/", ruled, "(5)"},
		{"no such name", "--socks5-hostname", "http://no-such-name.invalid/", ruled, "(4)"},
	} {
		got := command(t, "", "curl", "-sS", "-4", c.kind, "127.0.0.1:"+c.s.port(0), c.url)
		if got.status != 97 || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: curl ends with %d, %q, want %s", c.name, got.status, got.stderr, c.want)
		}
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	b := newBackend(t)
	b.Close()
	return b.Addr().String()
}

func TestSOCKSServesProxychains(t *testing.T) {
	web := website(t)
	plain, users := proxy(t), proxy(t, "--set", "users=ann:secret")
	for name, conf := range map[string]string{
		"socks4": proxychains(t, "socks4", plain.port(0)), "socks5": proxychains(t, "socks5", plain.port(0)),
		"socks5 with a password": proxychains(t, "socks5", users.port(0), "ann", "secret"),
	} {
		got := command(t, "", "proxychains4", "-q", "-f", conf, "curl", "-sS", "http://127.0.0.1:"+web+"/")
		if want := "hello from 127.0.0.1:" + web; got.stdout != want {
			t.Errorf("%s: curl gets %q, %q, want %q", name, got.stdout, got.stderr, want)
		}
	}
}

func TestSOCKSServesSocat(t *testing.T) {
	echo := testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) { io.Copy(c, c) })
	s := proxy(t)
	_, port, _ := net.SplitHostPort(echo)
	for _, kind := range []string{"SOCKS4", "SOCKS4A"} {
		got := command(t, "over "+kind+"\n", "socat", "-t", "10", "-", kind+":127.0.0.1:localhost:"+port+",socksport="+s.port(0))
		if got.stdout != "over "+kind+"\n" {
			t.Errorf("socat %s gets %q, %q", kind, got.stdout, got.stderr)
		}
	}
}

// python3-socks is a client of BIND and UDP ASSOCIATE as applications are.
func TestSOCKSServesPython(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	go func() {
		b := make([]byte, 65536)
		for {
			n, from, err := udp.ReadFrom(b)
			if err != nil {
				return
			}
			udp.WriteTo(append([]byte("you said "), b[:n]...), from)
		}
	}()
	s := proxy(t, "--set", "users=ann:secret", "--allow", "dial=udp:loopback:*", "--allow", "listen=udp:*:0", "--allow", "listen=tcp:loopback:0")
	script, err := filepath.Abs("testdata/socks_client.py")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(udp.LocalAddr().String())
	got := command(t, "", "/usr/bin/python3", script, s.port(0), port)
	if want := "you said hello\nyou said by name\npeer is let in\nstranger is turned away\n"; got.stdout != want {
		t.Errorf("the client says %q, %q, want %q", got.stdout, got.stderr, want)
	}
}
