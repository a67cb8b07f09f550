package reactor_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serveTLS accepts connections with crypto/tls and echoes until the end of the test.
func (w *tlsWorld) serveTLS(cfg *tls.Config) protocol.Address {
	w.t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	w.check(err)
	w.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn) // ends with the client's connection, in whatever way
			}()
		}
	}()
	return addressOf(w.t, listener.Addr())
}

func TestTLSClient(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				w.server.NextProtos = []string{"x", "y"}
				server := w.server.Clone()
				server.MaxVersion = version.number
				client := w.client.Clone()
				client.NextProtos = []string{"y"}
				p := clientProbe{newProbe()}
				var info protocol.TLSInfo
				p.made = func(p *probe) {
					info, _ = p.Transport.TLS()
					p.write("hello")
				}
				w.connect(w.serveTLS(server), client, p)
				p.expect(t, "started", "made", "shaken")
				if info.Version != version.name || info.ALPN != "y" || info.ServerName != "a.test" || !info.PeerVerified ||
					string(info.PeerCertificate) != string(w.server.Certificates[0].Leaf.Raw) {
					t.Errorf("session: %+v", info)
				}
				if got := p.expectData(t, 5); string(got) != "hello" {
					t.Errorf("got %q", got)
				}
				w.on(func(*reactor.Loop) { p.Transport.LoseConnection() })
				p.expectLost(t, protocol.ErrConnectionDone)
				p.expect(t, "client lost")
			})
		}
	})
}

// TestTLSClientVerifiesTheHostDialled gives no ServerName: the address in the endpoint is the name.
func TestTLSClientVerifiesTheHostDialled(t *testing.T) {
	w := newTLSWorld(t, reactor.Config{})
	p := clientProbe{newProbe()}
	w.connect(w.serveTLS(w.server), &tls.Config{RootCAs: w.ca.Pool()}, p)
	p.expect(t, "started", "made", "shaken")
}

func TestTLSClientFailures(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, test := range []struct {
			name   string
			server func(cfg *tls.Config)
			client func(cfg *tls.Config)
			as     any // the type of the cause
			says   string
		}{
			{"wrong name", nil, func(cfg *tls.Config) { cfg.ServerName = "b.test" }, new(x509.HostnameError),
				"valid for a.test, not b.test"},
			{"unknown authority", nil, func(cfg *tls.Config) { cfg.RootCAs = testcert.NewCA(t).Pool() },
				new(x509.UnknownAuthorityError), "unknown authority"},
			{"expired", func(cfg *tls.Config) {
				old := w.ca.Issue(t, testcert.Template{Names: []string{"a.test"}, Expires: time.Now().Add(-time.Hour)})
				cfg.Certificates = []tls.Certificate{old.TLS}
			}, nil, new(x509.CertificateInvalidError), "expired"},
			{"no common application protocol", func(cfg *tls.Config) { cfg.NextProtos = []string{"x"} },
				func(cfg *tls.Config) { cfg.NextProtos = []string{"y"} }, nil, "no application protocol"},
			{"certificate wanted", func(cfg *tls.Config) {
				cfg.ClientAuth, cfg.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
			}, nil, nil, "handshake failure"},
		} {
			t.Run(test.name, func(t *testing.T) {
				server, client := w.server.Clone(), w.client.Clone()
				if test.server != nil {
					test.server(server)
				}
				if test.client != nil {
					test.client(client)
				}
				p := clientProbe{newProbe()}
				w.connect(w.serveTLS(server), client, p)
				err := p.expect(t, "started", "failed").err
				expectReason(t, err, protocol.ErrTLS)
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("failed with %q, want %q in it", err, test.says)
				}
				if test.as != nil && !errors.As(err, test.as) {
					t.Errorf("failed with %v, want a %T in its chain", err, test.as)
				}
			})
		}
	})
}

// TestTLSClientMeetsNoTLS has servers that answer otherwise, hang up, or say nothing.
func TestTLSClientMeetsNoTLS(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for _, test := range []struct {
			name   string
			answer func(conn net.Conn) error
			limit  time.Duration
			says   string
		}{
			{"other protocol", func(conn net.Conn) error {
				_, err := io.WriteString(conn, "220 ready\r\n")
				return err
			}, patience, "does not look like a TLS handshake"},
			{"hangs up", func(conn net.Conn) error { return conn.(strictEOF).Conn.(*net.TCPConn).CloseWrite() },
				patience, "peer closed the connection during the TLS handshake"},
			{"silent", func(net.Conn) error { return nil }, 50 * time.Millisecond,
				"handshake took more than 50ms"},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := newTLSWorld(t, reactor.Config{Backend: backend, HandshakeTimeout: test.limit})
				p := clientProbe{newProbe()}
				conn := w.accept(func(a protocol.Address) { w.connect(a, w.client, p) })
				w.check(test.answer(conn))
				err := p.expect(t, "started", "failed").err
				expectReason(t, err, protocol.ErrTLS)
				if !strings.Contains(err.Error(), test.says) {
					t.Errorf("failed with %q, want %q in it", err, test.says)
				}
			})
		}
	})
}

func TestTLSClientStops(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		p := clientProbe{newProbe()}
		var connector protocol.Connector
		conn := w.accept(func(a protocol.Address) { connector = w.connect(a, w.client, p) })
		_, err := io.ReadFull(conn, make([]byte, 5)) // of the ClientHello: the handshake is under way
		w.check(err)
		w.on(func(*reactor.Loop) { connector.StopConnecting() })
		expectReason(t, p.expect(t, "started", "failed").err, protocol.ErrConnectingCancelled)
	})
}

func TestTLSClientConfigErrors(t *testing.T) {
	w := newTLSWorld(t, reactor.Config{})
	w.on(func(l *reactor.Loop) {
		e := clientEndpoint(w.serveTLS(w.server), new(tls.Config))
		e.Host = ""
		if _, err := l.ConnectEndpoint(e, newProbe()); err == nil || !strings.Contains(err.Error(), "server's name") {
			t.Errorf("no name to verify: %v", err)
		}
	})
}

// TestTLSBothSides has the reactor talk to itself, and both sides say more than fits.
func TestTLSBothSides(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		const size = 700_000
		server, client := newProbe(), clientProbe{newProbe()}
		for _, p := range []*probe{server, client.probe} {
			p.shaken = func(p *probe) { p.write(string(pattern(size))) }
		}
		w.connect(w.listen(w.server, server), w.client, client)
		client.expect(t, "started")
		for _, p := range []*probe{server, client.probe} {
			p.expect(t, "made", "shaken")
			if got := p.expectData(t, size); string(got) != string(pattern(size)) {
				t.Error("bytes arrived changed")
			}
		}
		w.on(func(*reactor.Loop) { server.Transport.LoseConnection() })
		server.expectLost(t, protocol.ErrConnectionDone)
		client.expectLost(t, protocol.ErrConnectionDone)
	})
}
