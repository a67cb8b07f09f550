package reactor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestOneWritePerEvent: what one event writes, in whatever pieces, is queued and goes out in order.
func TestOneWritePerEvent(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		var want bytes.Buffer
		p.onMade = func(c *reactor.Conn) {
			c.Write([]byte("small"))
			if n := c.Buffered(); n != 5 {
				t.Errorf("%d bytes are queued within the event, want 5", n)
			}
			scratch := make([]byte, 100<<10)
			want.WriteString("small")
			for i := range 20 {
				for j := range scratch {
					scratch[j] = byte(i)
				}
				piece := scratch[:i*i*250]
				want.Write(piece)
				if n, err := c.Write(piece); n != len(piece) || err != nil {
					t.Errorf("Write: %d, %v", n, err)
				}
			}
			clear(scratch) // may be reused at once
			c.LoseConnection()
		}
		got, err := io.ReadAll(r.serve(p))
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("received %d bytes, %v; want %d", len(got), err, want.Len())
		}
		if n := wait(t, p.made, "ConnectionMade").BytesOut(); n != uint64(want.Len()) {
			t.Errorf("BytesOut is %d, want %d", n, want.Len())
		}
	})
}

// TestPushProducer: it is paused above the high-water mark and resumed at the low-water mark, alternately.
func TestPushProducer(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		const high, low, total = 48 << 10, 8 << 10, 12 << 20
		r := start(t, reactor.Config{Backend: backend, HighWater: high, LowWater: low, HardCap: high + 32<<10})
		p := newRecorder()
		piece := noise(16<<10, 1)
		sent, paused, pauses := 0, false, 0
		var produce func()
		push := &producer{onStop: func() { t.Error("StopProducing") }}
		push.onPause = func() {
			// On package net the queue gets shorter while the callback runs.
			if paused || backend != "net" && p.conn.Buffered() <= high {
				t.Errorf("PauseProducing with %d bytes queued, paused %v", p.conn.Buffered(), paused)
			}
			paused = true
			pauses++
		}
		push.onResume = func() {
			if !paused || p.conn.Buffered() > low {
				t.Errorf("ResumeProducing with %d bytes queued, paused %v", p.conn.Buffered(), paused)
			}
			paused = false
			produce()
		}
		// One piece a turn, so that the pause is heard between two.
		produce = func() {
			if paused {
				return
			}
			if sent == total {
				p.conn.UnregisterProducer()
				p.conn.LoseConnection()
				return
			}
			if _, err := p.conn.Write(piece); err != nil {
				t.Errorf("Write: %v", err)
				return
			}
			sent += len(piece)
			p.conn.Reactor().CallLater(0, produce)
		}
		p.onMade = func(c *reactor.Conn) {
			if err := c.RegisterProducer(push, true); err != nil {
				t.Error(err)
			}
			if err := c.RegisterProducer(push, true); !errors.Is(err, protocol.ErrProducerRegistered) {
				t.Errorf("a second producer: %v", err)
			}
			produce()
		}
		c := r.serve(p)
		n, err := io.Copy(io.Discard, c)
		if err != nil || n != total {
			t.Errorf("received %d bytes, %v; want %d", n, err, total)
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}

// TestPullProducer: it is asked for a piece whenever all output is gone, and its neighbours have their turns.
func TestPullProducer(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		neighbour := dial(t, r.listen(localhost, newEcho))
		p := newRecorder()
		endless := &producer{onPause: func() { t.Error("PauseProducing") }}
		endless.onResume = func() {
			if n := p.conn.Buffered(); n != 0 {
				t.Errorf("asked for more with %d bytes queued", n)
			}
			p.conn.Write([]byte("and so on "))
		}
		stopped := make(chan struct{})
		endless.onStop = func() { close(stopped) }
		p.onMade = func(c *reactor.Conn) { c.RegisterProducer(endless, false) }
		c := r.serve(p)
		for range 100 {
			expect(t, c, "and so on ")
		}
		exchange(t, neighbour, "hello", "hello")
		c.Close()
		wait(t, stopped, "StopProducing")
		wait(t, p.ended, "ConnectionLost")
	})
}

// TestProducerOnLostConnection is told to stop at once.
func TestProducerOnLostConnection(t *testing.T) {
	r := start(t, reactor.Config{})
	p := newRecorder()
	stopped := false
	p.onLost = func(error) {
		p.conn.RegisterProducer(&producer{onStop: func() { stopped = true }}, true)
		if !stopped {
			t.Error("no StopProducing")
		}
	}
	r.serve(p).Close()
	wait(t, p.ended, "ConnectionLost")
}

// TestHardCap: a protocol that writes without end to a peer that does not read is stopped, and bounded meanwhile.
func TestHardCap(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		var failure error
		p.onData = func(c *reactor.Conn, _ []byte) {
			if err := c.SetOutputLimits(1, 2, 3); err == nil {
				t.Error("a low-water mark above the high-water mark was accepted")
			}
			if err := c.SetOutputLimits(32<<10, 8<<10, 256<<10); err != nil {
				t.Error(err)
			}
			piece := make([]byte, 10<<10)
			for range 10000 {
				if _, failure = c.Write(piece); failure != nil {
					break
				}
				if n := c.Buffered(); n > 256<<10 {
					t.Errorf("%d bytes are queued", n)
				}
			}
		}
		fmt.Fprint(r.serve(p), "x")
		reason := wait(t, p.ended, "ConnectionLost")
		expectReason(t, reason, protocol.ErrLimit)
		if failure != reason {
			t.Errorf("Write failed with %v, ConnectionLost gave %v", failure, reason)
		}
	})
}

// TestOneHugeWrite: a single slice far beyond the hard cap is refused without being copied.
func TestOneHugeWrite(t *testing.T) {
	r := start(t, reactor.Config{HighWater: 1 << 10, HardCap: 1 << 10})
	p := newRecorder()
	p.onData = func(c *reactor.Conn, _ []byte) {
		if _, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("Write: %v", err)
		}
	}
	fmt.Fprint(r.serve(p), "x")
	expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrLimit)
}

func TestPauseReading(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		p.onMade = (*reactor.Conn).PauseReading
		c := r.serve(p)
		conn := wait(t, p.made, "ConnectionMade")
		fmt.Fprint(c, "patience")
		for range 3 {
			// Resumed and paused within one event is paused.
			r.onLoop(conn.Loop(), func() {
				conn.ResumeReading()
				conn.PauseReading()
			})
		}
		if len(p.data) > 0 {
			t.Errorf("received %q while paused", <-p.data)
		}
		r.onLoop(conn.Loop(), conn.ResumeReading)
		if got := wait(t, p.data, "data"); got != "patience" {
			t.Errorf("received %q", got)
		}
	})
}

// TestBackpressure: a peer that is not read from cannot send for ever.
func TestBackpressure(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		p.onMade = (*reactor.Conn).PauseReading
		total := 0
		p.onData = func(_ *reactor.Conn, data []byte) { total += len(data) }
		c := r.serve(p)
		const size = 64 << 20
		sent := make(chan error, 1)
		go func() {
			_, err := c.Write(make([]byte, size))
			c.Close()
			sent <- err
		}()
		conn := wait(t, p.made, "ConnectionMade")
		for range 100 {
			r.onLoop(conn.Loop(), func() {})
		}
		if len(sent) > 0 {
			t.Error("64 MiB were taken from the peer without being read")
		}
		r.onLoop(conn.Loop(), conn.ResumeReading)
		if err := wait(t, sent, "the end of sending"); err != nil {
			t.Error(err)
		}
		wait(t, p.ended, "ConnectionLost")
		if total != size {
			t.Errorf("received %d bytes, want %d", total, size)
		}
	})
}

// TestReadBuffer: bytes go into the protocol's own buffer, a nil one holds them until ResumeReading.
func TestReadBuffer(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := &bufferRecorder{recorder: newRecorder(), buf: make([]byte, 4)}
		c := r.serve(p)
		fmt.Fprint(c, "0123456789")
		for _, want := range []string{"0123", "4567", "89"} {
			if got := wait(t, p.data, "data"); got != want {
				t.Errorf("received %q, want %q", got, want)
			}
		}
		conn := wait(t, p.made, "ConnectionMade")
		r.onLoop(conn.Loop(), func() { p.buf, p.asked = nil, make(chan struct{}, 1024) })
		fmt.Fprint(c, "held")
		wait(t, p.asked, "ReadBuffer")
		for range 10 {
			r.onLoop(conn.Loop(), func() {})
		}
		if len(p.asked) > 0 {
			t.Error("ReadBuffer was asked again before ResumeReading")
		}
		r.onLoop(conn.Loop(), func() {
			p.buf = make([]byte, 100)
			conn.ResumeReading()
		})
		if got := wait(t, p.data, "data"); got != "held" {
			t.Errorf("received %q", got)
		}
		if n := conn.BytesIn(); n != 14 {
			t.Errorf("BytesIn is %d, want 14", n)
		}
	})
}

// bufferRecorder is a recorder with a receive buffer, which checks that the data it is given stands in it.
type bufferRecorder struct {
	*recorder
	buf   []byte
	asked chan struct{}
}

func (p *bufferRecorder) ReadBuffer() []byte {
	if p.asked != nil {
		p.asked <- struct{}{}
	}
	return p.buf
}

func (p *bufferRecorder) DataReceived(data []byte) {
	if &data[0] != &p.buf[0] {
		panic("the data is elsewhere")
	}
	p.recorder.DataReceived(data)
}
