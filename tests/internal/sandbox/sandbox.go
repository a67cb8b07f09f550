package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// Puppet builds package puppet's guest, once for all tests.
func Puppet(t testing.TB) []byte {
	t.Helper()
	wasm, err := puppet()
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

var puppet = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "puppet")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "puppet.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out,
		"github.com/wasmnet/wasmnet/tests/internal/puppet/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return os.ReadFile(out)
})

// Host is a host for all tests of a process, with the puppet's module. It lives as long as the process.
func Host(t testing.TB) (*host.Host, *host.Module) {
	t.Helper()
	wasm := Puppet(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.host != nil {
		return shared.host, shared.module
	}
	var cfg host.Config
	if dir, err := host.DefaultCacheDir(); err == nil { // without a home it is compiled anew
		cfg.CacheDir = dir
	}
	h, err := host.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.Load(context.Background(), "puppet", wasm)
	if err != nil {
		t.Fatal(err)
	}
	shared.host, shared.module = h, m
	return h, m
}

var shared struct {
	sync.Mutex
	host   *host.Host
	module *host.Module
}
