package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wat builds a guest written in the text format, from testdata.
func wat(t testing.TB, name string) []byte {
	t.Helper()
	return guestbuild.Wat(t, filepath.Join("testdata", name))
}

// gopher builds the guest in testdata/gopher.
func gopher(t testing.TB) []byte {
	t.Helper()
	return guestbuild.Go(t, "./testdata/gopher")
}

// A world is a running reactor and a host, with what both log.
type world struct {
	testing.TB
	*host.Host
	reactor *reactor.Reactor
	log     *logbook.Book
}

type option func(*host.Config, *reactor.Config)

func newWorld(t testing.TB, options ...option) *world {
	t.Helper()
	w := &world{TB: t, log: &logbook.Book{}}
	logger := w.log.Logger()
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
