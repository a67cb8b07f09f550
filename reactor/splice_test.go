package reactor_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// forward relays what connects to it to a server.
type forward struct {
	*recorder
	to   string
	tail *recorder // the protocol of the connection to the server
	err  chan error
}

func newForward(to string) *forward {
	f := &forward{recorder: newRecorder(), to: to, tail: newRecorder(), err: make(chan error, 1)}
	f.recorder.onMade = func(c *reactor.Conn) {
		c.PauseReading()
		f.tail.onMade = func(server *reactor.Conn) { f.err <- c.Splice(server) }
		if _, err := c.Loop().Connect(f.to, newClientFactory(f.tail)); err != nil {
			f.err <- err
		}
	}
	return f
}

// relay returns the two outer ends of a relay.
func relay(t *testing.T, r *running) (f *forward, client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f = newForward("tcp:" + l.Addr().String())
	client = dial(t, r.listen(localhost, func() protocol.Protocol { return f }))
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	if err := wait(t, f.err, "Splice"); err != nil {
		t.Fatal(err)
	}
	return f, client, server
}

func TestSplice(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		f, client, server := relay(t, r)
		exchange(t, client, "ping", "")
		expect(t, server, "ping")
		exchange(t, server, "pong", "")
		expect(t, client, "pong")

		// Much more than all buffers hold, both ways at a time.
		up, down := noise(8<<20, 1), noise(8<<20, 2)
		received := make(chan []byte, 2)
		for _, way := range []struct {
			from, to net.Conn
			data     []byte
		}{{client, server, up}, {server, client, down}} {
			go func() {
				way.from.Write(way.data)
				way.from.(*net.TCPConn).CloseWrite()
			}()
			go func() {
				got, err := io.ReadAll(way.to)
				if err != nil || !bytes.Equal(got, way.data) {
					t.Errorf("%d of %d bytes came through, %v", len(got), len(way.data), err)
				}
				received <- got
			}()
		}
		wait(t, received, "the end of a direction")
		wait(t, received, "the end of a direction")
		expectReason(t, wait(t, f.ended, "ConnectionLost"), protocol.ErrConnectionDone)
		expectReason(t, wait(t, f.tail.ended, "ConnectionLost"), protocol.ErrConnectionDone)
		if in, out := f.conn.BytesIn(), f.conn.BytesOut(); in != 4+8<<20 || out != 4+8<<20 {
			t.Errorf("%d bytes in, %d bytes out", in, out)
		}
	})
}

func TestSpliceHalfClose(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		_, client, server := relay(t, r)
		exchange(t, client, "request", "")
		client.(*net.TCPConn).CloseWrite()
		expect(t, server, "request")
		expectEnd(t, server)
		exchange(t, server, "answer", "")
		expect(t, client, "answer")
		server.Close()
		expectEnd(t, client)
	})
}

func TestSpliceLoss(t *testing.T) {
	ends := map[string]struct {
		do     func(f *forward, client, server net.Conn)
		reason protocol.Reason
	}{
		"the client resets": {func(_ *forward, client, _ net.Conn) {
			client.(*net.TCPConn).SetLinger(0)
			client.Close()
		}, protocol.ErrConnectionLost},
		"the server resets": {func(_ *forward, _, server net.Conn) {
			server.(*net.TCPConn).SetLinger(0)
			server.Close()
		}, protocol.ErrConnectionLost},
		"the relay aborts": {func(f *forward, _, _ net.Conn) {
			f.conn.Loop().CallFromThread(f.conn.AbortConnection)
		}, protocol.ErrConnectionAborted},
		"the relay closes": {func(f *forward, _, _ net.Conn) {
			f.conn.Loop().CallFromThread(f.conn.LoseConnection)
		}, protocol.ErrConnectionDone},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			onBackends(t, func(t *testing.T, backend string) {
				r := start(t, reactor.Config{Backend: backend})
				f, client, server := relay(t, r)
				exchange(t, client, "ping", "")
				expect(t, server, "ping")
				end.do(f, client, server)
				expectReason(t, wait(t, f.ended, "ConnectionLost"), end.reason)
				expectReason(t, wait(t, f.tail.ended, "ConnectionLost"), end.reason)
				for _, c := range []net.Conn{client, server} {
					if _, err := c.Read(make([]byte, 1)); err == nil {
						t.Error("an outer connection is still open")
					}
				}
			})
		})
	}
}

func TestSpliceErrors(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		var conns []*reactor.Conn
		for range 2 {
			p := newRecorder()
			dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			conns = append(conns, wait(t, p.made, "ConnectionMade"))
		}
		a, b := conns[0], conns[1]
		r.onLoop(r.Loops()[0], func() {
			if err := a.Splice(a); err == nil {
				t.Error("a connection was spliced with itself")
			}
			b.RegisterProducer(&producer{}, true)
			if err := a.Splice(b); !errors.Is(err, protocol.ErrProducerRegistered) {
				t.Errorf("with a producer: %v", err)
			}
			b.UnregisterProducer()
			if err := a.Splice(b); err != nil {
				t.Errorf("%v", err)
			}
			if _, err := a.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("Write after Splice: %v", err)
			}
			b.LoseConnection()
			if err := a.Splice(b); !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("after LoseConnection: %v", err)
			}
		})
	})
}

// noise is n bytes that do not repeat.
func noise(n int, seed byte) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}
