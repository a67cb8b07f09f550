package tlsengine

import (
	"bytes"
	"crypto/tls"
	"io"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var versions = []struct {
	name   string
	number uint16
}{{"TLS 1.2", tls.VersionTLS12}, {"TLS 1.3", tls.VersionTLS13}}

var chunks = []struct {
	name string
	size int
}{{"whole", MaxFeed}, {"3 bytes", 3}, {"1 byte", 1}}

// pattern is n bytes that do not repeat with the size of a record.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func TestTransfer(t *testing.T) {
	for _, version := range versions {
		for _, chunk := range chunks {
			t.Run(version.name+", "+chunk.name, func(t *testing.T) {
				w := newWorld(t)
				w.server.MaxVersion = version.number
				w.server.NextProtos = []string{"b", "a"}
				w.client.NextProtos = []string{"a"}
				l := w.link(t, chunk.size)
				l.until(l.established)

				up, down := pattern(100_000), pattern(70_001)
				if err := l.client.session.Write(up); err != nil {
					t.Fatal(err)
				}
				if err := l.server.session.Write(down); err != nil {
					t.Fatal(err)
				}
				l.until(func() bool {
					return len(l.server.received) == len(up) && len(l.client.received) == len(down)
				})
				if !bytes.Equal(l.server.received, up) || !bytes.Equal(l.client.received, down) {
					t.Error("bytes arrived changed")
				}
				info := l.client.session.Info()
				if info.Version != version.name || info.ALPN != "a" || info.ServerName != "a.test" || info.CipherSuite == "" ||
					!info.PeerVerified || !bytes.Equal(info.PeerCertificate, w.server.Certificates[0].Leaf.Raw) {
					t.Errorf("client's session: %+v", info)
				}
				info = l.server.session.Info()
				if info.Version != version.name || info.ALPN != "a" || info.ServerName != "a.test" ||
					info.PeerVerified || info.PeerCertificate != nil {
					t.Errorf("server's session: %+v", info)
				}
			})
		}
	}
}

// TestHandOver has plaintext arrive together with the end of the handshake, and no ciphertext after it.
func TestHandOver(t *testing.T) {
	for _, version := range versions {
		for _, chunk := range chunks {
			t.Run(version.name+", "+chunk.name, func(t *testing.T) {
				w := newWorld(t)
				w.server.MaxVersion = version.number
				l := w.link(t, chunk.size)
				if err := l.client.session.Write([]byte("x")); err != protocol.ErrClosed {
					t.Fatalf("write before the handshake: %v", err)
				}
				hello := pattern(15_000)
				l.until(l.client.session.Established)
				if err := l.client.session.Write(hello); err != nil {
					t.Fatal(err)
				}
				l.client.session.CloseWrite()
				l.until(func() bool { return l.server.err != nil })
				if !bytes.Equal(l.server.received, hello) || l.server.err != io.EOF {
					t.Fatalf("%d bytes and %v, want %d and EOF", len(l.server.received), l.server.err, len(hello))
				}
			})
		}
	}
}

// TestStoppedReading stops in the middle of a feed and goes on later, while another session is fed.
func TestStoppedReading(t *testing.T) {
	w := newWorld(t)
	one, two := w.link(t, MaxFeed), w.link(t, MaxFeed)
	one.until(one.established)
	two.until(two.established)
	sent := pattern(60_000)
	for _, l := range []link{one, two} {
		l.carry()
		if err := l.client.session.Write(sent); err != nil {
			t.Fatal(err)
		}
	}
	var got []byte
	small := make([]byte, 1000)
	read := func(n int) {
		for range n {
			n, err := one.server.session.Read(small)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, small[:n]...)
		}
	}
	one.server.session.Feed(copy(one.server.session.Space(), one.client.out))
	read(30)
	two.carry()
	if space := one.server.session.Space(); space != nil {
		t.Fatalf("space for %d bytes with ciphertext unread", len(space))
	}
	read(30)
	read(1)
	if !bytes.Equal(got, sent) || !bytes.Equal(two.server.received, sent) {
		t.Fatalf("%d and %d bytes arrived, some changed", len(got), len(two.server.received))
	}
	if len(w.buffers.free) != 2 {
		t.Errorf("%d free buffers after reading all, want 2", len(w.buffers.free))
	}
	if got := len(one.server.session.Space()); got != MaxFeed {
		t.Errorf("space for %d bytes after reading all", got)
	}
}

func TestEndOfStream(t *testing.T) {
	for _, version := range versions {
		t.Run(version.name, func(t *testing.T) {
			w := newWorld(t)
			w.server.MaxVersion = version.number
			for _, test := range []struct {
				name string
				end  func(l link)
				want error
			}{
				{"close_notify", func(l link) { l.client.session.CloseWrite(); l.carry() }, io.EOF},
				{"close_notify and end", func(l link) {
					l.client.session.CloseWrite()
					l.carry()
					l.server.session.FeedEOF()
				}, io.EOF},
				{"end", func(l link) { l.server.session.FeedEOF() }, ErrTruncated},
				{"end in a record", func(l link) {
					l.carry()
					if err := l.client.session.Write([]byte("cut")); err != nil {
						t.Fatal(err)
					}
					l.client.out = l.client.out[:10]
					l.carry()
					l.server.session.FeedEOF()
				}, ErrTruncated},
			} {
				t.Run(test.name, func(t *testing.T) {
					l := w.link(t, MaxFeed)
					l.until(l.established)
					if err := l.client.session.Write([]byte("last words")); err != nil {
						t.Fatal(err)
					}
					test.end(l)
					l.carry()
					l.server.read()
					l.server.read()
					if l.server.err != test.want || !l.server.session.Ended() || string(l.server.received) != "last words" {
						t.Errorf("%q and %v, want %v", l.server.received, l.server.err, test.want)
					}
				})
			}
		})
	}
}

func TestHalfClose(t *testing.T) {
	w := newWorld(t)
	l := w.link(t, MaxFeed)
	l.until(l.established)
	l.client.session.CloseWrite()
	l.client.session.CloseWrite()
	l.carry()
	if l.server.err != io.EOF {
		t.Fatalf("server's end: %v", l.server.err)
	}
	if err := l.server.session.Write([]byte("still here")); err != nil {
		t.Fatal(err)
	}
	l.carry()
	if string(l.client.received) != "still here" {
		t.Errorf("client got %q after its half-close", l.client.received)
	}
	if err := l.client.session.Write([]byte("x")); err != protocol.ErrClosed {
		t.Errorf("write after CloseWrite: %v", err)
	}
}
