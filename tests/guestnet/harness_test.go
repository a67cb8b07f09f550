// Package guestnet tests the network of Go guests: programs for package net, unchanged, in the sandbox and over real
// sockets.
package guestnet

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that is sure to come.
const patience = 60 * time.Second

// manifest is the custom section that lets the tests choose any isolation.
func manifest() []byte {
	const name, text = "wasmnet.manifest", `{"isolation":"service"}`
	section := append([]byte{byte(len(name))}, name+text...)
	return append([]byte{0, byte(len(section))}, section...)
}

// A sandbox serves the guest, and is its host for one test.
type sandbox struct {
	testing.TB
	*host.Service
	reactor *reactor.Reactor
	log     *logbook.Book
	address string
}

// serve starts the guest; mode says which of its programs, and more keys and values of its configuration may be in cfg.
func serve(t testing.TB, mode string, cfg host.ServiceConfig) *sandbox {
	t.Helper()
	s := load(t, mode, cfg)
	s.address = s.listen("tcp:0:interface=127.0.0.1")
	return s
}

// load is serve without a port.
func load(t testing.TB, mode string, cfg host.ServiceConfig) *sandbox {
	t.Helper()
	s, h, module := prepare(t)
	if cfg.Config == nil {
		cfg.Config = map[string]string{}
	}
	cfg.Config["mode"] = mode
	if cfg.Isolation == host.ModuleDefault {
		cfg.Isolation = host.PerConnection
	}
	var err error
	if s.Service, err = h.NewService(module, s.reactor, cfg); err != nil {
		t.Fatal(err)
	}
	return s
}

// prepare is a running reactor and a host that has loaded the guest.
func prepare(t testing.TB) (*sandbox, *host.Host, *host.Module) {
	t.Helper()
	wasm := append(guestbuild.Go(t, "./guest"), manifest()...)
	s := &sandbox{TB: t, log: &logbook.Book{}}
	logger := s.log.Logger()
	h, err := host.New(host.Config{Logger: logger, CacheDir: guesttest.CacheDir(), Limits: host.Limits{CompileTime: host.Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(s.log)
		}
	})
	if s.reactor, err = reactor.New(reactor.Config{Logger: logger, Loops: 2}); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.reactor.Run() }()
	t.Cleanup(func() {
		if err := s.reactor.Stop(); err != nil && !errors.Is(err, protocol.ErrNotRunning) {
			t.Error(err)
		}
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
	module, err := h.Load(t.Context(), "guest.wasm", wasm)
	if err != nil {
		t.Fatal(err)
	}
	return s, h, module
}

// listen opens a port for the service and returns its address.
func (s *sandbox) listen(endpoint string) string {
	s.Helper()
	p, err := s.Listen(endpoint)
	if err != nil {
		s.Fatal(err)
	}
	return p.Host().String()
}

func (s *sandbox) dial() *net.TCPConn {
	s.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// say sends text.
func say(t testing.TB, c io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// hear reads as many bytes as text has, and compares.
func hear(t testing.TB, c io.Reader, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if n, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Fatalf("received %q, %v; want %q", b[:n], err, text)
	}
}
