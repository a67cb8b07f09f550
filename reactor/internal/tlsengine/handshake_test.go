package tlsengine

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

func TestMutualTLS(t *testing.T) {
	w := newWorld(t)
	w.server.ClientAuth, w.server.ClientCAs = tls.RequireAndVerifyClientCert, w.ca.Pool()
	mine := w.ca.Issue(t, testcert.Template{Names: []string{"client.test"}})
	w.client.Certificates = []tls.Certificate{mine.TLS}
	l := w.link(t, MaxFeed)
	l.until(l.established)
	info := l.server.session.Info()
	if !info.PeerVerified || string(info.PeerCertificate) != string(mine.TLS.Leaf.Raw) {
		t.Errorf("server's session: %+v", info)
	}
}

func TestHandshakeFailures(t *testing.T) {
	for _, test := range []struct {
		name           string
		change         func(t *testing.T, w *world)
		client, server string // what the errors say
	}{
		{"wrong name", func(t *testing.T, w *world) { w.client.ServerName = "b.test" },
			"valid for a.test, not b.test", "bad certificate"},
		{"unknown authority", func(t *testing.T, w *world) { w.client.RootCAs = testcert.NewCA(t).Pool() },
			"unknown authority", "bad certificate"},
		{"expired", func(t *testing.T, w *world) {
			old := w.ca.Issue(t, testcert.Template{Names: []string{"a.test"}, Expires: time.Now().Add(-time.Hour)})
			w.server.Certificates = []tls.Certificate{old.TLS}
		}, "expired", "bad certificate"},
		{"no common application protocol", func(t *testing.T, w *world) {
			w.client.NextProtos, w.server.NextProtos = []string{"x"}, []string{"y"}
		}, "no application protocol", "unsupported application protocols"},
		{"no common version", func(t *testing.T, w *world) {
			w.client.MinVersion, w.server.MaxVersion = tls.VersionTLS13, tls.VersionTLS12
		}, "protocol version not supported", "unsupported versions"},
		{"the server's callback fails", func(t *testing.T, w *world) {
			w.server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
				return nil, errors.New("no thanks")
			}
		}, "internal error", "no thanks"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			test.change(t, w)
			l := w.link(t, MaxFeed)
			l.until(l.failed)
			if !strings.Contains(l.client.err.Error(), test.client) {
				t.Errorf("client: %q, want %q in it", l.client.err, test.client)
			}
			if !strings.Contains(l.server.err.Error(), test.server) {
				t.Errorf("server: %q, want %q in it", l.server.err, test.server)
			}
		})
	}
}

func TestOldVersionIsRefused(t *testing.T) {
	w := newWorld(t)
	w.server.MinVersion = tls.VersionTLS10 // raised
	server := w.newServer(t)
	client := newPeer()
	client.session = NewClient(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10,
		MaxVersion: tls.VersionTLS11}, w.pool, &w.buffers, client)
	t.Cleanup(client.session.Abandon)
	l := link{client, server, MaxFeed}
	l.until(l.failed)
	if !strings.Contains(server.err.Error(), "unsupported versions") {
		t.Errorf("server: %v", server.err)
	}
}

func TestPanickingCallbackFailsOneHandshake(t *testing.T) {
	w := newWorld(t)
	w.server.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { panic("oh") }
	w.server.Certificates = nil
	l := w.link(t, MaxFeed)
	l.until(func() bool { return l.server.err != nil })
	if !strings.Contains(l.server.err.Error(), "panicked: oh") {
		t.Errorf("server: %v", l.server.err)
	}
}

func TestCallbackSeesAddresses(t *testing.T) {
	w := newWorld(t)
	seen := make(chan string, 1)
	w.server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		seen <- hello.Conn.LocalAddr().String() + " " + hello.Conn.RemoteAddr().String()
		return nil, nil
	}
	l := w.link(t, MaxFeed)
	l.until(l.established)
	if got := <-seen; got != "host 192.0.2.1:1" {
		t.Errorf("callback saw %q", got)
	}
}

func TestNoTLSAtAll(t *testing.T) {
	for _, test := range []struct{ name, input, want string }{
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", "does not look like a TLS handshake"},
		{"SSL 2", "\x80\x2e\x01\x00\x02", "SSLv2"},
		{"oversized record", "\x16\x03\x01\xff\xff", "oversized record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			server := w.newServer(t)
			server.feed([]byte(test.input))
			for server.err == nil {
				<-server.woken
				server.step()
			}
			if !strings.Contains(server.err.Error(), test.want) {
				t.Errorf("server: %v", server.err)
			}
		})
	}
}

func TestEndDuringHandshake(t *testing.T) {
	w := newWorld(t)
	client := w.newClient(t)
	<-client.woken
	client.step()
	hello := client.out
	for _, test := range []struct {
		name string
		fed  []byte
	}{{"at once", nil}, {"in the first record", hello[:20]}, {"after the first record", hello}} {
		t.Run(test.name, func(t *testing.T) {
			server := w.newServer(t)
			server.feed(test.fed)
			server.session.FeedEOF()
			for server.err == nil {
				<-server.woken
				server.step()
			}
			if !errors.Is(server.err, ErrHandshakeEOF) {
				t.Errorf("server: %v", server.err)
			}
		})
	}
}

// TestAbandonedHandshakes gives up after every number of chunks. What would be left behind, goleak finds.
func TestAbandonedHandshakes(t *testing.T) {
	for _, version := range versions {
		t.Run(version.name, func(t *testing.T) {
			w := newWorld(t)
			w.server.MaxVersion = version.number
			for steps := 0; ; steps++ {
				l := w.link(t, 100)
				left := steps
				l.until(func() bool { left--; return left < 0 || l.established() })
				complete := l.established()
				l.client.session.Abandon()
				l.server.session.Abandon()
				l.server.session.Abandon()
				if err := l.server.session.Write([]byte("x")); err == nil {
					t.Error("an abandoned session took a write")
				}
				if complete {
					break
				}
			}
			w.running.Wait()
		})
	}
}

func TestConfigErrors(t *testing.T) {
	if _, err := ServerConfig(nil); err != ErrNoConfig {
		t.Errorf("no server configuration: %v", err)
	}
	if _, err := ServerConfig(new(tls.Config)); err != ErrNoCertificate {
		t.Errorf("server without certificate: %v", err)
	}
	if _, err := ClientConfig(nil, ""); err != ErrNoConfig {
		t.Errorf("no client configuration: %v", err)
	}
	if _, err := ClientConfig(new(tls.Config), ""); err != ErrNoServerName {
		t.Errorf("client without server name: %v", err)
	}
	given := new(tls.Config)
	cfg, err := ClientConfig(given, "a.test")
	if err != nil || cfg.ServerName != "a.test" || cfg.MinVersion != tls.VersionTLS12 {
		t.Errorf("client: %v, name %q, minimum %x", err, cfg.ServerName, cfg.MinVersion)
	}
	if given.ServerName != "" || given.MinVersion != 0 {
		t.Error("the caller's configuration was changed")
	}
	if again, err := ClientConfig(cfg, "b.test"); err != nil || again != cfg {
		t.Errorf("a prepared configuration was copied: %v", err)
	}
}
