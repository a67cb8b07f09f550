package host

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// Only a wazero that makes machine code may be given shells.
func TestInterpreted(t *testing.T) {
	for name, c := range map[string]struct {
		config wazero.RuntimeConfig
		want   bool
	}{
		"compiler":    {wazero.NewRuntimeConfigCompiler(), false},
		"interpreter": {wazero.NewRuntimeConfigInterpreter(), true},
	} {
		r := wazero.NewRuntimeWithConfig(t.Context(), c.config)
		if got := interpreted(r.CompileModule); got != c.want {
			t.Errorf("%s: interpreted: %v", name, got)
		}
		r.Close(t.Context())
	}
}

// A shell is never compiled in earnest: where the code that is stored is not for this wazero or this processor, it is
// as if there were none.
func TestShellWithoutCode(t *testing.T) {
	c, err := openCompileCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfig().WithCompilationCache(c.wazero))
	defer r.Close(t.Context())
	guest, err := rewrite.Rewrite(wasmtest.C(t, "cguest.c"), rewrite.Options{Fuel: true, Limits: wasm.DefaultLimits})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := c.load(guest, r.CompileModule); m != nil || err != nil {
		t.Fatalf("load of what was never stored: %v, %v", m, err)
	}
	m, err, cacheErr := c.compile(t.Context(), guest, r.CompileModule)
	if err != nil || cacheErr != nil {
		t.Fatal(err, cacheErr)
	}
	m.Close(t.Context())
	key := codeKey(guest)
	name, code, ok, err := c.store.Load(key)
	if !ok {
		t.Fatal(err)
	}
	if m, err = c.load(guest, r.CompileModule); m == nil || err != nil {
		t.Fatalf("load: %v, %v", m, err)
	}
	m.Close(t.Context())

	other := []byte("WAZEVO\x06v0.0.0")
	for what, stored := range map[string]struct {
		name string
		code []byte
	}{
		"under a name that another processor gives it": {name + "0", code},
		"of another version":                           {name, append(other, code[len(other):]...)},
	} {
		if err := c.store.Store(key, stored.name, stored.code); err != nil {
			t.Fatal(err)
		}
		m, err := c.load(guest, r.CompileModule)
		if m != nil || err != nil {
			t.Errorf("code %s: %v, %v", what, m, err)
		}
		if m, err = r.CompileModule(ended, guest.Shell); m != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("code %s: something of it was kept: %v, %v", what, m, err)
		}
	}
}
