package reactor_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// raw is the TCP connection under a client of dialTLS.
func raw(conn *tls.Conn) *net.TCPConn { return conn.NetConn().(strictEOF).Conn.(*net.TCPConn) }

func TestTLSLoseConnectionSaysGoodbye(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				server := newProbe()
				server.shaken = func(p *probe) {
					p.write(string(pattern(100_000)))
					p.Transport.LoseConnection()
					if _, err := p.Transport.Write([]byte("late")); err != protocol.ErrClosed {
						t.Errorf("write after LoseConnection: %v", err)
					}
				}
				client := w.client.Clone()
				client.MaxVersion = version.number
				conn := w.dialTLS(w.listen(w.server, server), client)
				got, err := io.ReadAll(conn) // with close_notify, or there is an error
				if err != nil || string(got) != string(pattern(100_000)) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				server.expect(t, "made", "shaken")
				server.expectLost(t, protocol.ErrConnectionDone)
			})
		}
	})
}

func TestTLSPeerCloses(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, test := range []struct {
			name  string
			close func(conn *tls.Conn) error
			want  protocol.Reason
		}{
			{"with close_notify", (*tls.Conn).Close, protocol.ErrConnectionDone},
			{"with close_notify only", (*tls.Conn).CloseWrite, protocol.ErrConnectionDone},
			{"without", func(conn *tls.Conn) error { return raw(conn).CloseWrite() }, protocol.ErrConnectionLost},
			{"with a reset", func(conn *tls.Conn) error {
				w.check(raw(conn).SetLinger(0))
				return raw(conn).Close()
			}, protocol.ErrConnectionLost},
			{"with garbage", func(conn *tls.Conn) error {
				_, err := raw(conn).Write([]byte("\x17\x03\x03\x00\x20 this is not a sealed record ....."))
				return err
			}, protocol.ErrTLS},
		} {
			t.Run(test.name, func(t *testing.T) {
				server := newProbe()
				conn := w.dialTLS(w.listen(w.server, server), w.client)
				server.expect(t, "made", "shaken")
				_, err := conn.Write([]byte("last words"))
				w.check(err)
				server.expectData(t, 10)
				w.check(test.close(conn))
				server.expectLost(t, test.want)
				if test.want == protocol.ErrTLS {
					if _, err := conn.Read(make([]byte, 1)); err == nil || err.Error() != "remote error: tls: bad record MAC" {
						t.Errorf("the peer reads %v, want the alert", err)
					}
				}
			})
		}
	})
}

func TestTLSHalfClose(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := halfProbe{newProbe()}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		server.expect(t, "made", "shaken")
		w.check(conn.CloseWrite())
		server.expect(t, "read lost")
		w.on(func(*reactor.Loop) {
			server.write("still here")
			server.Transport.LoseWriteConnection()
		})
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != "still here" {
			t.Errorf("client reads %q, %v", got, err)
		}
		server.expect(t, "write lost")
		server.expectLost(t, protocol.ErrConnectionDone)
	})
}

func TestTLSHalfCloseOfOurs(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := halfProbe{newProbe()}
		server.shaken = func(p *probe) {
			p.write("bye")
			p.Transport.LoseWriteConnection()
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != "bye" {
			t.Errorf("client reads %q, %v", got, err)
		}
		server.expect(t, "made", "shaken", "write lost")
		_, err = conn.Write([]byte("go on"))
		w.check(err)
		server.expectData(t, 5)
		w.check(conn.Close())
		server.expect(t, "read lost")
		server.expectLost(t, protocol.ErrConnectionDone)
	})
}

func TestTLSAbort(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		server.shaken = func(p *probe) {
			p.write("never sent")
			p.Transport.AbortConnection()
			p.Transport.AbortConnection()
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		if _, err := io.ReadAll(conn); err == nil {
			t.Error("the peer saw a clean close")
		}
		server.expect(t, "made", "shaken")
		server.expectLost(t, protocol.ErrConnectionAborted)
	})
}
