package reactor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serve opens a server of one connection, whose protocol is p, and connects to it.
func (r *running) serve(p protocol.Protocol) net.Conn {
	r.t.Helper()
	return dial(r.t, r.listen(localhost, func() protocol.Protocol { return p }))
}

// TestLoseConnection: everything that was written arrives, then the end; nothing is read any more, and what is written
// afterwards is refused.
func TestLoseConnection(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		page := noise(16<<20, 1)
		p.onData = func(c *reactor.Conn, data []byte) {
			if string(data) != "get" {
				t.Errorf("received %q, want one request", data)
				return
			}
			if n, err := c.Write(page); n != len(page) || err != nil {
				t.Errorf("Write: %d, %v", n, err)
			}
			c.LoseConnection()
			c.LoseConnection()
			if !c.Disconnecting() {
				t.Error("Disconnecting is false")
			}
			if n, err := c.Write([]byte("late")); n != 0 || !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("Write after LoseConnection: %d, %v", n, err)
			}
		}
		c := r.serve(p)
		fmt.Fprint(c, "get")
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, page) {
			t.Errorf("received %d bytes, %v; want %d", len(got), err, len(page))
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}

// TestLoseConnectionStopsReading: what comes while the last output is flushed is not delivered.
func TestLoseConnectionStopsReading(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		p.onData = func(c *reactor.Conn, data []byte) {
			if string(data) != "get" {
				t.Errorf("received %q after LoseConnection", data)
			}
			c.Write(make([]byte, 16<<20))
			c.LoseConnection()
		}
		c := r.serve(p)
		fmt.Fprint(c, "get")
		swallow(t, c, 1)
		fmt.Fprint(c, "more")
		io.Copy(io.Discard, c) // the unread bytes may turn the close into a reset
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}

// TestLoseConnectionWaitsForProducer: the producer goes on until it unregisters.
func TestLoseConnectionWaitsForProducer(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		left := 5
		pull := &producer{onStop: func() { t.Error("StopProducing") }}
		pull.onResume = func() {
			fmt.Fprint(p.conn, "piece ")
			if left--; left == 0 {
				p.conn.UnregisterProducer()
				if _, err := p.conn.Write([]byte("late")); !errors.Is(err, protocol.ErrClosed) {
					t.Errorf("Write after the producer: %v", err)
				}
			}
		}
		p.onMade = func(c *reactor.Conn) {
			c.RegisterProducer(pull, false)
			c.LoseConnection()
		}
		c := r.serve(p)
		expect(t, c, "piece piece piece piece piece ")
		expectEnd(t, c)
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}

// TestAbortConnection: what is queued is dropped, the peer is reset, and ConnectionLost comes later, once.
func TestAbortConnection(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		inside := false
		p.onData = func(c *reactor.Conn, _ []byte) {
			inside = true
			fmt.Fprint(c, "dropped")
			c.AbortConnection()
			c.AbortConnection()
			c.LoseConnection()
			if n := c.Buffered(); n != 0 {
				t.Errorf("%d bytes are buffered", n)
			}
			if _, err := c.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
				t.Errorf("Write after AbortConnection: %v", err)
			}
			inside = false
		}
		p.onLost = func(error) {
			if inside {
				t.Error("ConnectionLost inside of AbortConnection's caller")
			}
			p.conn.Write([]byte("nobody reads this"))
			p.conn.LoseConnection()
			p.conn.AbortConnection()
		}
		c := r.serve(p)
		fmt.Fprint(c, "x")
		if rest, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) || len(rest) > 0 {
			t.Errorf("received %q, %v; want a reset", rest, err)
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionAborted)
		r.onLoop(p.conn.Loop(), func() {})
		if len(p.ended) > 0 {
			t.Error("ConnectionLost came twice")
		}
	})
}

// TestAbortDuringEachEvent: from wherever the connection is aborted, ConnectionLost comes once and last.
func TestAbortDuringEachEvent(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		for name, set := range map[string]func(p *halfRecorder){
			"ConnectionMade": func(p *halfRecorder) { p.onMade = (*reactor.Conn).AbortConnection },
			"DataReceived": func(p *halfRecorder) {
				p.onData = func(c *reactor.Conn, _ []byte) { c.AbortConnection() }
			},
			"ReadConnectionLost": func(p *halfRecorder) { p.onReadLost = func() { p.conn.AbortConnection() } },
			"WriteConnectionLost": func(p *halfRecorder) {
				p.onMade = (*reactor.Conn).LoseWriteConnection
				p.onWriteLost = func() { p.conn.AbortConnection() }
			},
			"ResumeProducing": func(p *halfRecorder) {
				p.onMade = func(c *reactor.Conn) {
					c.RegisterProducer(&producer{onResume: c.AbortConnection}, false)
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				p := &halfRecorder{recorder: newRecorder()}
				set(p)
				poke(t, r.listen(localhost, func() protocol.Protocol { return p }))
				expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionAborted)
				r.onLoop(p.conn.Loop(), func() {})
				if len(p.ended) > 0 {
					t.Error("ConnectionLost came twice")
				}
			})
		}
	})
}

// poke sends a byte and the end of the stream to a server that may reset the connection at any time, and returns the
// error that it sees.
func poke(t *testing.T, a protocol.Address) error {
	t.Helper()
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		return err
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprint(c, "x")
	c.(*net.TCPConn).CloseWrite()
	_, err = io.Copy(io.Discard, c)
	return err
}

// TestDataBeforeEnd: bytes that arrive together with the end of the stream are delivered before the loss.
func TestDataBeforeEnd(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		resume := make(chan struct{})
		p.onMade = func(c *reactor.Conn) {
			c.PauseReading()
			close(resume)
		}
		c := r.serve(p)
		data := noise(300<<10, 1)
		got := make([]byte, 0, len(data))
		p.onData = func(_ *reactor.Conn, piece []byte) {
			if len(piece) > 64<<10 {
				t.Errorf("a piece of %d bytes", len(piece))
			}
			got = append(got, piece...)
		}
		wait(t, resume, "ConnectionMade")
		if _, err := c.Write(data); err != nil {
			t.Fatal(err)
		}
		c.Close()
		conn := wait(t, p.made, "ConnectionMade")
		r.onLoop(conn.Loop(), conn.ResumeReading)
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
		if !bytes.Equal(got, data) {
			t.Errorf("received %d bytes, want %d", len(got), len(data))
		}
	})
}

// TestOutputAfterPeerHalfClose: a peer that has sent all it has still gets the whole answer, also of a protocol that
// does not know of half-closed connections.
func TestOutputAfterPeerHalfClose(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		answer := noise(16<<20, 1)
		p.onData = func(c *reactor.Conn, _ []byte) { c.Write(answer) }
		c := r.serve(p)
		fmt.Fprint(c, "get")
		c.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, answer) {
			t.Errorf("received %d bytes, %v; want %d", len(got), err, len(answer))
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}

func TestHalfClose(t *testing.T) {
	for name, first := range map[string]string{"the peer first": "peer", "we first": "we"} {
		t.Run(name, func(t *testing.T) {
			onBackends(t, func(t *testing.T, backend string) {
				r := start(t, reactor.Config{Backend: backend})
				p := &halfRecorder{recorder: newRecorder()}
				var events []string
				note := func(name string) func() { return func() { events = append(events, name) } }
				readLost := make(chan struct{})
				p.onReadLost = func() {
					note("read")()
					close(readLost)
				}
				p.onWriteLost = note("write")
				c := r.serve(p)
				conn := wait(t, p.made, "ConnectionMade")
				we := func() {
					r.onLoop(conn.Loop(), func() {
						fmt.Fprint(conn, "bye")
						conn.LoseWriteConnection()
						if _, err := conn.Write([]byte("late")); !errors.Is(err, protocol.ErrClosed) {
							t.Errorf("Write after LoseWriteConnection: %v", err)
						}
					})
					expect(t, c, "bye")
					expectEnd(t, c)
				}
				peer := func() {
					fmt.Fprint(c, "done")
					if got := wait(t, p.data, "data"); got != "done" {
						t.Errorf("received %q", got)
					}
					c.(*net.TCPConn).CloseWrite()
					wait(t, readLost, "ReadConnectionLost")
				}
				want := "[write read]"
				if first == "peer" {
					want = "[read write]"
					peer()
					we()
				} else {
					we()
					peer()
				}
				expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
				if got := fmt.Sprint(events); got != want {
					t.Errorf("events %s, want %s", got, want)
				}
			})
		})
	}
}

// TestReset: a peer's reset is an unclean loss, on a connection that reads as well as on one that only waits to write.
func TestReset(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		c := r.serve(p)
		wait(t, p.made, "ConnectionMade")
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)

		p = newRecorder()
		p.onMade = func(c *reactor.Conn) {
			c.PauseReading()
			c.Write(make([]byte, 16<<20)) // more than the kernel takes
		}
		c = r.serve(p)
		wait(t, p.made, "ConnectionMade")
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)
	})
}

// TestPanic: only the connection whose protocol panicked is lost, and the log says where it happened.
func TestPanic(t *testing.T) {
	cause := errors.New("boom")
	for name, set := range map[string]func(p *recorder){
		"ConnectionMade": func(p *recorder) { p.onMade = func(*reactor.Conn) { panic(cause) } },
		"DataReceived":   func(p *recorder) { p.onData = func(*reactor.Conn, []byte) { panic(cause) } },
		"ConnectionLost": func(p *recorder) { p.onLost = func(error) { p.ended <- cause; panic(cause) } },
		"a goroutine's end": func(p *recorder) {
			p.onData = func(c *reactor.Conn, _ []byte) {
				p.ended <- cause
				runtime.Goexit()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onBackends(t, func(t *testing.T, backend string) {
				r := start(t, reactor.Config{Backend: backend, Loops: 1})
				neighbour := dial(t, r.listen(localhost, newEcho))
				p := newRecorder()
				set(p)
				poke(t, r.listen(localhost, func() protocol.Protocol { return p }))
				reason := wait(t, p.ended, "ConnectionLost")
				if !errors.Is(reason, cause) {
					t.Errorf("the reason %v does not wrap the panic's value", reason)
				}
				exchange(t, neighbour, "hello", "hello")
				if name != "a goroutine's end" {
					r.logged("panic in a protocol", "boom", "close_test.go")
				}
			})
		})
	}
	t.Run("BuildProtocol", func(t *testing.T) {
		onBackends(t, func(t *testing.T, backend string) {
			r := start(t, reactor.Config{Backend: backend, Loops: 1})
			neighbour := dial(t, r.listen(localhost, newEcho))
			if err := poke(t, r.listen(localhost, func() protocol.Protocol { panic(cause) })); err == nil {
				t.Error("no reset")
			}
			exchange(t, neighbour, "hello", "hello")
		})
	})
}

// TestRefusedByFactory: a nil protocol closes the connection without a byte.
func TestRefusedByFactory(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		expectEnd(t, dial(t, r.listen(localhost, func() protocol.Protocol { return nil })))
	})
}
