package rewrite_test

import (
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// budget is the fuel that the guests of TestFuelEnds get in all.
const budget = 3_000_000

// TestFuelEnds runs guests that would run for ever, or nearly so, each in a way of its own. The fuel ends them all.
func TestFuelEnds(t *testing.T) {
	// f0 calls f1 twice, f1 calls f2 twice, and so on: 2^60 calls without a loop.
	var exponential strings.Builder
	exponential.WriteString(`(module (memory (export "memory") 1) (func (export "_initialize") (call 1))`)
	for i := range 60 {
		next := min(i+2, 60)
		if next == i+1 {
			exponential.WriteString(`(func)`)
			continue
		}
		exponential.WriteString(`(func (call ` + strconv.Itoa(next) + `) (call ` + strconv.Itoa(next) + `))`)
	}
	exponential.WriteString(`(func))`)
	guest := func(code string) string {
		return `(module (memory (export "memory") 16 256) (table $t 100 1000 funcref) (data $d "0123456789abcdef")
			(elem $e func $f) (func $f) (func $g (result i32) (local i32) (i32.const 0))
			(func (export "_initialize") (local $i i32) (local $j i64) ` + code + `))`
	}
	for name, text := range map[string]string{
		"empty loop":           guest(`(loop (br 0))`),
		"conditional loop":     guest(`(loop (br_if 0 (i32.const 1)))`),
		"br_table loop":        guest(`(loop (br_table 0 0 0 (i32.const 1)))`),
		"loop with parameters": guest(`(i32.const 1) (loop (param i32) (result i32) (br 0)) (drop)`),
		"loop around blocks":   guest(`(loop (block (block (br_if 1 (i32.const 1))) unreachable) (br 0))`),
		"nested loops": guest(`(loop (local.set $i (i32.const 10)) (loop
			(br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1))))) (br 0))`),
		"recursion without end": `(module (memory (export "memory") 1)
			(func (export "_initialize") (loop (call $f (i32.const 1000)) (br 0)))
			(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))))))`,
		"exponential calls":   exponential.String(),
		"loop of quick calls": guest(`(loop (call $f) (drop (call $g)) (br 0))`),
		"memory.fill":         guest(`(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) (br 0))`),
		"memory.copy":         guest(`(loop (memory.copy (i32.const 0) (i32.const 9) (i32.const 1000000)) (br 0))`),
		"memory.init":         guest(`(loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 16)) (br 0))`),
		"memory.grow":         guest(`(loop (drop (memory.grow (i32.const 1))) (br 0))`),
		"table.grow":          guest(`(loop (drop (table.grow $t (ref.null func) (i32.const 1))) (br 0))`),
		"table.fill":          guest(`(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 100)) (br 0))`),
		"table.copy":          guest(`(loop (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 99)) (br 0))`),
		"table.init":          guest(`(loop (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)) (br 0))`),
		"straight line":       guest(strings.Repeat(`(call $f)`, 1000) + `(loop ` + strings.Repeat(`(call $f)`, 1000) + ` (br 0))`),
		"start function": `(module (memory (export "memory") 1) (func $s (loop (br 0))) (start $s)
			(func (export "_initialize")))`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, slice := range []int64{budget, 1000} {
				o := options()
				m := newMachine(t, guestbuild.WatText(t, text), &o)
				m.grants, m.allowed = slice, budget/slice
				number := uint64(0)
				if m.res.Start >= 0 {
					number = uint64(m.res.Start)
				}
				_, err := m.call.Call(m.ctx, number, 0, 0, 0)
				if err == nil || !strings.Contains(err.Error(), "out of fuel") {
					t.Errorf("slices of %d: error %v", slice, err)
				}
				if m.most > 70_000 {
					t.Errorf("slices of %d: %d units used without a check", slice, m.most)
				}
			}
		})
	}
}

// TestStackEnds recurses without end in functions with small and large frames. The limit ends them, with a bounded
// number of bytes taken from Go's heap for the stack: what wazero takes doubles, so all together stays below four times
// the limit.
func TestStackEnds(t *testing.T) {
	const limit = 1 << 20
	rec := func(locals, before, after string) string {
		return `(module (memory (export "memory") 1) (table 4 funcref) (elem (i32.const 1) $f)
			(type $t (func (param i32) (result i32)))
			(func (export "_initialize") (drop (call $f (i32.const 1))))
			(func $f (type $t) ` + locals + before + `(call $f (local.get 0))` + after + `))`
	}
	loads := func(n int) string { return strings.Repeat(`(i32.load (local.get 0))`, n) }
	manyLocals, sets, gets := "(local"+strings.Repeat(" i64", 200)+")", "", ""
	for i := range 200 {
		n := strconv.Itoa(i + 1)
		sets += `(local.set ` + n + ` (i64.load (local.get 0)))`
		gets += `(i64.store (local.get 0) (local.get ` + n + `))`
	}
	merges := strings.Repeat(`(if (local.get 0) (then `, 50) + sets + strings.Repeat(`))`, 50)
	for name, text := range map[string]string{
		"small":    rec("", "", ""),
		"operands": rec("", loads(500), strings.Repeat("i32.add ", 500)),
		"locals":   rec(manyLocals, sets, gets),
		"merges":   rec(manyLocals, merges, gets),
		"vectors": rec("", strings.Repeat(`(v128.load (local.get 0))`, 300),
			`(local.set 0)`+strings.Repeat(` v128.xor`, 299)+` (i32x4.extract_lane 0)`),
		"indirect": `(module (memory (export "memory") 1) (table 4 funcref) (elem (i32.const 1) $f)
			(type $t (func (param i32) (result i32)))
			(func (export "_initialize") (drop (call $f (i32.const 1))))
			(func $f (type $t) (call_indirect (type $t) (local.get 0) (local.get 0))))`,
		"two by turns": `(module (memory (export "memory") 1)
			(func (export "_initialize") (call $f))
			(func $f (call $g)) (func $g (call $f)))`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, direct := range []bool{true, false} {
				o := options()
				o.MaxDepth, o.DirectCalls = limit, direct
				m := newMachine(t, guestbuild.WatText(t, text), &o)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := m.call.Call(m.ctx, 0, 0, 0, 0)
				runtime.ReadMemStats(&after)
				if err == nil || !strings.Contains(err.Error(), "stack limit") {
					t.Fatalf("error %v", err)
				}
				if took := after.TotalAlloc - before.TotalAlloc; took > 4*limit+1<<16 {
					t.Errorf("%d bytes of stack taken, the limit is %d", took, limit)
				}
			}
		})
	}
}

// TestClamps checks what memories and tables can still become.
func TestClamps(t *testing.T) {
	o := options()
	o.Limits.MemoryPages, o.Limits.TableEntries = 4, 10
	m := newMachine(t, guestbuild.WatText(t, `(module (memory (export "memory") 1) (table $t 3 funcref)
		(func (export "wasmnet_start") (result i32)
			(i32.add (memory.grow (i32.const 4)) (i32.mul (i32.const 100) (memory.grow (i32.const 3)))))
		(func (export "data_received") (param i32 i32)
			(if (i32.ne (table.grow $t (ref.null func) (i32.const 8)) (i32.const -1)) (then unreachable))
			(if (i32.ne (table.grow $t (ref.null func) (i32.const 7)) (i32.const 3)) (then unreachable))))`), &o)
	if v := m.must("wasmnet_start"); int32(v) != 99 {
		t.Errorf("growing by 4 pages and by 3: %d, want 99", int32(v))
	}
	m.must("data_received", 0, 0)
	if m.full != 1 {
		t.Errorf("the host was told %d times that the table is full, want 1", m.full)
	}
	if want := (wasm.Size{Min: 1, Max: 4, HasMax: true}); m.res.Memory != want {
		t.Errorf("memory %+v, want %+v", m.res.Memory, want)
	}
	own := newMachine(t, guestbuild.WatText(t, `(module (table $own 3 8 funcref) (table $t 0 funcref)
		(func (export "data_received") (param i32 i32)
			(drop (table.grow $t (ref.null func) (i32.const 1)))
			(if (i32.ne (table.grow $own (ref.null func) (i32.const 6)) (i32.const -1)) (then unreachable))))`), &o)
	if own.must("data_received", 0, 0); own.full != 0 {
		t.Error("the host was told of a table that is as large as its module allows")
	}
	for _, text := range []string{`(module (memory 5))`, `(module (table 11 funcref))`} {
		if _, err := rewrite.Rewrite(guestbuild.WatText(t, text), o); err == nil {
			t.Errorf("%s: accepted", text)
		}
	}
}
