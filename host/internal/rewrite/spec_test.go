package rewrite_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// The scripts of the specification's test suite, as wazero keeps them: modules, and calls of their exports.
type (
	specScript  struct{ Commands []specCommand }
	specCommand struct {
		Type, Name, Filename string
		Line                 int
		Action               specAction
	}
	specAction struct {
		Type, Module, Field string
		Args                []specValue
	}
	specValue struct {
		Type     string
		LaneType string `json:"lane_type"`
		Value    any
	}
)

// TestSpecification runs every script twice, on the modules as they are and rewritten, and compares each result and
// each trap. A module that the suite calls invalid must not become valid by being rewritten.
func TestSpecification(t *testing.T) {
	dir := filepath.Join(wasmtest.WazeroDir(t), "internal/integration_test/spectest/v2/testdata")
	scripts, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSpecRunner(t)
	for _, script := range scripts {
		s.script(script)
	}
	t.Logf("%d modules run, %d not linked here; %d calls; %d invalid modules", s.modules, s.unlinked, s.calls, s.invalid)
	if s.modules < 1000 || s.calls < 45_000 || s.invalid < 2000 {
		t.Error("too little was run")
	}
}

type specRunner struct {
	t                                 *testing.T
	ctx                               context.Context
	r                                 wazero.Runtime
	printed                           []string // by the imports that print
	where                             string
	current                           *specPair
	named                             map[string]*specPair
	modules, unlinked, calls, invalid int
}

// specPair is a module as it is, and rewritten with its exports brought back.
type specPair struct{ original, rewritten api.Module }

func newSpecRunner(t *testing.T) *specRunner {
	s := &specRunner{t: t, ctx: context.Background()}
	s.r = wazero.NewRuntimeWithConfig(s.ctx, wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { s.r.Close(s.ctx) })
	b := s.r.NewHostModuleBuilder("spectest")
	for name, params := range map[string][]api.ValueType{
		"print": nil, "print_i32": {api.ValueTypeI32}, "print_i64": {api.ValueTypeI64}, "print_f32": {api.ValueTypeF32},
		"print_f64": {api.ValueTypeF64}, "print_i32_f32": {api.ValueTypeI32, api.ValueTypeF32},
		"print_f64_f64": {api.ValueTypeF64, api.ValueTypeF64},
	} {
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			s.printed = append(s.printed, fmt.Sprint(name, stack[:len(params)]))
		}), params, nil).Export(name)
	}
	if _, err := b.Instantiate(s.ctx); err != nil {
		t.Fatal(err)
	}
	b = s.r.NewHostModuleBuilder(rewrite.InternalModule)
	b.NewFunctionBuilder().WithFunc(func(need int64) int64 { return 1000 - need }).Export(rewrite.Refuel)
	b.NewFunctionBuilder().WithFunc(func() { panic(errors.New("stack overflow")) }).Export(rewrite.Overflow)
	b.NewFunctionBuilder().WithFunc(func() {}).Export(rewrite.TableFull)
	if _, err := b.Instantiate(s.ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *specRunner) script(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	var script specScript
	if err := json.Unmarshal(text, &script); err != nil {
		s.t.Fatalf("%s: %v", path, err)
	}
	s.current, s.named = nil, map[string]*specPair{}
	for i := range script.Commands {
		c := &script.Commands[i]
		s.where = fmt.Sprintf("%s:%d", filepath.Base(path), c.Line)
		switch c.Type {
		case "module", "assert_invalid":
			if filepath.Ext(c.Filename) != ".wasm" {
				continue
			}
			module, err := os.ReadFile(filepath.Join(filepath.Dir(path), c.Filename))
			if err != nil {
				s.t.Fatal(err)
			}
			if c.Type == "assert_invalid" {
				s.refuse(module)
				continue
			}
			s.current = s.load(module)
			if c.Name != "" {
				s.named[c.Name] = s.current
			}
		case "assert_return", "assert_trap", "assert_exhaustion", "action":
			if c.Action.Type == "invoke" {
				s.invoke(&c.Action)
			}
		}
	}
}

func (s *specRunner) rewrite(module []byte) (*rewrite.Result, error) {
	o := options()
	o.Events = nil
	o.Limits.TableEntries = math.MaxUint32
	o.Limits.Locals = 50_000
	return rewrite.Rewrite(module, o)
}

// refuse checks that an invalid module is refused here or by wazero afterwards.
func (s *specRunner) refuse(module []byte) {
	s.invalid++
	res, err := s.rewrite(module)
	if err != nil {
		return
	}
	if c, err := s.r.CompileModule(s.ctx, res.Wasm); err == nil {
		c.Close(s.ctx)
		if c, err = s.r.CompileModule(s.ctx, module); err != nil {
			s.t.Errorf("%s: an invalid module has become valid", s.where)
			return
		}
		c.Close(s.ctx)
	}
}

// load instantiates a module twice; nil if it needs what is not here.
func (s *specRunner) load(module []byte) *specPair {
	var p specPair
	var err error
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	c, err := s.r.CompileModule(s.ctx, module)
	if err != nil {
		s.t.Fatalf("%s: %v", s.where, err)
	}
	if p.original, err = s.r.InstantiateModule(s.ctx, c, config); err != nil {
		s.unlinked++
		return nil
	}
	res, err := s.rewrite(module)
	if err != nil {
		if !strings.Contains(err.Error(), "cannot be imported") && !strings.Contains(err.Error(), "imported reference globals") {
			s.t.Errorf("%s: %v", s.where, err)
		}
		s.unlinked++
		return nil
	}
	c, err = s.r.CompileModule(s.ctx, reexport(s.t, module, res.Wasm))
	if err != nil {
		s.t.Errorf("%s: rewritten: %v", s.where, err)
		return nil
	}
	if p.rewritten, err = s.r.InstantiateModule(s.ctx, c, config); err != nil {
		s.t.Errorf("%s: rewritten: %v", s.where, err)
		return nil
	}
	for _, d := range res.Data {
		if !p.rewritten.Memory().Write(d.Offset, d.Bytes) {
			s.t.Errorf("%s: data segment beyond the memory, but instantiating succeeded", s.where)
		}
	}
	if res.Start >= 0 {
		if _, err := p.rewritten.ExportedFunction(rewrite.Dispatch).Call(s.ctx, uint64(res.Start), 0, 0, 0); err != nil {
			s.t.Errorf("%s: start: %v", s.where, err)
		}
	}
	s.modules++
	return &p
}

// reexport adds the function exports of the original to the rewritten module.
func reexport(t testing.TB, original, rewritten []byte) []byte {
	t.Helper()
	limits := wasm.DefaultLimits
	limits.TableEntries, limits.Locals, limits.Nesting, limits.Branches = math.MaxUint32, 50_000, 100_000, 1<<20
	from, err := wasm.Decode(original, limits)
	if err != nil {
		t.Fatal(err)
	}
	to, err := wasm.Decode(rewritten, limits)
	if err != nil {
		t.Fatalf("decoding what was rewritten: %v", err)
	}
	imports := uint32(from.NumImported(wasm.ExternFunc))
	added := uint32(to.NumImported(wasm.ExternFunc)) - imports
	for _, e := range from.Exports {
		if e.Kind != wasm.ExternFunc {
			continue
		}
		if e.Index >= imports {
			e.Index += added
		}
		e.Name = "test:" + e.Name
		to.Exports = append(to.Exports, e)
	}
	return to.Encode()
}

// invoke calls an export of both and compares what comes of it.
func (s *specRunner) invoke(a *specAction) {
	p := s.current
	if a.Module != "" {
		p = s.named[a.Module]
	}
	if p == nil {
		return
	}
	s.calls++
	var args []uint64
	for _, v := range a.Args {
		args = append(args, s.value(v)...)
	}
	s.printed = nil
	want, wantErr := p.original.ExportedFunction(a.Field).Call(s.ctx, args...)
	wantPrinted := s.printed
	s.printed = nil
	f := p.rewritten.ExportedFunction("test:" + a.Field)
	const fuel = 100
	if n := len(f.Definition().ParamTypes()); n > len(a.Args) {
		args = append(args, 1<<20, fuel)
	}
	got, gotErr := f.Call(s.ctx, args...)
	if gotErr == nil && len(f.Definition().ResultTypes()) > len(p.original.ExportedFunction(a.Field).Definition().ResultTypes()) {
		got = got[:len(got)-1]
	}
	if trap(wantErr) != trap(gotErr) {
		s.t.Errorf("%s: %s: %v, originally %v", s.where, a.Field, gotErr, wantErr)
		return
	}
	if !slices.Equal(got, want) || !slices.Equal(s.printed, wantPrinted) {
		s.t.Errorf("%s: %s: %x and printed %v, originally %x and %v", s.where, a.Field, got, s.printed, want, wantPrinted)
	}
}

// trap is what an error says without where.
func trap(err error) string {
	if err == nil {
		return ""
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	if strings.Contains(line, "stack overflow") {
		return "stack overflow"
	}
	return line
}

func (s *specRunner) value(v specValue) []uint64 {
	switch v.Type {
	case "v128":
		var raw []byte
		for _, lane := range v.Value.([]any) {
			x := s.number(lane)
			switch v.LaneType {
			case "i8":
				raw = append(raw, byte(x))
			case "i16":
				raw = binary.LittleEndian.AppendUint16(raw, uint16(x))
			case "i32", "f32":
				raw = binary.LittleEndian.AppendUint32(raw, uint32(x))
			default:
				raw = binary.LittleEndian.AppendUint64(raw, x)
			}
		}
		return []uint64{binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[8:])}
	case "externref", "funcref":
		if v.Value == "null" {
			return []uint64{0}
		}
		return []uint64{s.number(v.Value) + 1}
	}
	return []uint64{s.number(v.Value)}
}

func (s *specRunner) number(v any) uint64 {
	switch text := v.(string); text {
	case "nan:canonical", "nan:arithmetic":
		return 0x7ff8000000000000
	default:
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			return n
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.t.Fatalf("%s: number %q", s.where, text)
		}
		return uint64(n)
	}
}
