package rewrite_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

var i32 = wasm.I32

// events are those of the test guests.
var events = []rewrite.Event{
	{Name: "_initialize", Number: 0},
	{Name: "wasmnet_start", Number: 1, Results: []wasm.ValType{i32}},
	{Name: "data_received", Number: 6, Params: []wasm.ValType{i32, i32}},
}

func options() rewrite.Options {
	return rewrite.Options{Fuel: true, MaxDepth: 1 << 20, DirectCalls: true, Limits: wasm.DefaultLimits, Events: events}
}

// machine runs a guest, original or rewritten, and records what it does to the world.
type machine struct {
	t        testing.TB
	ctx      context.Context
	r        wazero.Runtime
	compiled wazero.CompiledModule
	mod      api.Module
	res      *rewrite.Result // nil: the original
	call     api.Function
	buffer   uint32       // of set_receive_buffer
	wrote    bytes.Buffer // by write
	grants   int64        // what refuel gives
	refuel   int          // how often refuel was called
	allowed  int64        // how often it may be called; 0: without end
	most     int64        // the largest need it was called with
	full     int          // how often table_full was called
}

func newMachine(t testing.TB, module []byte, o *rewrite.Options) *machine {
	return newMachineOn(t, context.Background(), wazero.NewRuntimeConfig(), module, o)
}

func newMachineOn(t testing.TB, ctx context.Context, c wazero.RuntimeConfig, module []byte, o *rewrite.Options) *machine {
	t.Helper()
	m := &machine{t: t, ctx: ctx, grants: 1 << 40}
	m.r = wazero.NewRuntimeWithConfig(m.ctx, c.WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { m.r.Close(m.ctx) })
	wasi_snapshot_preview1.MustInstantiate(m.ctx, m.r)
	b := m.r.NewHostModuleBuilder("wasmnet_v1")
	b.NewFunctionBuilder().WithFunc(func(ptr, n uint32) int32 { m.buffer = ptr; return 0 }).Export("set_receive_buffer")
	b.NewFunctionBuilder().WithFunc(func(ctx context.Context, mod api.Module, conn, ptr, n uint32) int32 {
		p, ok := mod.Memory().Read(ptr, n)
		if !ok {
			panic("write beyond the memory")
		}
		m.wrote.Write(p)
		return int32(m.wrote.Len())
	}).Export("write")
	if _, err := b.Instantiate(m.ctx); err != nil {
		t.Fatal(err)
	}
	if o != nil {
		var err error
		if m.res, err = rewrite.Rewrite(module, *o); err != nil {
			t.Fatal(err)
		}
		module = m.res.Wasm
		b := m.r.NewHostModuleBuilder(rewrite.InternalModule)
		b.NewFunctionBuilder().WithFunc(func(need int64) int64 {
			m.refuel++
			m.most = max(m.most, need)
			if m.allowed > 0 && int64(m.refuel) > m.allowed {
				panic("out of fuel")
			}
			return m.grants - need
		}).Export(rewrite.Refuel)
		b.NewFunctionBuilder().WithFunc(func() { panic("stack limit") }).Export(rewrite.Overflow)
		b.NewFunctionBuilder().WithFunc(func() { m.full++ }).Export(rewrite.TableFull)
		if _, err := b.Instantiate(m.ctx); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if m.compiled, err = m.r.CompileModule(m.ctx, module); err != nil {
		t.Fatalf("wazero: %v", err)
	}
	m.instantiate()
	return m
}

// instantiate gives the machine a fresh instance.
func (m *machine) instantiate() {
	m.t.Helper()
	var err error
	m.mod, err = m.r.InstantiateModule(m.ctx, m.compiled, wazero.NewModuleConfig().WithStartFunctions().WithName(""))
	if err != nil {
		m.t.Fatalf("instantiate: %v", err)
	}
	if m.res == nil {
		return
	}
	for _, s := range m.res.Data {
		if !m.mod.Memory().Write(s.Offset, s.Bytes) {
			m.t.Fatalf("data segment at %d beyond the memory", s.Offset)
		}
	}
	m.call = m.mod.ExportedFunction(rewrite.Dispatch)
}

// event calls an event and returns its result.
func (m *machine) event(name string, args ...uint64) (uint64, error) {
	m.t.Helper()
	if m.res == nil {
		f := m.mod.ExportedFunction(name)
		if f == nil {
			return 0, nil
		}
		res, err := f.Call(m.ctx, args...)
		if len(res) == 0 {
			return 0, err
		}
		return res[0], err
	}
	for _, e := range events {
		if e.Name == name {
			all := append([]uint64{uint64(e.Number)}, args...)
			res, err := m.call.Call(m.ctx, append(all, 0, 0, 0)[:4]...)
			if err != nil {
				return 0, err
			}
			return res[0], nil
		}
	}
	m.t.Fatalf("no event %s", name)
	return 0, nil
}

func (m *machine) must(name string, args ...uint64) uint64 {
	m.t.Helper()
	v, err := m.event(name, args...)
	if err != nil {
		m.t.Fatalf("%s: %v", name, err)
	}
	return v
}

// send delivers data and returns what the guest wrote.
func (m *machine) send(data []byte) string {
	m.t.Helper()
	m.wrote.Reset()
	if !m.mod.Memory().Write(m.buffer, data) {
		m.t.Fatal("receive buffer beyond the memory")
	}
	m.must("data_received", 1, uint64(len(data)))
	return m.wrote.String()
}

func (m *machine) fuel() int64 {
	return int64(m.mod.ExportedGlobal(rewrite.Fuel).Get())
}

func (m *machine) setFuel(v int64) {
	m.mod.ExportedGlobal(rewrite.Fuel).(api.MutableGlobal).Set(uint64(v))
}

// inputs are what the guests are fed with.
func inputs() [][]byte {
	var in [][]byte
	for i := range 8 {
		var b bytes.Buffer
		for k := range i * i * 40 {
			fmt.Fprintf(&b, "word%d%c", k*k%97, " \t\n"[k%3])
		}
		b.WriteString("end")
		in = append(in, b.Bytes())
	}
	return in
}

// TestSame runs guests as they are and rewritten in every way: what they write must be the same, and the same event
// must cost the same fuel wherever its slices end.
func TestSame(t *testing.T) {
	for name, module := range map[string][]byte{
		"Go": wasmtest.Go(t, "goguest"),
		"C":  wasmtest.C(t, "cguest.c"),
	} {
		t.Run(name, func(t *testing.T) {
			start := func(m *machine) *machine {
				m.must("_initialize")
				if v := m.must("wasmnet_start"); v != 0 {
					t.Fatalf("wasmnet_start: %d", v)
				}
				return m
			}
			original := start(newMachine(t, module, nil))
			full := options()
			small := start(newMachine(t, module, &full))
			small.grants = 1000
			ways := []*machine{small}
			for _, o := range []rewrite.Options{
				full,
				{Limits: wasm.DefaultLimits, Events: events, DirectCalls: true, MaxDepth: 1 << 20},
				{Limits: wasm.DefaultLimits, Events: events, Fuel: true},
			} {
				ways = append(ways, start(newMachine(t, module, &o)))
			}
			for i, in := range inputs() {
				want := original.send(in)
				var used []int64
				for k, m := range ways {
					if m.res == nil || m.mod.ExportedGlobal(rewrite.Fuel) == nil {
						if got := m.send(in); got != want {
							t.Fatalf("input %d, way %d: wrote %q, the original %q", i, k, got, want)
						}
						continue
					}
					m.refuel = 0
					m.setFuel(0)
					if got := m.send(in); got != want {
						t.Fatalf("input %d, way %d: wrote %q, the original %q", i, k, got, want)
					}
					used = append(used, int64(m.refuel)*m.grants-m.fuel())
				}
				if used[0] != used[1] {
					t.Errorf("input %d: fuel %d in small slices, %d in large ones", i, used[0], used[1])
				}
				if used[0] <= 0 {
					t.Errorf("input %d: fuel %d", i, used[0])
				}
			}
		})
	}
}
