package reactor_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// away detaches, says so, and blocks until it may go on.
type away struct {
	gone chan struct{}
	back chan struct{}
}

func newAway() *away { return &away{gone: make(chan struct{}), back: make(chan struct{})} }

func (a *away) from(l *reactor.Loop) {
	l.Detach()
	close(a.gone)
	<-a.back
}

// TestDetach blocks one callback of each kind after Detach. The neighbour on the same loop must be served meanwhile,
// and what was under way when the callback left must go on afterwards.
func TestDetach(t *testing.T) {
	// Each case arranges for a.from to be called in a callback of r's only loop, and returns what is to be checked when
	// the callback has returned.
	cases := map[string]func(t *testing.T, r *running, a *away) (after func()){
		"DataReceived": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			p.onData = func(c *reactor.Conn, data []byte) {
				if string(data) == "go" {
					c.Write([]byte("staged"))
					a.from(c.Loop())
					if string(data) != "go" {
						t.Errorf("the data changed into %q", data)
					}
					return
				}
				c.Write(data)
			}
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			exchange(t, c, "go", "staged") // flushed although the callback is out
			return func() { exchange(t, c, "more", "more") }
		},
		"ConnectionMade": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			p.onMade = func(c *reactor.Conn) {
				c.Write([]byte("hello"))
				a.from(c.Loop())
			}
			p.onData = func(c *reactor.Conn, data []byte) { c.Write(data) }
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			expect(t, c, "hello")
			return func() { exchange(t, c, "more", "more") }
		},
		"ConnectionLost": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			p.onLost = func(error) { a.from(p.conn.Loop()) }
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			c.Close()
			return func() { expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone) }
		},
		"BuildProtocol": func(t *testing.T, r *running, a *away) func() {
			at := r.listen(localhost, func() protocol.Protocol {
				a.from(r.Loops()[0])
				return newEcho()
			})
			c := dial(t, at)
			return func() { exchange(t, c, "late", "late") }
		},
		"ReadBuffer": func(t *testing.T, r *running, a *away) func() {
			p := &provider{echo: echo{}, buf: make([]byte, 16)}
			p.before = func() {
				p.before = nil
				a.from(p.Transport.Reactor().(*reactor.Loop))
			}
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			fmt.Fprint(c, "hello")
			return func() { expect(t, c, "hello") }
		},
		"timer": func(t *testing.T, r *running, a *away) func() {
			l := r.Loops()[0]
			fired := make(chan struct{})
			l.CallFromThread(func() {
				l.CallLater(0, func() { a.from(l) })
				l.CallLater(0, func() { close(fired) })
			})
			return func() { wait(t, fired, "the timer after the one that detached") }
		},
		"posted function": func(t *testing.T, r *running, a *away) func() {
			l := r.Loops()[0]
			called := make(chan struct{})
			l.CallFromThread(func() {
				l.CallFromThread(func() { a.from(l) })
				l.CallFromThread(func() { close(called) })
			})
			return func() { wait(t, called, "the function after the one that detached") }
		},
		"PauseProducing": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			produced := &producer{onPause: func() { a.from(p.conn.Loop()) }}
			p.onMade = func(c *reactor.Conn) {
				c.RegisterProducer(produced, true)
				overflow(c)
			}
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			return func() { swallow(t, c, 1) }
		},
		"ResumeProducing": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			produced := &producer{onResume: func() { a.from(p.conn.Loop()) }}
			p.onMade = func(c *reactor.Conn) {
				c.RegisterProducer(produced, true)
				overflow(c)
			}
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			go io.Copy(io.Discard, c)
			return func() { c.Close() }
		},
		"StopProducing": func(t *testing.T, r *running, a *away) func() {
			p := newRecorder()
			p.onMade = func(c *reactor.Conn) {
				c.RegisterProducer(&producer{onStop: func() { a.from(p.conn.Loop()) }}, true)
			}
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			c.Close()
			return func() { expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone) }
		},
		"ReadConnectionLost": func(t *testing.T, r *running, a *away) func() {
			p := &halfRecorder{recorder: newRecorder()}
			p.onReadLost = func() { a.from(p.conn.Loop()) }
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			c.(*net.TCPConn).CloseWrite()
			return func() {
				r.onLoop(r.Loops()[0], func() { p.conn.Write([]byte("still here")) })
				expect(t, c, "still here")
			}
		},
		"WriteConnectionLost": func(t *testing.T, r *running, a *away) func() {
			p := &halfRecorder{recorder: newRecorder()}
			p.onMade = func(c *reactor.Conn) { c.LoseWriteConnection() }
			p.onWriteLost = func() { a.from(p.conn.Loop()) }
			c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
			expectEnd(t, c)
			return func() {
				fmt.Fprint(c, "still here")
				if got := wait(t, p.data, "data"); got != "still here" {
					t.Errorf("received %q", got)
				}
			}
		},
		"resolved": func(t *testing.T, r *running, a *away) func() {
			l := r.Loops()[0]
			l.CallFromThread(func() { l.Resolve("some.name", func([]string, error) { a.from(l) }) })
			return func() {}
		},
		"StartedConnecting": func(t *testing.T, r *running, a *away) func() {
			at := r.listen(localhost, newEcho)
			f := newClientFactory(newRecorder())
			f.onStarted = func() { a.from(r.Loops()[0]) }
			r.connect(f, at)
			return func() { wait(t, f.p.made, "ConnectionMade") }
		},
	}
	for name, arrange := range cases {
		t.Run(name, func(t *testing.T) {
			onBackends(t, func(t *testing.T, backend string) {
				r := start(t, reactor.Config{Backend: backend, Loops: 1, Resolver: instantResolver{}})
				neighbour := dial(t, r.listen(localhost, newEcho))
				exchange(t, neighbour, "before", "before")
				a := newAway()
				after := arrange(t, r, a)
				wait(t, a.gone, "the callback")
				for i := range 20 {
					line := fmt.Sprintf("while it is out %d", i)
					exchange(t, neighbour, line, line)
				}
				close(a.back)
				exchange(t, neighbour, "after", "after")
				after()
			})
		})
	}
}

// TestDetachThenPanic ends a detached callback in a panic: its connection ends, in the loop's own time.
func TestDetachThenPanic(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		p := newRecorder()
		back := make(chan struct{})
		p.onData = func(c *reactor.Conn, _ []byte) {
			c.Loop().Detach()
			<-back
			panic("late")
		}
		c := dial(t, r.listen(localhost, func() protocol.Protocol { return p }))
		fmt.Fprint(c, "x")
		neighbour := dial(t, r.listen(localhost, newEcho))
		exchange(t, neighbour, "hello", "hello")
		close(back)
		reason := wait(t, p.ended, "ConnectionLost")
		expectReason(t, reason, protocol.ErrConnectionLost)
		exchange(t, neighbour, "hello", "hello")
	})
}

// TestDetachManyTimes moves the loop on from goroutine to goroutine under load.
func TestDetachManyTimes(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		at := r.listen(localhost, func() protocol.Protocol {
			p := newRecorder()
			p.onData = func(c *reactor.Conn, data []byte) {
				answer := string(data)
				l := c.Loop()
				l.Detach()
				l.CallFromThread(func() { c.Write([]byte(answer)) })
			}
			return p
		})
		done := make(chan struct{})
		const clients = 8
		for range clients {
			c := dial(t, at)
			go func() {
				defer func() { done <- struct{}{} }()
				buf := make([]byte, 5)
				for i := range 200 {
					want := fmt.Sprintf("%05d", i)
					fmt.Fprint(c, want)
					if _, err := io.ReadFull(c, buf); err != nil || string(buf) != want {
						t.Errorf("received %q, %v; want %q", buf, err, want)
						return
					}
				}
			}()
		}
		for range clients {
			wait(t, done, "the end of a client")
		}
	})
}
