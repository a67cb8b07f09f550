package host_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor"
)

// withCache has the host keep what it compiles in dir.
func withCache(dir string) func(*host.Config) {
	return func(c *host.Config) { c.CacheDir = dir }
}

func entries(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.code"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A module is loaded, run and asked, by a host that shares a cache with others.
func TestCompileCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	log := &logbook.Book{}
	serves := func(what string) {
		t.Helper()
		w := newWorld(t, func(hc *host.Config, _ *reactor.Config) {
			hc.CacheDir = dir
			hc.Logger = slog.New(slog.NewTextHandler(log, nil))
		})
		_, address := w.run("echo.wat", host.ServiceConfig{})
		c := dial(t, address)
		send(t, c, "hello")
		receive(t, c, "hello")
		if left, _ := filepath.Glob(filepath.Join(dir, "work-*", "*", "*")); len(left) != 0 {
			t.Errorf("%s: machine code lies open in %q", what, left)
		}
	}
	serves("first")
	first := entries(t, dir)
	if len(first) != 2 { // what it was rewritten to, and the machine code of that
		t.Fatalf("%d entries", len(first))
	}
	serves("again")
	if log.String() != "" {
		t.Errorf("log: %s", log)
	}
	// Whatever happens to the entries costs time and nothing else.
	for what, damage := range map[string]func(b []byte) []byte{
		"a flipped bit": func(b []byte) []byte { b[len(b)-100] ^= 1; return b },
		"cut off":       func(b []byte) []byte { return b[:len(b)/2] },
		"empty":         func([]byte) []byte { return nil },
		"swapped": func(b []byte) []byte {
			for _, other := range first {
				if !bytes.Equal(other, b) {
					return bytes.Clone(other)
				}
			}
			return b
		},
	} {
		for name, b := range first {
			if err := os.WriteFile(name, damage(bytes.Clone(b)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		serves(what)
		if n := strings.Count(log.Take(), "entry is damaged or was swapped"); n != 2 {
			t.Errorf("%s: %d entries were found damaged, want 2", what, n)
		}
		if now := entries(t, dir); len(now) != 2 {
			t.Errorf("%s: %d entries afterwards", what, len(now))
		}
	}
}

func TestCacheThatOthersCanReachIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	log := &logbook.Book{}
	h := newHost(t, withCache(dir), func(c *host.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	if _, err := h.Load(t.Context(), "echo", wat(t, "echo.wat")); err != nil {
		t.Fatal(err)
	}
	log.Wait(t, "compiled modules are not kept", "chmod 700")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left in it: %v", left)
	}
}
