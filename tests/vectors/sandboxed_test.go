package vectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// patience bounds every wait for something that is sure to come.
const patience = 60 * time.Second

// The modules are compiled once: each bundle of built-in ones, and package report.
var guests struct {
	host    *host.Host
	bundles map[string]*host.Module
	report  *host.Module
}

func TestMain(m *testing.M) {
	status, err := withGuests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func withGuests(m *testing.M) (status int, err error) {
	if guests.host, err = host.New(host.Config{CacheDir: guesttest.CacheDir(), OnLoop: time.Hour, // the witness is of the loop
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, guests.host.Close()) }()
	guests.bundles = map[string]*host.Module{}
	if guests.report, err = loadReport(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// loadReport builds and loads package report.
func loadReport() (*host.Module, error) {
	dir, err := os.MkdirTemp("", "vectors")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "report.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "./reportguest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building report: %w\n%s", err, out)
	}
	return guests.host.LoadFile(context.Background(), file)
}

// sandboxed plays chunks against the module in a sandbox, over a TCP connection. Each chunk is sent when the guest has
// seen the one before, so that the kernel does not put them together.
func (s *script) sandboxed(t *testing.T, chunks [][]byte) observed {
	t.Helper()
	m := s.serve(t, nil, host.Grants{})
	output, ends := converse(t, m.addr, chunks, m.guest)
	m.stop()
	return s.observe(m.printed.String(), output, m.guest.closing(), ends)
}

// served is a script's module in a sandbox, on a TCP port.
type served struct {
	addr    string
	guest   *witness
	printed *logbook.Book
	stop    func()
}

// bundleOf loads the bundle that holds a built-in module.
func bundleOf(t *testing.T, name string) *host.Module {
	t.Helper()
	m, ok := modules.Find(name)
	if !ok {
		t.Fatalf("no module %s", name)
	}
	if loaded := guests.bundles[m.Bundle()]; loaded != nil {
		return loaded
	}
	wasm, err := modules.Wasm(m.Bundle())
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := guests.host.Load(t.Context(), m.Bundle(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	guests.bundles[m.Bundle()] = loaded
	return loaded
}

// serve starts the module. resolver looks up the names that it asks for; nil: the system's.
func (s *script) serve(t *testing.T, resolver reactor.Resolver, grants host.Grants) *served {
	t.Helper()
	module, config := guests.report, map[string]string{}
	if s.module != reportModule {
		module, config[modules.Key] = bundleOf(t, s.module), s.module
	}
	maps.Copy(config, s.config)
	printed := &logbook.Book{}
	r, err := reactor.New(reactor.Config{Loops: 1, Resolver: resolver})
	if err != nil {
		t.Fatal(err)
	}
	service, err := guests.host.NewService(module, r, host.ServiceConfig{
		Name: s.module, Config: config, Stdout: printed, Grants: grants,
	})
	if err != nil {
		t.Fatal(err)
	}
	var f protocol.Factory = service
	if s.wrap != nil {
		f = s.wrap(f)
	}
	guest := newWitness(f)
	port, err := r.Listen("tcp:0:interface=127.0.0.1", guest)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- r.Run() }()
	return &served{port.Host().String(), guest, printed, func() {
		if err := errors.Join(r.Stop(), <-ran, service.Close()); err != nil {
			t.Error(err)
		}
	}}
}

// dial connects to a server, for as long as patience lasts.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		c.Close()
		t.Fatal(err)
	}
	return c
}

// converse is the peer: it sends the chunks and returns what it was sent, and the addresses of the connection.
func converse(t *testing.T, addr string, chunks [][]byte, guest *witness) (output []byte, ends [2]string) {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	sent := 0
	guest.await(t, func(g *witness) bool { return g.made })
	for _, chunk := range chunks {
		if guest.closing() {
			break
		}
		if _, err := c.Write(chunk); err != nil {
			break // the guest has closed; closing tells
		}
		sent += len(chunk)
		guest.await(t, func(g *witness) bool { return g.received == sent || g.lost || g.closes })
	}
	if !guest.closing() {
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Error(err)
		}
	}
	output, err := io.ReadAll(c)
	// A close with input unread is a reset, after all output.
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	guest.await(t, func(g *witness) bool { return g.lost })
	return output, [2]string{c.LocalAddr().String(), c.RemoteAddr().String()}
}

// A witness stands between the reactor and the sandboxed protocol, and tells what it has seen.
type witness struct {
	policy.WrappingFactory

	mu       sync.Mutex
	changed  *sync.Cond
	made     bool
	received int
	closes   bool // by its own decision
	lost     bool
}

func newWitness(f protocol.Factory) *witness {
	w := &witness{WrappingFactory: policy.WrappingFactory{Factory: f}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// BuildProtocol implements [protocol.Factory].
func (w *witness) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := w.Factory.BuildProtocol(addr)
	if inner == nil {
		return nil
	}
	return policy.Expose(&witnessed{ProtocolWrapper: policy.ProtocolWrapper{Protocol: inner}, witness: w}, inner)
}

func (w *witness) note(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.changed.Broadcast()
}

func (w *witness) closing() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closes
}

// await waits until ok holds.
func (w *witness) await(t *testing.T, ok func(*witness) bool) {
	t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() { w.note(func() { late = true }) })
	defer timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for !ok(w) {
		if late {
			t.Fatalf("nothing happens any more: made %v, received %d, closes %v, lost %v", w.made, w.received, w.closes, w.lost)
		}
		w.changed.Wait()
	}
}

type witnessed struct {
	policy.ProtocolWrapper
	witness *witness
}

// ConnectionMade implements [protocol.Protocol].
func (p *witnessed) ConnectionMade(t protocol.Transport) {
	p.ProtocolWrapper.ConnectionMade(t)
	p.witness.note(func() { p.witness.made, p.witness.closes = true, t.Disconnecting() })
}

// DataReceived implements [protocol.Protocol].
func (p *witnessed) DataReceived(data []byte) {
	n := len(data)
	p.ProtocolWrapper.DataReceived(data)
	p.witness.note(func() {
		p.witness.received += n
		p.witness.closes = p.Transport.Disconnecting()
	})
}

// ConnectionLost implements [protocol.Protocol].
func (p *witnessed) ConnectionLost(reason error) {
	p.ProtocolWrapper.ConnectionLost(reason)
	p.witness.note(func() { p.witness.lost = true })
}
