package reactor_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var tlsVersions = []struct {
	name   string
	number uint16
}{{"TLS 1.2", tls.VersionTLS12}, {"TLS 1.3", tls.VersionTLS13}}

func TestTLSServer(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				server := newProbe()
				var info protocol.TLSInfo
				var complete bool
				server.made = func(p *probe) { info, complete = p.Transport.TLS() }
				w.server.NextProtos = []string{"x", "y"}
				address := w.listen(w.server, server)
				client := w.client.Clone()
				client.MaxVersion = version.number
				client.NextProtos = []string{"y"}
				conn := w.dialTLS(address, client)
				server.expect(t, "made", "shaken")
				if !complete || info.Version != version.name || info.ALPN != "y" || info.ServerName != "a.test" ||
					info.PeerVerified || info.PeerCertificate != nil || info.CipherSuite == "" {
					t.Errorf("session in ConnectionMade: %+v, %v", info, complete)
				}
				if got := conn.ConnectionState().NegotiatedProtocol; got != "y" {
					t.Errorf("client's protocol is %q", got)
				}
				_, err := conn.Write([]byte("hello"))
				w.check(err)
				if got := server.expectData(t, 5); string(got) != "hello" {
					t.Errorf("server got %q", got)
				}
				conn.Close()
				server.expectLost(t, protocol.ErrConnectionDone)
			})
		}
	})
}

// TestTLSBulk echoes more than fits anywhere, with small and large records, while reading at the same time.
func TestTLSBulk(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		server.data = func(p *probe, data []byte) {
			echoBack(p, data)
			if p.Transport.Buffered() > 256<<10 { // the peer reads slowly: feel it
				p.Transport.PauseReading()
				var resume func()
				resume = func() {
					if p.Transport.Buffered() > 0 {
						p.Transport.Reactor().CallLater(time.Millisecond, resume)
						return
					}
					p.Transport.ResumeReading()
				}
				resume()
			}
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		sent := pattern(8 << 20)
		go func() {
			for rest, size := sent, 1; len(rest) > 0; size = size*3%100_000 + 1 {
				n := min(size, len(rest))
				if _, err := conn.Write(rest[:n]); err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
			_ = conn.CloseWrite() // the reader finds out
		}()
		got := make([]byte, len(sent))
		if _, err := io.ReadFull(conn, got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, sent) {
			t.Error("bytes came back changed")
		}
		server.expect(t, "made", "shaken")
		server.expectLost(t, protocol.ErrConnectionDone)
	})
}

// dribble writes one byte at a time.
type dribble struct{ net.Conn }

func (d dribble) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := d.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

func TestTLSDribblingPeer(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				server := newProbe()
				server.data = echoBack
				client := w.client.Clone()
				client.MaxVersion = version.number
				conn := tls.Client(dribble{dial(t, w.listen(w.server, server))}, client)
				_, err := conn.Write(pattern(2000))
				w.check(err)
				got := make([]byte, 2000)
				_, err = io.ReadFull(conn, got)
				w.check(err)
				if !bytes.Equal(got, pattern(2000)) {
					t.Error("bytes came back changed")
				}
			})
		}
	})
}

func TestTLSMutual(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		w.server.ClientAuth, w.server.ClientCAs = tls.RequireAndVerifyClientCert, w.ca.Pool()
		server := newProbe()
		var info protocol.TLSInfo
		server.made = func(p *probe) { info, _ = p.Transport.TLS() }
		address := w.listen(w.server, server)
		mine := w.ca.Issue(t, testcert.Template{Names: []string{"client.test"}})
		client := w.client.Clone()
		client.Certificates = []tls.Certificate{mine.TLS}
		w.dialTLS(address, client)
		server.expect(t, "made", "shaken")
		if !info.PeerVerified || !bytes.Equal(info.PeerCertificate, mine.TLS.Leaf.Raw) {
			t.Errorf("session: %+v", info)
		}

		stranger := tls.Client(dial(t, address), w.client)
		_ = stranger.Handshake() // TLS 1.3 clients hear of the refusal after it
		if _, err := stranger.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("client without a certificate: %v", err)
		}
	})
}

func TestTLSServerName(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		w.server.Certificates = append(w.server.Certificates,
			w.ca.Issue(t, testcert.Template{Names: []string{"b.test"}}).TLS)
		address := w.listen(w.server, newProbe())
		for _, name := range []string{"a.test", "b.test"} {
			client := w.client.Clone()
			client.ServerName = name
			w.dialTLS(address, client) // verifies
		}
	})
}

// TestTLSRefusesOldVersions uses a client that would speak TLS 1.1, and a server that is configured to.
func TestTLSRefusesOldVersions(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		w.server.MinVersion = tls.VersionTLS10
		client := w.client.Clone()
		client.MinVersion, client.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		err := tls.Client(dial(t, w.listen(w.server, newProbe())), client).Handshake()
		if err == nil || !strings.Contains(err.Error(), "protocol version not supported") {
			t.Errorf("handshake: %v", err)
		}
	})
}

// TestTLSNoHandshake has peers that do not finish it: nothing is built for them, and they are closed.
func TestTLSNoHandshake(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for _, test := range []struct{ name, send string }{
			{"silent", ""},
			{"half a record", "\x16\x03\x01\x02\x00\x01"},
			{"no TLS", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"},
		} {
			t.Run(test.name, func(t *testing.T) {
				w := newTLSWorld(t, reactor.Config{Backend: backend, HandshakeTimeout: 50 * time.Millisecond})
				server := newProbe()
				conn := dial(t, w.listen(w.server, server))
				_, err := conn.Write([]byte(test.send))
				w.check(err)
				if _, err := io.ReadAll(conn); err != nil && !strings.Contains(err.Error(), "reset") {
					t.Errorf("read: %v", err)
				}
				if len(server.events) > 0 {
					t.Errorf("a protocol was told %v", <-server.events)
				}
				if !strings.Contains(w.log.String(), "a TLS handshake failed") {
					t.Error("the failure was not logged")
				}
			})
		}
	})
}

// closeAfter closes the connection when n bytes were written.
type closeAfter struct {
	net.Conn
	n int
}

func (c *closeAfter) Write(p []byte) (int, error) {
	n := min(c.n, len(p))
	_, _ = c.Conn.Write(p[:n]) // the server may have gone
	if c.n -= n; n < len(p) {
		c.Conn.Close()
		return n, net.ErrClosed
	}
	return n, nil
}

// TestTLSAbandonedHandshakes closes after every so many bytes. What the reactor would leave behind, goleak finds.
func TestTLSAbandonedHandshakes(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, version := range tlsVersions {
			t.Run(version.name, func(t *testing.T) {
				server := newProbe()
				address := w.listen(w.server, server)
				client := w.client.Clone()
				client.MaxVersion = version.number
				for n := 0; ; n += 13 {
					conn := tls.Client(&closeAfter{dial(t, address), n}, client)
					if conn.Handshake() == nil {
						break
					}
				}
				server.expect(t, "made", "shaken")
			})
		}
	})
}

// TestTLSCrowd has peers that begin a handshake and leave it there take every place there is.
func TestTLSCrowd(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		w := newTLSWorld(t, reactor.Config{Backend: backend, Handshakes: 2, HandshakeTimeout: patience})
		server := newProbe()
		address := w.listen(w.server, server)
		var stalled []net.Conn
		for range 4 {
			conn := dial(t, address)
			_ = tls.Client(deaf{conn}, w.client).Handshake() // sends the ClientHello and fails
			stalled = append(stalled, conn)
		}
		for _, conn := range stalled[:2] { // the answer shows that they have their places
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		w.dialTLS(address, w.client)
		server.expect(t, "made", "shaken")
	})
}

// deaf is a connection on which nothing ever comes.
type deaf struct{ net.Conn }

func (deaf) Read([]byte) (int, error) { return 0, io.EOF }

func TestTLSListenErrors(t *testing.T) {
	w := newTLSWorld(t, reactor.Config{})
	var err error
	_, err = w.ListenEndpoint(serverEndpoint(&tls.Config{}), newProbe())
	if protocol.ReasonOf(err) != protocol.ErrCannotListen || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("server without a certificate: %v", err)
	}
}
