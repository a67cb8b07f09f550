package guesttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// Guest is a module in service on a reactor in memory. It is used on one goroutine.
type Guest struct {
	*reactortest.Reactor
	// Service makes connections of the guest.
	Service *host.Service

	t       testing.TB
	printed bytes.Buffer
}

// New puts the module in service on a reactor of its own, until the test ends. A module is compiled once for all tests of
// a process, and its machine code kept in the folder where the command wasmnet keeps it ([host.DefaultCacheDir]). What
// the guest logs goes to the test's output unless cfg has a Logger, what it prints to [Guest.Printed] unless cfg has a
// Stdout.
func New(t testing.TB, wasm []byte, cfg host.ServiceConfig) *Guest {
	t.Helper()
	return On(t, reactortest.NewReactor(), wasm, cfg)
}

// Open is New for a module in a file.
func Open(t testing.TB, path string, cfg host.ServiceConfig) *Guest {
	t.Helper()
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Name == "" {
		cfg.Name = filepath.Base(path)
	}
	return New(t, wasm, cfg)
}

// On is New for a reactor that the test has already: so several guests share one.
func On(t testing.TB, r *reactortest.Reactor, wasm []byte, cfg host.ServiceConfig) *Guest {
	t.Helper()
	g := &Guest{Reactor: r, t: t}
	h, m, err := load(wasm)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{ReplaceAttr: timeless}))
	}
	if cfg.Stdout == nil {
		cfg.Stdout = &g.printed
	}
	if cfg.Limits.FuelRate == 0 {
		cfg.Limits.FuelRate = host.Unlimited
	}
	if g.Service, err = h.NewServiceOn(m, r, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		if err := g.Service.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// timeless leaves the time out of log records: it is not the guest's.
func timeless(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// loaded are the modules of this process, by their hash. Their host lives as long as it.
var loaded struct {
	sync.Mutex
	host    *host.Host
	modules map[[sha256.Size]byte]*host.Module
}

func load(wasm []byte) (*host.Host, *host.Module, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.host == nil {
		h, err := host.New(host.Config{CacheDir: CacheDir()})
		if err != nil {
			return nil, nil, err
		}
		loaded.host, loaded.modules = h, map[[sha256.Size]byte]*host.Module{}
	}
	key := sha256.Sum256(wasm)
	m := loaded.modules[key]
	if m == nil {
		var err error
		if m, err = loaded.host.Load(context.Background(), "guest", wasm); err != nil {
			return nil, nil, err
		}
		loaded.modules[key] = m
	}
	return loaded.host, m, nil
}

// Printed is what the guest has written to its standard output.
func (g *Guest) Printed() string { return g.printed.String() }

// TakePrinted returns what the guest has written to its standard output since the last TakePrinted.
func (g *Guest) TakePrinted() string {
	text := g.printed.String()
	g.printed.Reset()
	return text
}

// Protocol is the guest's end of a connection that it is about to accept. It panics if the guest accepts none.
func (g *Guest) Protocol() protocol.Protocol {
	p := g.Service.BuildProtocol(nil)
	if p == nil {
		panic("guesttest: the guest accepts no connection: it has failed, or a limit is reached")
	}
	return p
}

// CheckChunks fails the test if it can be told from what the guest writes and prints, or from whether it closes the
// connection, how its input was cut: see [reactortest.CheckChunks]. Each way of cutting meets a fresh sandbox on a
// reactor of its own. Timers of the guest do not fire. In a fuzz target t is the target's.
func (g *Guest) CheckChunks(t testing.TB, input []byte) {
	t.Helper()
	reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
		g.TakePrinted()
		return g.Protocol(), g.TakePrinted
	})
}

// Exec runs the guest as a program, as wasmnet exec does, and settles. The program has ended if its channel Done is
// closed; otherwise it waits for something that the test can bring about.
func (g *Guest) Exec() *host.Program {
	g.t.Helper()
	p, err := g.Service.StartExec()
	if err != nil {
		g.t.Fatal(err)
	}
	g.Settle()
	return p
}

// CacheDir is [host.DefaultCacheDir], or empty without a home: guests are compiled each time then.
func CacheDir() string {
	dir, err := host.DefaultCacheDir()
	if err != nil {
		return ""
	}
	return dir
}
