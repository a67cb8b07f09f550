package sandbox

import (
	"context"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// Puppet builds package puppet's guest.
func Puppet(t testing.TB) []byte {
	t.Helper()
	return guestbuild.Go(t, "github.com/wasmnet/wasmnet/tests/internal/puppet/guest")
}

// Host is a host for all tests of a process, with the puppet's module. It lives as long as the process.
func Host(t testing.TB) (*host.Host, *host.Module) {
	t.Helper()
	wasm := Puppet(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.host != nil {
		return shared.host, shared.module
	}
	h, err := host.New(host.Config{CacheDir: guesttest.CacheDir()})
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
