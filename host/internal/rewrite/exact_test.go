package rewrite

import (
	"bytes"
	"context"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// Generated modules that take more fuel than enough are not compared: the original would run as long as it likes.
const (
	enough  = 50_000
	tooLong = "too long"
)

// trial runs generated modules in different ways.
type trial struct {
	ctx   context.Context
	r     wazero.Runtime
	slice int64
	given int64 // fuel granted so far
	seen  []uint64
	seed  maphash.Seed
}

func newTrial(t testing.TB, config wazero.RuntimeConfig) *trial {
	x := &trial{ctx: context.Background(), seed: maphash.MakeSeed()}
	x.r = wazero.NewRuntimeWithConfig(x.ctx, config.WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { x.r.Close(x.ctx) })
	b := x.r.NewHostModuleBuilder("env")
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		x.seen = append(x.seen, stack[0])
		stack[0] = uint64(uint32(stack[0]) * 3)
	}), []api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).Export("host")
	if _, err := b.Instantiate(x.ctx); err != nil {
		t.Fatal(err)
	}
	b = x.r.NewHostModuleBuilder(InternalModule)
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		if x.given += x.slice; x.given > enough && x.slice < enough {
			panic(tooLong)
		}
		stack[0] = uint64(x.slice - int64(stack[0]))
	}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(Refuel)
	b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) { panic("overflow") }), nil, nil).
		Export(Overflow)
	if _, err := b.Instantiate(x.ctx); err != nil {
		t.Fatal(err)
	}
	return x
}

// outcome is all that can be seen of a run.
type outcome struct {
	trap   string
	memory uint64
	seen   string
	fuel   int64
}

func (x *trial) compile(t testing.TB, module []byte) wazero.CompiledModule {
	t.Helper()
	c, err := x.r.CompileModule(x.ctx, module)
	if err != nil {
		t.Fatalf("wazero: %v", err)
	}
	return c
}

// run calls the module's export, or event 6 if it has a dispatcher.
func (x *trial) run(t testing.TB, c wazero.CompiledModule, arg uint64, slice int64) (o outcome) {
	t.Helper()
	m, err := x.r.InstantiateModule(x.ctx, c, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatalf("wazero: %v", err)
	}
	defer m.Close(x.ctx)
	x.seen, x.given, x.slice = x.seen[:0], 0, slice
	if f := m.ExportedFunction("data_received"); f != nil {
		_, err = f.Call(x.ctx, 0, arg)
	} else {
		_, err = m.ExportedFunction(Dispatch).Call(x.ctx, 6, 0, arg, 0)
		if err == nil {
			o.fuel = x.given - int64(m.ExportedGlobal(Fuel).Get())
		}
	}
	if err != nil {
		o.trap, _, _ = strings.Cut(err.Error(), "\n")
	}
	mem, _ := m.Memory().Read(0, m.Memory().Size())
	o.memory = maphash.Bytes(x.seed, mem)
	for _, v := range x.seen {
		o.seen += string(rune(v & 0xffff))
	}
	return o
}

// each is a plan that charges every instruction by itself, which nothing can be more exact than.
func each(m *wasm.Module) func(*wasm.Body) *plan {
	p := newPlanner(m)
	return func(b *wasm.Body) *plan {
		pl := *p.analyse(b)
		pl.charges = nil
		var rd wasm.Reader
		var in wasm.Instr
		rd.Reset(b)
		for rd.More() {
			rd.Next(&in)
			if c := cost(&in, p.imports); c > 0 {
				pl.charges = append(pl.charges, charge{pos: in.Pos, cost: c})
			}
		}
		return &pl
	}
}

func rewriteAs(t testing.TB, m *wasm.Module, plan func(*wasm.Module) func(*wasm.Body) *plan) []byte {
	t.Helper()
	r := newRewriter(m, Options{Fuel: true, MaxDepth: 1 << 20, DirectCalls: true, Limits: wasm.DefaultLimits,
		Events: []Event{{Name: "data_received", Number: 6, Params: []wasm.ValType{wasm.I32, wasm.I32}}}})
	r.analyse = plan(m)
	if err := r.rewrite(); err != nil {
		t.Fatal(err)
	}
	return r.out.Encode()
}

func (x *trial) compare(t testing.TB, choices []byte) (trapped bool) {
	t.Helper()
	module := generate(choices).Encode()
	m, err := wasm.Decode(module, wasm.DefaultLimits)
	if err != nil {
		t.Fatalf("the generator made an invalid module: %v", err)
	}
	if again := m.Encode(); !bytes.Equal(module, again) {
		t.Fatal("encoding what was decoded differs")
	}
	regions := x.compile(t, rewriteAs(t, m, func(m *wasm.Module) func(*wasm.Body) *plan { return newPlanner(m).analyse }))
	defer regions.Close(x.ctx)
	exactly := x.compile(t, rewriteAs(t, m, func(m *wasm.Module) func(*wasm.Body) *plan {
		p := newPlanner(m)
		p.slack = 0
		return p.analyse
	}))
	defer exactly.Close(x.ctx)
	singly := x.compile(t, rewriteAs(t, m, each))
	defer singly.Close(x.ctx)
	original := x.compile(t, module)
	defer original.Close(x.ctx)
	for arg := range uint64(3) {
		small := x.run(t, regions, arg, 100)
		if strings.Contains(small.trap, tooLong) {
			return false
		}
		want := x.run(t, original, arg, 0)
		got := x.run(t, regions, arg, 1<<40)
		exact := x.run(t, exactly, arg, 1<<40)
		single := x.run(t, singly, arg, 1<<40)
		for name, o := range map[string]outcome{"slices of 100": small, "no slack": exact, "each instruction": single} {
			if want.trap == "" && name != "slices of 100" {
				if o.fuel > got.fuel || name == "each instruction" && o.fuel != exact.fuel {
					t.Errorf("argument %d: fuel %d with slack, %d without, %d counting each", arg, got.fuel, exact.fuel, single.fuel)
				}
				o.fuel = got.fuel
			}
			if o != got {
				t.Errorf("argument %d: %s: %+v, want %+v", arg, name, o, got)
			}
		}
		got.fuel = 0
		if got != want {
			t.Errorf("argument %d: %+v, originally %+v", arg, got, want)
		}
		trapped = trapped || want.trap != ""
	}
	return trapped
}

// TestExact runs many generated modules: rewriting changes nothing but the fuel, slices change nothing, and without
// slack the regions charge exactly what was executed.
func TestExact(t *testing.T) {
	x := newTrial(t, wazero.NewRuntimeConfig())
	r := rand.New(rand.NewPCG(1, 2))
	traps := 0
	for range 150 {
		choices := make([]byte, 1200)
		for i := range choices {
			choices[i] = byte(r.Uint32())
		}
		if x.compare(t, choices) {
			traps++
		}
		if t.Failed() {
			return
		}
	}
	if traps < 10 || traps > 140 {
		t.Errorf("%d of 150 modules trapped: both kinds must be there", traps)
	}
}

// FuzzExact is TestExact on what the fuzzer chooses. Fuzzing slows compiling down more than running.
func FuzzExact(f *testing.F) {
	x := newTrial(f, wazero.NewRuntimeConfigInterpreter())
	for i := range 8 {
		seed := make([]byte, 400)
		r := rand.New(rand.NewPCG(3, uint64(i)))
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) { x.compare(t, choices) })
}
