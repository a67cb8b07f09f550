package reactor_test

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// startTLSServer is a probe that upgrades when it is told to.
func startTLSServer(t *testing.T) *probe {
	p := newProbe()
	p.data = func(p *probe, data []byte) {
		if string(data) != "STARTTLS" {
			p.events <- told{name: "data", data: []byte(string(data))}
			return
		}
		p.write("GO ")
		if err := p.Transport.StartTLS(protocol.TLSOptions{Server: true, ALPN: []string{"up"}}); err != nil {
			t.Error(err)
		}
		if err := p.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != protocol.ErrTLSActive {
			t.Errorf("second StartTLS: %v", err)
		}
		p.write("first words")
	}
	return p
}

func TestStartTLSServer(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				server := startTLSServer(t)
				var info protocol.TLSInfo
				server.shaken = func(p *probe) { info, _ = p.Transport.TLS() }
				conn := dial(t, w.listen(nil, server))
				exchange(t, conn, "STARTTLS", "GO ")
				client := w.client.Clone()
				client.MaxVersion = version.number
				client.NextProtos = []string{"up"}
				secure := tls.Client(strictEOF{conn}, client)
				exchange(t, secure, "inside", "first words")
				server.expect(t, "made", "shaken")
				server.expectData(t, 6)
				if info.Version != version.name || info.ALPN != "up" || info.ServerName != "a.test" {
					t.Errorf("session: %+v", info)
				}
				w.check(secure.Close())
				server.expectLost(t, protocol.ErrConnectionDone)
			})
		}
	})
}

// startTLSClient is a probe that asks for the upgrade and does it.
func startTLSClient(t *testing.T, o protocol.TLSOptions) *probe {
	p := newProbe()
	p.made = func(p *probe) { p.write("STARTTLS") }
	p.data = func(p *probe, data []byte) {
		if string(data) != "GO " {
			p.events <- told{name: "data", data: []byte(string(data))}
			return
		}
		if _, ok := p.Transport.TLS(); ok {
			t.Error("a session before StartTLS")
		}
		if err := p.Transport.StartTLS(o); err != nil {
			t.Error(err)
		}
		if _, ok := p.Transport.TLS(); ok {
			t.Error("a session before the handshake")
		}
		p.write("first words")
	}
	return p
}

func TestStartTLSClient(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for name, o := range map[string]protocol.TLSOptions{
			"named":        {Identity: "client", ServerName: "a.test"},
			"host dialled": {Identity: "client"},
		} {
			t.Run(name, func(t *testing.T) {
				client := clientProbe{startTLSClient(t, o)}
				conn := w.accept(func(a protocol.Address) { w.connect(a, nil, client) })
				exchange(t, conn, "GO ", "STARTTLS")
				secure := tls.Server(conn, w.server)
				exchange(t, secure, "inside", "first words")
				client.expect(t, "started", "made", "shaken")
				client.expectData(t, 6)
				w.check(secure.Close())
				client.expectLost(t, protocol.ErrConnectionDone)
			})
		}
	})
}

// TestStartTLSVerifies has a client without the root.
func TestStartTLSVerifies(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		client := clientProbe{startTLSClient(t, protocol.TLSOptions{ServerName: "a.test"})}
		server := startTLSServer(t)
		w.connect(w.listen(nil, server), nil, client)
		client.expect(t, "started", "made")
		client.expectLost(t, protocol.ErrTLS)
		server.expect(t, "made")
		server.expectLost(t, protocol.ErrTLS)
	})
}

func TestStartTLSBothSides(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		client := clientProbe{startTLSClient(t, protocol.TLSOptions{Identity: "client", ALPN: []string{"up"}})}
		client.data = func(p *probe, data []byte) {
			if head, tail, _ := strings.Cut(string(data), "GO "); head != "" || tail != "" {
				p.events <- told{name: "data", data: []byte(head + tail)}
				return
			}
			if err := p.conn().StartTLSConfig(w.client, false); err != nil {
				t.Error(err)
			}
			p.Transport.PauseReading() // does not stop the handshake
			p.write("first words")
		}
		client.shaken = func(p *probe) { p.Transport.ResumeReading() }
		server := startTLSServer(t)
		w.connect(w.listen(nil, server), nil, client)
		client.expect(t, "started", "made", "shaken")
		server.expect(t, "made", "shaken")
		client.expectData(t, 11)
		server.expectData(t, 11)
	})
}

func TestStartTLSErrors(t *testing.T) {
	w := newTLSWorld(t, reactor.Config{})
	server := newProbe()
	dial(t, w.listen(nil, server))
	server.expect(t, "made")
	w.on(func(*reactor.Loop) {
		for _, test := range []struct {
			o    protocol.TLSOptions
			says string
		}{
			{protocol.TLSOptions{Server: true, Identity: "x"}, `identity "x" is not configured`},
			{protocol.TLSOptions{Identity: "x"}, `identity "x" is not configured`},
			{protocol.TLSOptions{Server: true, ALPN: []string{"a", ""}}, "ALPN names a protocol of 0 bytes"},
			{protocol.TLSOptions{Server: true, ServerName: "a"}, "ServerName is a client's option"},
			{protocol.TLSOptions{}, "needs the server's name"}, // it was accepted, and not dialled
			{protocol.TLSOptions{Server: true, Identity: "client"}, "needs a certificate"},
		} {
			if err := server.Transport.StartTLS(test.o); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%+v: %v, want %q in it", test.o, err, test.says)
			}
		}
		server.Transport.LoseConnection()
		if err := server.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != protocol.ErrClosed {
			t.Errorf("after LoseConnection: %v", err)
		}
		if err := server.conn().StartTLSConfig(w.server, true); err != protocol.ErrClosed {
			t.Errorf("after LoseConnection: %v", err)
		}
	})
}

// TestStartTLSThenClose closes in every way while the handshake waits for the peer.
func TestStartTLSThenClose(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for _, test := range []struct {
			name  string
			close func(p *probe)
			want  protocol.Reason
		}{
			{"abort", func(p *probe) { p.Transport.AbortConnection() }, protocol.ErrConnectionAborted},
			{"lose, nothing written", func(p *probe) { p.Transport.LoseConnection() }, protocol.ErrConnectionDone},
			{"lose, something written", func(p *probe) {
				p.write("secret")
				p.Transport.LoseConnection()
			}, protocol.ErrTLS}, // when the handshake times out
			{"half-close", func(p *probe) { p.Transport.LoseWriteConnection() }, protocol.ErrTLS},
			{"beyond the hard cap", func(p *probe) {
				if _, err := p.Transport.Write(pattern(2 << 20)); protocol.ReasonOf(err) != protocol.ErrLimit {
					t.Errorf("write: %v", err)
				}
			}, protocol.ErrLimit},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := newTLSWorld(t, reactor.Config{Backend: backend, HandshakeTimeout: 50 * time.Millisecond})
				server := newProbe()
				server.data = func(p *probe, _ []byte) {
					if err := p.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != nil {
						t.Error(err)
					}
					test.close(p)
				}
				conn := dial(t, w.listen(nil, server))
				_, err := io.WriteString(conn, "begin")
				w.check(err)
				server.expect(t, "made")
				server.expectLost(t, test.want)
				if got, _ := io.ReadAll(conn); len(got) > 0 { // however it ended
					t.Errorf("the peer received %q", got)
				}
			})
		}
	})
}

// TestStartTLSFlushesWhatWasWritten loses the connection before the handshake, which then goes on all the same.
func TestStartTLSFlushesWhatWasWritten(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, half := range []bool{false, true} {
			server := newProbe()
			server.made = func(p *probe) {
				if err := p.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != nil {
					t.Error(err)
				}
				p.write(string(pattern(50_000)))
				if half {
					p.Transport.LoseWriteConnection()
				} else {
					p.Transport.LoseConnection()
				}
			}
			conn := w.dialTLS(w.listen(nil, server), w.client)
			if got, err := io.ReadAll(conn); err != nil || string(got) != string(pattern(50_000)) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			w.check(conn.Close())
			server.expect(t, "made", "shaken")
			server.expectLost(t, protocol.ErrConnectionDone)
		}
	})
}
