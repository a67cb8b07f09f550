package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var built sync.Map // path -> []byte

// wat builds a guest written in the text format, from testdata.
func wat(t testing.TB, name string) []byte {
	t.Helper()
	if b, ok := built.Load(name); ok {
		return b.([]byte)
	}
	b := assemble(t, filepath.Join("testdata", name))
	built.Store(name, b)
	return b
}

// source builds a guest from its text.
func source(t testing.TB, text string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guest.wat")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return assemble(t, file)
}

func assemble(t testing.TB, file string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.Command("wat2wasm", "--debug-names", "-o", out, file)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm (package wabt) %s: %v\n%s", file, err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A logbook keeps what is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
	wake chan struct{} // closed and replaced with each line
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait returns when a line holds all of these texts, and returns the line.
func (l *logbook) wait(t testing.TB, texts ...string) (line string) {
	t.Helper()
	l.until(t, func(log string) (ok bool) {
		line, ok = find(log, texts)
		return ok
	}, texts)
	return line
}

// until returns when the log is as it is wanted.
func (l *logbook) until(t testing.TB, wanted func(log string) bool, what any) {
	t.Helper()
	for {
		l.mu.Lock()
		all := l.text.String()
		if l.wake == nil {
			l.wake = make(chan struct{})
		}
		wake := l.wake
		l.mu.Unlock()
		if wanted(all) {
			return
		}
		select {
		case <-wake:
		case <-time.After(patience):
			t.Fatalf("the log does not have %q:\n%s", what, all)
		}
	}
}

func find(log string, texts []string) (string, bool) {
	for line := range strings.Lines(log) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			return line, true
		}
	}
	return "", false
}

// A world is a running reactor and a host, with what both log.
type world struct {
	testing.TB
	*host.Host
	reactor *reactor.Reactor
	log     *logbook
}

type option func(*host.Config, *reactor.Config)

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	w := &world{TB: t, log: &logbook{}}
	logger := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hc, rc := host.Config{Logger: logger}, reactor.Config{Logger: logger, Loops: 2}
	for _, o := range options {
		o(&hc, &rc)
	}
	var err error
	if w.Host, err = host.New(hc); err != nil {
		t.Fatal(err)
	}
	if w.reactor, err = reactor.New(rc); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.reactor.Run() }()
	t.Cleanup(func() {
		running := make(chan struct{})
		w.reactor.CallWhenRunning(func() { close(running) })
		select {
		case <-running:
			if err := w.reactor.Stop(); err != nil && !errors.Is(err, protocol.ErrNotRunning) {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		case err := <-done: // the test has ended it
			if err != nil {
				t.Error(err)
			}
		}
		if err := w.Host.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(w.log)
		}
	})
	return w
}

func (w *world) load(name string, wasm []byte) *host.Module {
	w.Helper()
	m, err := w.Load(w.Context(), name, wasm)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

func (w *world) service(m *host.Module, cfg host.ServiceConfig) *host.Service {
	w.Helper()
	s, err := w.NewService(m, w.reactor, cfg)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// serve opens a port for the service and returns its address.
func (w *world) serve(s *host.Service) string {
	w.Helper()
	p, err := s.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		w.Fatal(err)
	}
	return p.Host().String()
}

// run serves a guest from testdata.
func (w *world) run(file string, cfg host.ServiceConfig) (*host.Service, string) {
	w.Helper()
	s := w.service(w.load(file, wat(w, file)), cfg)
	return s, w.serve(s)
}

// dial connects to an address.
func dial(t testing.TB, address string) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// patience is how long a test waits for what must come. It only decides when a test that hangs has failed.
const patience = 20 * time.Second

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// receive reads exactly as many bytes as text has, and compares.
func receive(t testing.TB, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Fatalf("received %q, %v; want %q", b[:n], err, text)
	}
}

// drained reads to the end and returns what came; a reset is an end like any other.
func drained(t testing.TB, c net.Conn) string {
	t.Helper()
	b, _ := io.ReadAll(c)
	return string(b)
}

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

func contains(s, part string) bool { return strings.Contains(s, part) }

// count is how many lines hold text.
func (l *logbook) count(text string) int { return strings.Count(l.String(), text) }

// take returns what was logged and forgets it.
func (l *logbook) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.text.String()
	l.text.Reset()
	return text
}

// knock connects where it may be turned away, and returns what came before that.
func knock(t testing.TB, address string) string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "" // reset before the dialler looked
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	b, _ := io.ReadAll(c)
	return string(b)
}

// waitFor returns when text stands in the log n times.
func (l *logbook) waitFor(t testing.TB, n int, text string) {
	t.Helper()
	l.until(t, func(log string) bool { return strings.Count(log, text) >= n }, text)
}
