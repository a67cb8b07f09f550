package reactor_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backends are those that can be tested here.
func backends() []string {
	if runtime.GOOS == "linux" {
		return []string{"epoll", "net"}
	}
	return []string{""}
}

// onBackends runs a test once for each backend.
func onBackends(t *testing.T, f func(t *testing.T, backend string)) {
	t.Helper()
	for _, b := range backends() {
		t.Run("backend="+b, func(t *testing.T) { f(t, b) })
	}
}

// patience is how long a test waits for what must happen before it fails.
const patience = 20 * time.Second

// running is a reactor that runs in the background until the test ends.
type running struct {
	*reactor.Reactor
	t    *testing.T
	done chan error
	log  *logLines
}

// start runs a reactor. When the test ends it is stopped at once, unless it has been.
func start(t *testing.T, cfg reactor.Config) *running {
	t.Helper()
	r := prepare(t, cfg)
	r.run()
	return r
}

// prepare makes a reactor that does not run yet.
func prepare(t *testing.T, cfg reactor.Config) *running {
	t.Helper()
	lines := &logLines{}
	cfg.Logger = slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r, err := reactor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &running{Reactor: r, t: t, done: make(chan error, 1), log: lines}
}

func (r *running) run() {
	r.t.Helper()
	go func() { r.done <- r.Run() }()
	r.onLoop(r.Loops()[0], func() {})
	r.t.Cleanup(r.stop)
}

// stop ends the reactor without waiting for its connections.
func (r *running) stop() {
	r.t.Helper()
	if r.Drain(0) == nil {
		_ = r.Drain(0)
	}
	r.ended()
}

// ended waits for Run to return.
func (r *running) ended() {
	r.t.Helper()
	select {
	case err := <-r.done:
		if err != nil {
			r.t.Errorf("Run: %v", err)
		}
		r.done <- err
	case <-time.After(patience):
		buf := make([]byte, 1<<20)
		r.t.Fatalf("Run does not return\n%s", buf[:runtime.Stack(buf, true)])
	}
}

// onLoop calls f on l and waits for it.
func (r *running) onLoop(l *reactor.Loop, f func()) {
	r.t.Helper()
	done := make(chan struct{})
	l.CallFromThread(func() {
		defer close(done)
		f()
	})
	wait(r.t, done, "a function posted to the loop")
}

// logged checks that each of these was logged.
func (r *running) logged(want ...string) {
	r.t.Helper()
	text := r.log.String()
	for _, w := range want {
		if !strings.Contains(text, w) {
			r.t.Errorf("%q was not logged:\n%s", w, text)
		}
	}
}

// listen opens a server and returns its address.
func (r *running) listen(text string, build func() protocol.Protocol) protocol.Address {
	r.t.Helper()
	p, err := r.Listen(text, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return build() }))
	if err != nil {
		r.t.Fatal(err)
	}
	return p.Host()
}

const localhost = "tcp:0:interface=127.0.0.1"

// dial connects to a with package net.
func dial(t *testing.T, a protocol.Address) net.Conn {
	t.Helper()
	c, err := net.DialTimeout(a.Network(), a.String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange sends out and expects to receive in.
func exchange(t *testing.T, c net.Conn, out, in string) {
	t.Helper()
	if _, err := io.WriteString(c, out); err != nil {
		t.Fatal(err)
	}
	expect(t, c, in)
}

// expect receives in.
func expect(t *testing.T, c io.Reader, in string) {
	t.Helper()
	got := make([]byte, len(in))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != in {
		t.Fatalf("received %q, %v; want %q", got[:n], err, in)
	}
}

// expectEnd receives the end of the stream.
func expectEnd(t *testing.T, c io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Fatalf("received %q, %v; want the end of the stream", rest, err)
	}
}

// wait waits for c to be closed, or for a value from it.
func wait[T any](t *testing.T, c <-chan T, what string) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(patience):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s does not happen\n%s", what, buf[:runtime.Stack(buf, true)])
	}
	return value
}

// expectReason checks why a connection ended.
func expectReason(t *testing.T, got error, want protocol.Reason) {
	t.Helper()
	if !errors.Is(got, want) || protocol.ReasonOf(got) != want {
		t.Errorf("reason is %v, want %v", got, want)
	}
}

// logLines is what a reactor has logged.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
