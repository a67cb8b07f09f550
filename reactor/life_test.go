package reactor_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]reactor.Config{
		"backend":      {Backend: "io_uring"},
		"loops":        {Loops: -1},
		"threads":      {Threads: -1},
		"water marks":  {HighWater: 10, LowWater: 11},
		"the hard cap": {HighWater: 10, LowWater: 5, HardCap: 9},
	} {
		if _, err := reactor.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestNotRunning: before Run and after it there is nothing to stop; a second Run is refused.
func TestNotRunning(t *testing.T) {
	r := prepare(t, reactor.Config{})
	for name, f := range map[string]func() error{
		"Stop": r.Stop, "Drain": func() error { return r.Drain(time.Hour) }, "Loop.Stop": func() error { return r.Loops()[0].Stop(1) },
	} {
		if err := f(); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("%s before Run: %v", name, err)
		}
	}
	r.run()
	r.onLoop(r.Loops()[0], func() {
		if err := r.Loops()[0].Stop(3); err != nil {
			t.Error(err)
		}
		if err := r.Loops()[0].Stop(4); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("a second Stop: %v", err)
		}
	})
	r.ended()
	if r.Status() != 3 {
		t.Errorf("status %d, want 3", r.Status())
	}
	if err := r.Run(); !errors.Is(err, protocol.ErrNotRestartable) {
		t.Errorf("Run again: %v", err)
	}
	if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("Stop after Run: %v", err)
	}
	if _, err := r.Listen(localhost, &echoFactory{}); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("Listen after Run: %v", err)
	}
	// What is posted to a loop that has ended is dropped.
	r.CallFromThread(func() { t.Error("was called") })
	r.HandleSignals(0)
}

type echoFactory struct{}

func (*echoFactory) BuildProtocol(protocol.Address) protocol.Protocol { return newEcho() }

// TestBeforeRun: what is asked for before Run happens when it starts.
func TestBeforeRun(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := prepare(t, reactor.Config{Backend: backend, Loops: 2})
		at := r.listen(localhost, newEcho)
		called, fired := make(chan struct{}), make(chan struct{})
		r.CallWhenRunning(func() { close(called) })
		l := r.Loops()[1]
		l.CallLater(0, func() { close(fired) })
		f := newClientFactory(newRecorder())
		if _, err := l.Connect("tcp:"+at.String(), f); err != nil {
			t.Fatal(err)
		}
		accepted := make(chan *reactor.Conn, 3)
		pinned, err := l.Listen(localhost, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			p := newRecorder()
			p.onMade = func(c *reactor.Conn) { accepted <- c }
			return p
		}))
		if err != nil {
			t.Fatal(err)
		}
		waiting := dial(t, at)
		fmt.Fprint(waiting, "early")
		r.run()
		expect(t, waiting, "early")
		wait(t, called, "CallWhenRunning")
		wait(t, fired, "a timer")
		if conn := wait(t, f.p.made, "ConnectionMade"); conn.Loop() != l || conn.Reactor() != protocol.Reactor(l) {
			t.Error("the connection is on another loop than its connector")
		}
		for range 3 {
			dial(t, pinned.Host())
			if conn := wait(t, accepted, "ConnectionMade"); conn.Loop() != l || conn.Loop().ID() != 1 {
				t.Error("a connection is on another loop than its port")
			}
		}
	})
}

// TestStop: connections get what was written to them, and hear why they end.
func TestStop(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		p.onData = func(c *reactor.Conn, _ []byte) {
			c.Write(make([]byte, 8<<20))
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
		}
		c := r.serve(p)
		fmt.Fprint(c, "x")
		if n, err := io.Copy(io.Discard, c); err != nil || n != 8<<20 {
			t.Errorf("received %d bytes, %v", n, err)
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrShutdown)
		r.ended()
	})
}

// TestDrain: no new connections, time for the old ones, and the end as soon as they are done.
func TestDrain(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 2})
		at := r.listen(localhost, newEcho)
		a, b := dial(t, at), dial(t, at)
		exchange(t, a, "a", "a")
		exchange(t, b, "b", "b")
		if err := r.Drain(time.Hour); err != nil {
			t.Fatal(err)
		}
		if c, err := net.Dial(at.Network(), at.String()); err == nil {
			// A connection made before the listener was closed is turned away.
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("a new connection is served")
			}
			c.Close()
		}
		exchange(t, a, "still", "still")
		a.Close()
		exchange(t, b, "there", "there")
		b.Close()
		r.ended()
	})
}

// TestDrainDeadline: connections that do not end are closed.
func TestDrainDeadline(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		p := newRecorder()
		c := r.serve(p)
		wait(t, p.made, "ConnectionMade")
		if err := r.Drain(10 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrShutdown)
		expectEnd(t, c)
		r.ended()
	})
}

// TestDrainTwice: the second call aborts also what cannot be flushed.
func TestDrainTwice(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		p := newRecorder()
		p.onMade = func(c *reactor.Conn) { c.Write(make([]byte, 16<<20)) }
		r.serve(p)
		wait(t, p.made, "ConnectionMade")
		f := newClientFactory(newRecorder())
		r.connectText(f, "tcp:"+silentListener(t))
		wait(t, f.p.made, "ConnectionMade")
		for range 2 {
			if err := r.Drain(time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrShutdown)
		expectReason(t, wait(t, f.lost, "ClientConnectionLost"), protocol.ErrShutdown)
		r.ended()
	})
}

// silentListener is the address of a listener that accepts nobody.
func silentListener(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// TestStopWhileConnecting: an attempt that is under way fails, and new ones are not begun.
func TestStopWhileConnecting(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		block := make(chan struct{})
		r := start(t, reactor.Config{Backend: backend, Resolver: blockingResolver{block}})
		f := newClientFactory(newRecorder())
		f.onFailed = func(c protocol.Connector) { c.Connect() }
		r.connectText(f, "tcp:some.test:9")
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrShutdown)
		close(block)
		r.ended()
	})
}

func TestSignals(t *testing.T) {
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	r := prepare(t, reactor.Config{})
	r.HandleSignals(time.Hour)
	draining := make(chan struct{})
	r.trigger(reactor.During, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
		close(draining)
		return nil
	})
	r.run()
	p := newRecorder()
	r.serve(p)
	wait(t, p.made, "ConnectionMade")
	if err := self.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	wait(t, draining, "the shutdown")
	if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("Stop after a signal: %v", err)
	}
	if len(p.ended) > 0 {
		t.Error("the first signal ended a connection that has time")
	}
	if err := self.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	expectReason(t, wait(t, p.ended, "ConnectionLost"), protocol.ErrShutdown)
	r.ended()
}
