package reactor_test

import (
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// reset closes c so that the peer is told that the connection was aborted.
func reset(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// unread are the ways not to read a connection after its first byte.
var unread = map[string]func(p *recorder) protocol.Protocol{
	"paused": func(p *recorder) protocol.Protocol {
		p.onData = func(c *reactor.Conn, data []byte) {
			c.PauseReading()
			c.Write(data)
		}
		return p
	},
	"no buffer": func(p *recorder) protocol.Protocol {
		h := &holder{recorder: p, buf: make([]byte, 1)}
		p.onData = func(c *reactor.Conn, data []byte) {
			c.Write(data)
			h.buf = nil
		}
		return h
	},
	"losing": func(p *recorder) protocol.Protocol {
		p.onData = func(c *reactor.Conn, data []byte) {
			if err := c.RegisterProducer(&producer{}, true); err != nil {
				panic(err)
			}
			c.Write(data)
			c.LoseConnection()
		}
		return p
	},
}

// holder is a recorder with a receive buffer of its own, or none at the moment.
type holder struct {
	*recorder
	buf []byte
}

func (h *holder) ReadBuffer() []byte { return h.buf }

// TestResetUnread: a reset is noticed although the connection is not read.
func TestResetUnread(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for name, build := range unread {
			t.Run(name, func(t *testing.T) {
				r := start(t, reactor.Config{Backend: backend})
				p := newRecorder()
				c := dial(t, r.listen(localhost, func() protocol.Protocol { return build(p) }))
				exchange(t, c, "x", "x")
				reset(t, c)
				expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)
			})
		}
	})
}

// TestResetUnreadFromTheStart: the same for a connection that was never read.
func TestResetUnreadFromTheStart(t *testing.T) {
	r := start(t, reactor.Config{Backend: "epoll"})
	p := newRecorder()
	p.onMade = func(c *reactor.Conn) { c.PauseReading() }
	c := r.serve(p)
	wait(t, p.made, "ConnectionMade")
	reset(t, c)
	expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)
}

// TestResetBehindData: what came before the reset is delivered when reading is resumed, and the reset after it.
func TestResetBehindData(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		neighbour := dial(t, r.listen(localhost, newEcho))
		p := newRecorder()
		p.onData = func(c *reactor.Conn, data []byte) {
			c.PauseReading()
			c.Write(data)
			p.data <- string(data)
		}
		c := r.serve(p)
		exchange(t, c, "x", "x")
		wait(t, p.data, "DataReceived")
		if _, err := io.WriteString(c, "rest"); err != nil {
			t.Fatal(err)
		}
		reset(t, c)
		exchange(t, neighbour, "y", "y") // the loop has waited since
		select {
		case err := <-p.ended:
			t.Fatalf("lost with data to be read: %v", err)
		default:
		}
		r.onLoop(r.Loops()[0], p.conn.ResumeReading)
		if got := wait(t, p.data, "DataReceived"); got != "rest" {
			t.Errorf("received %q, want the rest", got)
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)
	})
}

// TestResetBehindPlaintext: the same for what a TLS session holds while its socket has nothing more.
func TestResetBehindPlaintext(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		p := newRecorder()
		h := &holder{recorder: p, buf: make([]byte, 1)}
		p.onData = func(c *reactor.Conn, data []byte) {
			c.PauseReading()
			p.data <- string(data)
		}
		c := w.dialTLS(w.listen(w.server, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return h })), w.client)
		if _, err := io.WriteString(c, "xy"); err != nil {
			t.Fatal(err)
		}
		if got := wait(t, p.data, "DataReceived"); got != "x" {
			t.Fatalf("received %q, want the first byte", got)
		}
		reset(t, c.NetConn().(strictEOF).Conn)
		neighbour := newProbe()
		w.dialTLS(w.listen(w.server, neighbour), w.client)
		neighbour.expect(t, "made")
		w.on(func(*reactor.Loop) { p.conn.ResumeReading() })
		if got := wait(t, p.data, "DataReceived"); got != "y" {
			t.Fatalf("received %q, want the second byte", got)
		}
		w.on(func(*reactor.Loop) { p.conn.ResumeReading() })
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionLost)
	})
}
