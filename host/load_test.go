package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

func TestLoadNamesWhatIsWrong(t *testing.T) {
	h := newHost(t)
	for name, c := range map[string]struct {
		text string // of the module; empty: not wasm at all
		want string
	}{
		"not wasm":        {"", "module guest.wasm: at byte 0:"},
		"unknown module":  {`(import "env" "foo" (func)) (memory (export "memory") 1)`, "module guest.wasm: import env.foo: unknown import (wasmnet_v1 and a subset of wasi_snapshot_preview1 are offered)"},
		"unknown name":    {`(import "wasmnet_v1" "fly" (func)) (memory (export "memory") 1)`, "import wasmnet_v1.fly: unknown import"},
		"unknown wasi":    {`(import "wasi_snapshot_preview1" "fd_fly" (func)) (memory (export "memory") 1)`, "import wasi_snapshot_preview1.fd_fly: unknown import"},
		"other version":   {`(import "wasmnet_v2" "write" (func)) (memory (export "memory") 1)`, "import wasmnet_v2.write: ABI version 2 is not offered (wasmnet_v1 is)"},
		"signature":       {`(import "wasmnet_v1" "write" (func (param i32) (result i32))) (memory (export "memory") 1)`, "import wasmnet_v1.write: signature (i32) -> (i32), want (i32, i32, i32) -> (i32)"},
		"wasi signature":  {`(import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))) (memory (export "memory") 1)`, "import wasi_snapshot_preview1.fd_close: signature (i64) -> (i32), want (i32) -> (i32)"},
		"imported memory": {`(import "env" "memory" (memory 1))`, "import env.memory: a memory cannot be imported"},
		"internal import": {`(import "wasmnet_internal" "refuel" (func (param i64) (result i64))) (memory (export "memory") 1)`, "the module name is reserved"},
		"no memory":       {`(func (export "restored"))`, "export memory: the module does not export its memory"},
		"event signature": {`(memory (export "memory") 1) (func (export "connection_made"))`, `export "connection_made": signature () -> (), want (i32) -> ()`},
		"event kind":      {`(memory (export "memory") 1) (global (export "restored") i32 (i32.const 0))`, `export "restored": a global, want a function`},
		"command":         {`(memory (export "memory") 1) (func (export "_start"))`, "export _start: the module is a WASI command"},
		"Go command": {`(import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory (export "memory") 1)
			(func (export "_start")) (func (export "restored"))`, "export _start: the module is a WASI command; build it as a reactor (Go: -buildmode=c-shared"},
		"control in name": {`(import "env" "a\07\1b[31mb" (func)) (memory (export "memory") 1)`, "import env.a??[31mb: unknown import"},
	} {
		t.Run(name, func(t *testing.T) {
			module := []byte("#!/bin/sh")
			if c.text != "" {
				module = guestbuild.WatText(t, "(module "+c.text+")")
			}
			_, err := h.Load(t.Context(), "guest.wasm", module)
			var e *host.ModuleError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load: %v, want %q", err, c.want)
			}
			if _, inspected := host.Inspect("guest.wasm", module); inspected == nil || inspected.Error() != err.Error() {
				t.Errorf("Inspect: %v, Load: %v", inspected, err)
			}
		})
	}
}

func TestLoadTypedErrors(t *testing.T) {
	h := newHost(t)
	_, err := h.Load(t.Context(), "g", guestbuild.WatText(t, `(module (import "env" "foo" (func)) (memory (export "memory") 1))`))
	var i *host.ImportError
	if !errors.As(err, &i) || i.Module != "env" || i.Name != "foo" {
		t.Errorf("%v is not an ImportError", err)
	}
	_, err = h.Load(t.Context(), "g", guestbuild.WatText(t, `(module)`))
	var x *host.ExportError
	if !errors.As(err, &x) || x.Name != "memory" {
		t.Errorf("%v is not an ExportError", err)
	}
}

func TestLoadInvalidCode(t *testing.T) {
	// A body that adds an i64 to an i32: well-formed, and wrong.
	module := guestbuild.WatText(t, `(module (memory (export "memory") 1) (func (export "restored") (drop (i32.add (i32.const 1) (i32.const 2)))))`)
	at := strings.LastIndex(string(module), "\x41\x01\x41\x02")
	module[at] = 0x42
	_, err := newHost(t).Load(t.Context(), "g", module)
	if err == nil || !strings.Contains(err.Error(), "module g: invalid module: ") {
		t.Errorf("Load: %v", err)
	}
}

func TestLoadLimits(t *testing.T) {
	module := guestbuild.WatText(t, `(module (memory (export "memory") 1) (table $t 1000 funcref) (func $f) (elem (i32.const 0) $f)
		(func (export "restored") (table.set $t (i32.const 0) (ref.func $f))))`)
	for limit, set := range map[string]func(*host.Limits){
		"table":       func(l *host.Limits) { l.Table = 999 },
		"module-size": func(l *host.Limits) { l.ModuleSize = int64(len(module)) - 1 },
	} {
		h := newHost(t, func(c *host.Config) { set(&c.Limits) })
		_, err := h.Load(t.Context(), "g", module)
		var e *host.LimitError
		if !errors.As(err, &e) || e.Limit != limit {
			t.Errorf("limit %s: %v", limit, err)
		}
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	cause := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := newHost(t).Load(ctx, "echo.wasm", wat(t, "echo.wat")); !errors.Is(err, cause) {
		t.Errorf("Load: %v", err)
	}
}

func TestLoadFile(t *testing.T) {
	h := newHost(t)
	path := filepath.Join(t.TempDir(), "echo.wasm")
	_, err := h.LoadFile(t.Context(), path)
	if !errors.Is(err, os.ErrNotExist) || err.Error() != "module "+path+": no such file or directory" {
		t.Errorf("LoadFile of nothing: %v", err)
	}
	if _, err := h.LoadFile(t.Context(), filepath.Dir(path)); err == nil || !strings.HasSuffix(err.Error(), "is a directory") {
		t.Errorf("LoadFile of a directory: %v", err)
	}
	if err := os.WriteFile(path, wat(t, "echo.wat"), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := h.LoadFile(t.Context(), path)
	if err != nil || m.Name() != path {
		t.Errorf("LoadFile: %v", err)
	}
}

func TestInspect(t *testing.T) {
	module := withManifest(wat(t, "echo.wat"), `{"name":"echo","abi":"wasmnet_v1","isolation":"loop",
		"capabilities":{"dial":["tcp:*:6379"],"resolve":true},"limits":{"timers":"500"},
		"config":[{"key":"greeting","default":"hello","help":"what to say"}]}`)
	info, err := host.Inspect("echo.wasm", module)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(info.Events, " "), "wasmnet_start data_received"; got != want {
		t.Errorf("events %q, want %q", got, want)
	}
	if got, want := strings.Join(info.Imports, " "), "wasmnet_v1.set_receive_buffer wasmnet_v1.write"; got != want {
		t.Errorf("imports %q, want %q", got, want)
	}
	if got, want := strings.Join(info.Asks, " "), "dial=tcp:*:6379 resolve=* timers=500"; got != want {
		t.Errorf("asks %q, want %q", got, want)
	}
	if info.Isolation != "loop" || info.Memory.Initial != 2<<16 || !info.Cost.Recyclable || info.Manifest.Name != "echo" {
		t.Errorf("%+v", info)
	}
}

func TestManifestIsReadStrictly(t *testing.T) {
	h := newHost(t)
	for manifest, want := range map[string]string{
		`{`:                               "unexpected EOF",
		`{"naem":"x"}`:                    `unknown field "naem"`,
		`{} {}`:                           "more than one JSON value",
		`{"name":"A B"}`:                  `name "A B"`,
		`{"abi":"wasmnet_v2"}`:            "this host offers wasmnet_v1",
		`{"isolation":"none"}`:            `isolation "none"`,
		`{"limits":{"fule":"1"}}`:         `limit "fule": unknown name`,
		`{"limits":{"fuel":"many"}}`:      `limit fuel: "many" is not a number`,
		`{"capabilities":{"dial":["x"]}}`: `pattern "x"`,
		`{"config":[{"key":""}]}`:         `config: key ""`,
		`{"config":[{"key":"a","type":"int","default":"x"}]}`:   `config a: default: "x" is not of type int`,
		`{"config":[{"key":"a","type":"x"}]}`:                   `config a: default: type "x"`,
		`{"config":[{"key":"a"},{"key":"a"}]}`:                  "config a: described twice",
		`{"config":[{"key":"wasmnet.a"}]}`:                      "belong to the host",
		`{"description":"` + strings.Repeat("x", 64<<10) + `"}`: "at most 65536",
	} {
		_, err := h.Load(t.Context(), "g", withManifest(wat(t, "echo.wat"), manifest))
		if err == nil || !strings.Contains(err.Error(), "module g: manifest: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", manifest, err, want)
		}
	}
}

func newHost(t testing.TB, options ...func(*host.Config)) *host.Host {
	t.Helper()
	cfg := host.Config{}
	for _, o := range options {
		o(&cfg)
	}
	h, err := host.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}
