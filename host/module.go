package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/image"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// Module is a loaded module: checked against the ABI, instrumented and compiled. It can be the module of any number of
// services.
type Module struct {
	host     *Host
	name     string
	manifest *Manifest
	info     *Info
	digest   string                 // of the wasm
	wasm     func() ([]byte, error) // read only

	mu    sync.Mutex
	codes map[int64]*code // by the limit "table", the one that is compiled in
}

// code is a module compiled for certain limits.
type code struct {
	compiled   wazero.CompiledModule
	events     uint32 // bit n: the guest exports abi.Event n
	start      int32  // number of the start function; -1: none
	data       []rewrite.Segment
	globals    []string // exports of the guest's mutable globals
	memory     int64    // bytes it begins with
	tables     int64    // bytes that its tables take at most
	recyclable bool
	imageable  bool
}

// entrySize is what an entry of a table takes.
const entrySize = 8

func (c *code) exports(e abi.Event) bool { return c.events&(1<<e) != 0 }

// Name is the name the module was loaded under.
func (m *Module) Name() string { return m.name }

// Info describes the module.
func (m *Module) Info() *Info { return m.info }

// LoadFile is Load for a file, under the file's name as it is given.
func (h *Host) LoadFile(ctx context.Context, path string) (*Module, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &ModuleError{Module: path, Err: errors.Unwrap(err)}
	}
	defer f.Close()
	most := h.limits.over(DefaultLimits(PerConnection)).ModuleSize
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, &ModuleError{Module: path, Err: errors.Unwrap(err)}
	}
	return h.Load(ctx, path, b)
}

// Load checks, instruments and compiles a module. The error is a [*ModuleError] that says what is wrong with it and,
// where it is an import or an export, with which; it wraps an [*ImportError], [*ExportError] or [*LimitError] where it
// is one of those. ctx ends compiling.
func (h *Host) Load(ctx context.Context, name string, wasm []byte) (*Module, error) {
	digest := sha256.Sum256(wasm)
	return h.LoadPacked(ctx, name, "wasm "+string(digest[:]), func() ([]byte, error) { return wasm, nil })
}

// LoadPacked is Load for a module that takes time to get at: unpack is only called, once at most, if the compile cache does
// not know what was made of the module with this digest. The digest must not be that of any other module.
func (h *Host) LoadPacked(ctx context.Context, name, digest string, unpack func() ([]byte, error)) (*Module, error) {
	var unpacked, prepared time.Duration
	began := time.Now()
	m := &Module{host: h, name: name, digest: digest, codes: map[int64]*code{}, wasm: sync.OnceValues(func() ([]byte, error) {
		defer func(t time.Time) { unpacked = time.Since(t) }(time.Now())
		return unpack()
	})}
	limits := h.limits.over(DefaultLimits(PerConnection))
	r, err := m.prepare(&limits)
	prepared = time.Since(began)
	if err == nil {
		m.info, m.manifest, err = describe(name, r)
	}
	if err == nil {
		err = m.compile(ctx, &limits, r)
	}
	if err != nil {
		return nil, &ModuleError{Module: name, Err: err}
	}
	h.garbage.add(int64(r.Size) * loadWeight)
	h.log.Debug("module loaded", "module", name, "unpack", unpacked, "rewrite", prepared-unpacked, "compile", time.Since(began)-prepared)
	return m, nil
}

// events are the exports that the dispatcher may call.
var events = func() []rewrite.Event {
	all := make([]rewrite.Event, abi.NumEvents)
	for n, e := range abi.Events {
		all[n] = rewrite.Event{Name: e.Name, Number: int32(n), Results: valTypes(e.Results)}
		for _, p := range e.Params {
			all[n].Params = append(all[n].Params, wasm.ValType(p.Type))
		}
	}
	return all
}()

func valTypes(types []abi.Type) []wasm.ValType {
	var out []wasm.ValType
	for _, t := range types {
		out = append(out, wasm.ValType(t))
	}
	return out
}

// prepare rewrites the module, or finds what was made of it before.
func (m *Module) prepare(l *Limits) (*rewrite.Result, error) {
	cache := m.host.cache
	if cache == nil {
		return m.rewrite(l)
	}
	key := preparedKey(m.digest, l.Table)
	r, err := cache.loadPrepared(key)
	if err != nil {
		m.host.log.Warn("compile cache", "error", err)
	}
	if r != nil && int64(r.Size) <= l.ModuleSize {
		return r, nil
	}
	if r, err = m.rewrite(l); err != nil {
		return nil, err
	}
	if err := cache.storePrepared(key, r); err != nil {
		m.host.log.Warn("compile cache", "error", err)
	}
	return r, nil
}

// rewrite decodes and instruments the module.
func (m *Module) rewrite(l *Limits) (*rewrite.Result, error) {
	limits := wasm.DefaultLimits
	limits.ModuleSize = int(l.ModuleSize)
	limits.TableEntries = int(l.Table)
	// The limit "memory" is held when memory is allocated. The page above it lets a memory that grew be reset.
	limits.MemoryPages = maxMemory>>16 + 1
	module, err := m.wasm()
	if err != nil {
		return nil, err
	}
	r, err := rewrite.Rewrite(module, rewrite.Options{
		Fuel: true, MaxDepth: int32(DefaultLimits(PerConnection).Stack), DirectCalls: true, Limits: limits, Events: events,
	})
	if err == nil {
		return r, nil
	}
	var e *wasm.Error
	if errors.As(err, &e) {
		switch e.Limit {
		case "ModuleSize":
			return nil, fmt.Errorf("%w (%w)", &LimitError{Limit: "module-size", Value: formatLimit("module-size", l)}, err)
		case "TableEntries":
			return nil, fmt.Errorf("%w (%w)", &LimitError{Limit: "table", Value: formatLimit("table", l)}, err)
		}
	}
	return nil, err
}

func formatLimit(name string, l *Limits) string {
	text, _ := l.Get(name)
	return text
}

// compile makes machine code of a rewritten module, or finds what was made before.
func (m *Module) compile(ctx context.Context, l *Limits, r *rewrite.Result) error {
	compiled := m.host.compiled(r)
	if compiled == nil {
		var err error
		if r.Wasm == nil {
			if r, err = m.rewrite(l); err != nil {
				return err
			}
		}
		if compiled, err = m.host.compile(ctx, r, l.CompileTime); err != nil {
			return err
		}
	}
	c := &code{compiled: compiled, start: r.Start, data: r.Data, recyclable: r.Recyclable, imageable: r.Imageable,
		memory: int64(r.Memory.Min) * image.PageSize, tables: int64(r.TableEntries) * entrySize}
	for n := range r.Events {
		c.events |= 1 << n
	}
	for _, g := range r.Globals {
		c.globals = append(c.globals, g.Export)
	}
	m.codes[l.Table] = c
	return nil
}

// codeFor returns the module compiled for these limits.
func (m *Module) codeFor(l *Limits) (*code, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.codes[l.Table]; c != nil {
		return c, nil
	}
	r, err := m.prepare(l)
	if err == nil {
		err = m.compile(context.Background(), l, r)
	}
	return m.codes[l.Table], err
}
