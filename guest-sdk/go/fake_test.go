package wasmnet_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/abi"
)

// fake is an instance of the script guest whose imports do nothing but say that they were called, and answer as the
// test wants.
type fake struct {
	t       testing.TB
	ctx     context.Context // carries the fake itself to its imports
	module  api.Module
	exports map[string]api.Function // those called so far
	config  map[string]string
	answers map[string]int32    // what an import, or "write " and some text, returns; 0 if it is not here
	infos   map[[2]int32]string // conn_info of a handle and a key
	said    []string            // calls and log lines since the last look
	buffer  uint32              // receive buffer
	stderr  strings.Builder     // what the Go runtime prints when it dies
	timers  int32               // handles of timers given so far
	sleep   int64               // nanoseconds until the Go runtime wants to be called; below 0: when something happens
	quiet   bool                // say nothing of write
}

// build compiles testdata/script to wasm, once.
var build = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "wasmnet-script")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	// Reading the folders makes the test's result, where it is cached, depend on what is in them.
	for _, sources := range []string{
		".", "guestlog", "restored", "testdata/script", "../../reactor/deferred", "../../reactor/protocol",
	} {
		if _, err := os.ReadDir(sources); err != nil {
			return nil, err
		}
	}
	out := filepath.Join(dir, "script.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", out, "./testdata/script")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return os.ReadFile(out)
})

// guest has the machine code of the script guest, made once, and what it imports.
var guest = sync.OnceValues(func() (compiled struct {
	wazero.Runtime
	wazero.CompiledModule
}, err error) {
	wasm, err := build()
	if err != nil {
		return compiled, err
	}
	ctx := context.Background()
	compiled.Runtime = wazero.NewRuntime(ctx)
	if err = offerWASI(ctx, compiled.Runtime); err != nil {
		return compiled, err
	}
	imports := compiled.Runtime.NewHostModuleBuilder(abi.Version)
	for _, fn := range abi.Imports {
		imports.NewFunctionBuilder().WithGoModuleFunction(importOf(fn), types(fn.Params), results(fn)).Export(fn.Name)
	}
	if _, err = imports.Instantiate(ctx); err != nil {
		return compiled, err
	}
	compiled.CompiledModule, err = compiled.Runtime.CompileModule(ctx, wasm)
	return compiled, err
})

type fakeKey struct{}

// load instantiates the guest and runs _initialize. Keys and values of its configuration come in turn.
func load(t testing.TB, config ...string) *fake {
	t.Helper()
	compiled, err := guest()
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{
		t: t, exports: map[string]api.Function{},
		config: map[string]string{}, answers: map[string]int32{}, infos: map[[2]int32]string{},
	}
	f.ctx = context.WithValue(t.Context(), fakeKey{}, f)
	for i := 0; i < len(config); i += 2 {
		f.config[config[i]] = config[i+1]
	}
	cfg := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithStderr(&f.stderr).
		WithSysNanotime().WithSysWalltime()
	if f.module, err = compiled.InstantiateModule(f.ctx, compiled.CompiledModule, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.module.Close(context.Background()) })
	f.call("_initialize")
	return f
}

// started is load and wasmnet_start, with what that said forgotten.
func started(t testing.TB, config ...string) *fake {
	t.Helper()
	f := load(t, config...)
	if status := f.call("wasmnet_start"); status != 0 {
		t.Fatalf("wasmnet_start returned %d: %q", status, f.said)
	}
	f.said = nil
	return f
}

// connected has one connection, with handle 1.
func connected(t testing.TB, config ...string) *fake {
	t.Helper()
	f := started(t, config...)
	f.info(1, abi.InfoPeer, "192.0.2.1:4321")
	f.event(abi.ConnectionMade, 1)
	f.said = nil
	return f
}

func types(params []abi.Param) []api.ValueType {
	var ts []api.ValueType
	for _, p := range params {
		ts = append(ts, api.ValueType(p.Type))
	}
	return ts
}

func results(f abi.Func) []api.ValueType {
	var ts []api.ValueType
	for _, r := range f.Results {
		ts = append(ts, api.ValueType(r))
	}
	return ts
}

func (f *fake) info(handle, key int32, value string) { f.infos[[2]int32{handle, key}] = value }

// importOf is what stands for the import fn.
func importOf(fn abi.Func) api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, stack []uint64) {
		f := ctx.Value(fakeKey{}).(*fake)
		arg := func(i int) int32 { return api.DecodeI32(stack[i]) }
		text := func(i int) string {
			b, ok := m.Memory().Read(api.DecodeU32(stack[i]), api.DecodeU32(stack[i+1]))
			if !ok {
				f.t.Errorf("%s: range outside memory", fn.Name)
			}
			return string(b)
		}
		fill := func(i int, value string) int32 {
			n := min(len(value), int(arg(i+1)))
			m.Memory().WriteString(api.DecodeU32(stack[i]), value[:n])
			return int32(len(value))
		}
		answer, fixed := f.answers[fn.Name]
		switch fn.Name {
		case "set_receive_buffer":
			f.buffer = api.DecodeU32(stack[0])
		case "log":
			if level := arg(0); level != abi.LogInfo && level != abi.LogError {
				f.said = append(f.said, fmt.Sprintf("%d %s", level, text(1)))
			} else {
				f.said = append(f.said, text(1))
			}
			return
		case "config":
			value, ok := f.config[text(0)]
			if answer = fill(2, value); !ok {
				answer = int32(abi.NotFound)
			}
		case "conn_info":
			value, ok := f.infos[[2]int32{arg(0), arg(1)}]
			if answer = fill(2, value); !ok {
				answer = int32(abi.NotFound)
			}
		case "call_later":
			if !fixed {
				f.timers++
				answer = 1000 + f.timers
			}
		case "write":
			if arg(2) == 0 || f.quiet {
				break
			}
			f.said = append(f.said, fmt.Sprintf("write %d %q", arg(0), text(1)))
			if n, ok := f.answers["write "+text(1)]; ok {
				answer = n
			}
		default:
			f.said = append(f.said, describe(fn, stack, text))
		}
		if len(stack) > 0 {
			stack[0] = api.EncodeI32(answer)
		}
	}
}

// describe writes a call as "name 1 2 text": numbers as they are, ranges as their bytes.
func describe(fn abi.Func, stack []uint64, text func(int) string) string {
	words := []string{fn.Name}
	for i := 0; i < len(fn.Params); i++ {
		if p := fn.Params[i].Name; p == "ptr" || strings.HasSuffix(p, "_ptr") {
			words = append(words, text(i))
			i++
		} else {
			words = append(words, fmt.Sprint(int64(int32(stack[i]))))
		}
	}
	return strings.Join(words, " ")
}

// call calls an export that must not trap, and returns its result, if any.
func (f *fake) call(name string, args ...uint64) int32 {
	f.t.Helper()
	fn := f.exports[name]
	if fn == nil {
		fn = f.module.ExportedFunction(name)
		f.exports[name] = fn
	}
	result, err := fn.Call(f.ctx, args...)
	if err != nil {
		f.t.Fatalf("%s: %v\n%s%q", name, err, f.stderr.String(), f.said)
	}
	if len(result) == 0 {
		return 0
	}
	return api.DecodeI32(result[0])
}

// event delivers an event whose arguments are all numbers.
func (f *fake) event(e abi.Event, args ...int32) int32 {
	f.t.Helper()
	var words []uint64
	for _, a := range args {
		words = append(words, api.EncodeI32(a))
	}
	return f.call(e.String(), words...)
}

// receive puts bytes into the receive buffer.
func (f *fake) receive(data ...string) {
	f.module.Memory().WriteString(f.buffer, strings.Join(data, ""))
}

// data delivers bytes to a connection: commands, for most of them.
func (f *fake) data(handle int32, text string) {
	f.t.Helper()
	f.receive(text)
	f.event(abi.DataReceived, handle, int32(len(text)))
}

// memory is a copy of the guest's memory.
func (f *fake) memory() []byte {
	m, ok := f.module.Memory().Read(0, f.module.Memory().Size())
	if !ok {
		f.t.Fatal("the memory cannot be read")
	}
	return bytes.Clone(m)
}

// timer fires the timer that the guest asked for last.
func (f *fake) timer() {
	f.t.Helper()
	f.event(abi.TimerFired, 1000+f.timers)
}

// expect compares what was said since the last look with lines; each must be there, in this order, and no more.
func (f *fake) expect(lines ...string) {
	f.t.Helper()
	if !slices.Equal(f.said, lines) {
		f.t.Errorf("said\n\t%s\nwant\n\t%s", strings.Join(f.said, "\n\t"), strings.Join(lines, "\n\t"))
	}
	f.said = nil
}
