package trial

import (
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Reactor is a reactor that runs in the background until the test ends.
type Reactor struct {
	*reactor.Reactor
	t     testing.TB
	ended chan struct{} // closed when Run has returned
	err   error         // of Run
	log   lines
}

// Start runs a reactor of one loop, or as many as cfg says. It is stopped at once when the test ends, unless it was
// before.
func Start(t testing.TB, cfg reactor.Config) *Reactor {
	t.Helper()
	r := Prepare(t, cfg)
	r.Begin()
	return r
}

// Prepare makes a reactor that does not run yet.
func Prepare(t testing.TB, cfg reactor.Config) *Reactor {
	t.Helper()
	r := &Reactor{t: t, ended: make(chan struct{})}
	cfg.Logger = slog.New(slog.NewTextHandler(&r.log, nil))
	cfg.Loops = max(cfg.Loops, 1)
	var err error
	if r.Reactor, err = reactor.New(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// Begin runs it.
func (r *Reactor) Begin() {
	r.t.Helper()
	go func() {
		defer close(r.ended)
		r.err = r.Run()
	}()
	r.OnLoop(func(*reactor.Loop) {})
	r.t.Cleanup(func() {
		if r.Drain(0) == nil {
			_ = r.Drain(0) // the second call does not wait for output; Run may have returned by now
		}
		r.Ended()
	})
}

// Ended waits for Run to return.
func (r *Reactor) Ended() {
	r.t.Helper()
	Wait(r.t, r.ended, "the end of Run")
	if r.err != nil {
		r.t.Errorf("Run: %v", r.err)
	}
}

// OnLoop calls f on loop 0 and waits for it.
func (r *Reactor) OnLoop(f func(l *reactor.Loop)) {
	r.t.Helper()
	l := r.Loops()[0]
	done := make(chan struct{})
	l.CallFromThread(func() {
		defer close(done)
		f(l)
	})
	Wait(r.t, done, "a function posted to the loop")
}

// Eventually waits until holds returns true. It is asked again after each turn of loop 0.
func (r *Reactor) Eventually(what string, holds func() bool) {
	r.t.Helper()
	for late := time.Now().Add(Patience); !holds(); r.OnLoop(func(*reactor.Loop) {}) {
		if time.Now().After(late) {
			r.t.Fatalf("it does not come true that %s", what)
		}
	}
}

// MustListen opens a server endpoint.
func (r *Reactor) MustListen(text string, f protocol.Factory) protocol.Port {
	r.t.Helper()
	p, err := r.Listen(text, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// MustConnect dials a client endpoint from loop 0.
func (r *Reactor) MustConnect(text string, f protocol.Factory) (c protocol.Connector) {
	r.t.Helper()
	var err error
	r.OnLoop(func(l *reactor.Loop) { c, err = l.Connect(text, f) })
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// Logged reports whether text is in what the reactor has logged, from level info up.
func (r *Reactor) Logged(text string) bool { return strings.Contains(r.log.text(), text) }

// To is the client endpoint that dials a.
func To(a protocol.Address) string {
	if tcp, ok := a.(protocol.TCPAddress); ok {
		return "tcp:" + endpoint.Quote(tcp.Addr().String()) + ":" + strconv.Itoa(int(tcp.Port()))
	}
	return "unix:" + endpoint.Quote(a.String())
}

// lines collects what is written to it, on any goroutine.
type lines struct {
	mu   sync.Mutex
	kept strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.Write(p)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.String()
}
