package rewrite_test

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

func TestResult(t *testing.T) {
	o := options()
	module := guestbuild.WatText(t, `(module
		(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
		(memory (export "memory") 2 9)
		(global $a (mut i32) (i32.const 7)) (global $b i64 (i64.const 1)) (global $c (export "g") (mut f64) (f64.const 1))
		(data (i32.const 5) "abc") (data $p "passive") (data (i32.const 6) "XY")
		(func $s (global.set $a (i32.const 8))) (start $s)
		(func (export "data_received") (param i32 i32)
			(memory.init $p (i32.const 100) (i32.const 0) (i32.const 7)))
		(func (export "helper") (param f32) (result i64) (i64.const 0)))`)
	m := newMachine(t, module, &o)
	r := m.res
	if len(r.Data) != 2 || r.Data[0].Offset != 5 || string(r.Data[0].Bytes) != "abc" || r.Data[1].Offset != 6 ||
		string(r.Data[1].Bytes) != "XY" {
		t.Errorf("data %v", r.Data)
	}
	if r.Start != 7 {
		t.Errorf("start is number %d, want the one behind the last event", r.Start)
	}
	globals := []rewrite.Global{{Export: "wasmnet_g0", Type: wasm.I32}, {Export: "wasmnet_g2", Type: wasm.F64}}
	if !slices.Equal(r.Globals, globals) {
		t.Errorf("globals %v", r.Globals)
	}
	if len(r.Events) != 1 || !r.Events[6] {
		t.Errorf("events %v", r.Events)
	}
	if len(r.Imports) != 1 || r.Imports[0].Module != "wasmnet_v1" || r.Imports[0].Name != "write" ||
		len(r.Imports[0].Params) != 3 {
		t.Errorf("imports %v", r.Imports)
	}
	if len(r.Exports) != 4 || r.Exports[3].Name != "helper" || r.Exports[3].Kind != wasm.ExternFunc {
		t.Errorf("exports %v", r.Exports)
	}
	if !r.Recyclable || !r.Imageable || r.Functions != 3 || r.Memory != (wasm.Size{Min: 2, Max: 9, HasMax: true}) {
		t.Errorf("%+v", r)
	}
	read := func(at, n uint32) string {
		b, _ := m.mod.Memory().Read(at, n)
		return string(b)
	}
	if got := read(5, 3); got != "aXY" {
		t.Errorf("data in memory: %q", got)
	}
	g := m.mod.ExportedGlobal("wasmnet_g0")
	if g.Get() != 7 {
		t.Errorf("the start function has run")
	}
	for _, number := range []int32{r.Start, 6, 0, 1, 99, -1} { // exported, not exported, unknown
		res, err := m.call.Call(m.ctx, uint64(uint32(number)), 0, 0, 0)
		if err != nil || res[0] != 0 {
			t.Errorf("event %d: %v, %v", number, res, err)
		}
	}
	if g.Get() != 8 || read(100, 7) != "passive" {
		t.Errorf("after start and event: global %d, memory %q", g.Get(), read(100, 7))
	}
	if m.mod.ExportedFunction("helper") != nil || m.mod.ExportedGlobal("g") != nil {
		t.Error("the guest's own exports are still there")
	}
}

// TestState checks what makes an instance unfit for images and recycling.
func TestState(t *testing.T) {
	for _, test := range []struct{ name, text, why string }{
		{"mutable reference", `(global (mut externref) (ref.null extern))`, "global 0 is mutable and holds externref"},
		{"mutable vector", `(global (mut v128) (v128.const i64x2 0 0))`, "global 0 is mutable and holds v128"},
		{"table.set", `(table $t 1 funcref) (func (table.set $t (i32.const 0) (ref.null func)))`, "table.set in function 0"},
		{"table.grow", `(table $t 1 funcref) (func) (func (drop (table.grow $t (ref.null func) (i32.const 1))))`,
			"table.grow in function 1"},
		{"table.init", `(table 1 funcref) (elem $e func) (func (table.init $e (i32.const 0) (i32.const 0) (i32.const 0)))`,
			"table.init in function 0"},
		{"dropped segment", `(memory 1) (data $d "x") (func (data.drop $d)
			(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)))`, "data segment 0 is read and dropped"},
		{"segment dropped unread", `(memory 1) (data $d "x") (func (data.drop $d))`, ""},
		{"elements dropped unread", `(table 1 funcref) (elem $e func) (func (elem.drop $e))`, ""},
		{"table only read", `(table $t 1 funcref) (func (drop (table.get $t (i32.const 0))) (drop (table.size $t)))`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := rewrite.Rewrite(guestbuild.WatText(t, "(module "+test.text+")"), options())
			if err != nil {
				t.Fatal(err)
			}
			if res.Recyclable != (test.why == "") || res.Imageable != (test.why == "") ||
				!strings.Contains(res.Why, test.why) || !strings.Contains(res.WhyNot, test.why) {
				t.Errorf("recyclable %t (%s), imageable %t (%s); want %q",
					res.Recyclable, res.Why, res.Imageable, res.WhyNot, test.why)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct{ text, msg string }{
		{`(import "env" "memory" (memory 1))`, "import env.memory: a memory cannot be imported"},
		{`(import "env" "table" (table 1 funcref))`, "import env.table: a table cannot be imported"},
		{`(import "env" "g" (global (mut i32)))`, "import env.g: a global cannot be imported"},
		{`(import "wasmnet_internal" "refuel" (func (param i64) (result i64)))`, "module name is reserved"},
		{`(func (export "data_received") (param i32))`,
			`export "data_received": signature (i32) -> (), want (i32, i32) -> ()`},
		{`(func (export "wasmnet_start"))`, `export "wasmnet_start": signature () -> (), want () -> (i32)`},
		{`(memory (export "data_received") 1)`, `export "data_received": a memory, want a function`},
	} {
		_, err := rewrite.Rewrite(guestbuild.WatText(t, "(module "+test.text+")"), options())
		var e *wasm.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), test.msg) || e.Offset == 0 {
			t.Errorf("%s: error %v, want %q", test.text, err, test.msg)
		}
	}
}

// TestNames checks that a trap still names the guest's functions, and that custom sections are handed out.
func TestNames(t *testing.T) {
	o := options()
	text := `(module (memory (export "memory") 1) (func $inner unreachable) (func $outer (call $inner))
		(func (export "_initialize") (call $outer)))`
	in := guestbuild.WatText(t, text)
	m, err := wasm.Decode(in, wasm.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var names []wasm.FunctionName
	for i, n := range []string{"inner", "outer", "_initialize"} {
		names = append(names, wasm.FunctionName{Index: uint32(i), Name: []byte(n)})
	}
	m.Custom = []wasm.Custom{{Name: "note", Bytes: []byte("first")}, {Name: "note", Bytes: []byte("second")},
		{Name: "name", Bytes: wasm.EncodeFunctionNames(names)}}
	g := newMachine(t, m.Encode(), &o)
	if got := g.res.Custom["note"]; !bytes.Equal(got, []byte("first")) {
		t.Errorf("custom section %q", got)
	}
	_, err = g.event("_initialize")
	if err == nil || !strings.Contains(err.Error(), ".inner(") || !strings.Contains(err.Error(), ".outer(") {
		t.Errorf("trap: %v", err)
	}
}

// TestLyingNames gives name sections that make no sense: they are left out, as far as they do not.
func TestLyingNames(t *testing.T) {
	for _, test := range []struct {
		name    string
		section []byte
		want    int
	}{
		{"empty", nil, 0},
		{"beyond the section", []byte{1, 100, 1, 0, 1, 'a'}, 0},
		{"beyond the subsection", []byte{1, 4, 1, 0, 100, 'a'}, 0},
		{"function that is not there", []byte{1, 4, 1, 9, 1, 'a'}, 0},
		{"not in order", []byte{1, 7, 2, 1, 1, 'a', 0, 1, 'b'}, 1},
		{"not UTF-8", []byte{1, 7, 2, 0, 1, 0xff, 1, 1, 'b'}, 1},
		{"four billion names", []byte{1, 9, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1, 'a'}, 0},
		{"other subsections first", []byte{0, 2, 1, 'm', 1, 4, 1, 2, 1, 'a'}, 1},
	} {
		if got := wasm.FunctionNames(test.section, 3); len(got) != test.want {
			t.Errorf("%s: %d names, want %d", test.name, len(got), test.want)
		}
	}
}

// TestTables checks which tables are replaced by direct calls.
func TestTables(t *testing.T) {
	const call = `(func (param i32) (call_indirect (local.get 0))) (func $f)`
	holes := `(table 600 funcref)`
	for i := range 300 {
		holes += ` (elem (i32.const ` + strconv.Itoa(2*i) + `) $f)`
	}
	for _, test := range []struct {
		name, text string
		left       int
	}{
		{"never written", `(table 3 funcref) (elem (i32.const 1) $f $f)`, 0},
		{"exported", `(table (export "t") 3 funcref) (elem (i32.const 1) $f $f)`, 0},
		{"empty", `(table 0 funcref)`, 0},
		{"filled beyond its end", `(table 1 funcref) (elem (i32.const 1) $f)`, 1},
		{"read", `(table $t 1 funcref) (func (drop (table.get $t (i32.const 0))))`, 1},
		{"written", `(table $t 1 funcref) (func (table.set $t (i32.const 0) (ref.null func)))`, 1},
		{"one of two written", `(table 2 funcref) (table $t 2 funcref) (elem (i32.const 1) $f)
			(func (table.set $t (i32.const 0) (ref.null func)))`, 1},
		{"of other references", `(table 1 funcref) (table 1 externref)`, 1},
		{"too many holes", holes, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			module := guestbuild.WatText(t, "(module "+test.text+call+")")
			for _, direct := range []bool{true, false} {
				o := options()
				o.DirectCalls = direct
				res, err := rewrite.Rewrite(module, o)
				if err != nil {
					t.Fatal(err)
				}
				left := test.left
				if !direct {
					left = strings.Count(test.text, "(table ")
				}
				if res.Tables != left {
					t.Errorf("direct calls %t: %d tables left, want %d", direct, res.Tables, left)
				}
				if err := newValidator(t).check(res.Wasm); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
