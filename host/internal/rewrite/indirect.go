package rewrite

import (
	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// helperIndirect is the function that replaces call_indirect of a type through a table that never changes:
// (parameters, index, budgets) -> (results, fuel).
type helperIndirect struct{ typ, table uint32 }

// helperFault traps as call_indirect does: (index) -> (), per table.
type helperFault struct{ table uint32 }

const (
	// dense is how many entries per function that can be called a jump table may have.
	dense = 16
	// indirectFrame is what the frame of a helperIndirect counts towards the stack, in bytes.
	indirectFrame = 96
)

// indirect returns the function that replaces call_indirect, if the table is gone.
func (r *rewriter) indirect(t, table uint32) (fn uint32, direct bool) {
	if r.fixed[table] == nil {
		return 0, false
	}
	// Types are equal by their structure: calls through equal ones share a function.
	t = r.types[r.in.Types[t].Key()]
	return r.helper(helperIndirect{t, table}), true
}

// target is a table entry that can be called.
type target struct{ index, fn uint32 }

// switcher writes the choice among targets by the value of a local.
type switcher struct {
	r      *rewriter
	a      asm
	index  uint32 // the local
	params uint32 // how many come before it
	depth  uint32
	fuel   uint32
}

func (r *rewriter) addIndirect(k helperIndirect) uint32 {
	t := &r.in.Types[k.typ]
	key := t.Key()
	var targets []target
	for i, f := range r.fixed[k.table] {
		if f != wasm.NullRef && r.in.Types[r.funcTypes[f]].Key() == key {
			targets = append(targets, target{uint32(i), f})
		}
	}
	n := uint32(len(t.Params))
	s := &switcher{r: r, index: n, params: n, depth: n + 1, fuel: n + 1}
	if r.measured {
		s.a.sub(s.depth, indirectFrame)
		s.fuel++
	}
	s.choose(targets)
	s.a.get(s.index)
	s.a.call(r.helper(helperFault{k.table}))
	s.a.op(wasm.OpUnreachable)
	params := append(t.Params[:n:n], wasm.I32)
	return r.add(k, r.withBudgets(params), r.withFuel(t.Results), nil, s.a)
}

// choose writes code that calls the target whose index is in the local and returns, or falls through if there is none.
// Targets are in the order of their indices. Where they lie close together one jump table serves them, else they are
// halved.
func (s *switcher) choose(targets []target) {
	if len(targets) == 0 {
		return
	}
	low, high := targets[0].index, targets[len(targets)-1].index
	if int(high-low)+1 <= dense*len(targets) {
		s.jump(targets, low, high)
		return
	}
	half := len(targets) / 2
	s.a.get(s.index)
	s.a.i32(int32(targets[half].index))
	s.a.op(wasm.OpI32LtU)
	s.a.block(wasm.OpIf)
	s.choose(targets[:half])
	s.a.op(wasm.OpElse)
	s.choose(targets[half:])
	s.a.end()
}

// jump writes a br_table over the indices from low to high. Entries with the same function share its call.
func (s *switcher) jump(targets []target, low, high uint32) {
	a := &s.a
	cases := make(map[uint32]uint32, len(targets)) // label by function
	var fns []uint32
	for _, t := range targets {
		if !has(cases, t.fn) {
			cases[t.fn] = uint32(len(fns))
			fns = append(fns, t.fn)
		}
	}
	none := uint32(len(fns))
	a.block(wasm.OpBlock)
	for range fns {
		a.block(wasm.OpBlock)
	}
	a.get(s.index)
	a.i32(int32(low))
	a.op(wasm.OpI32Sub)
	a.index(wasm.OpBrTable, high-low+1)
	for i := low; ; i++ {
		label := none
		if targets[0].index == i {
			label = cases[targets[0].fn]
			targets = targets[1:]
		}
		*a = wasm.U32(*a, label)
		if i == high {
			break
		}
	}
	*a = wasm.U32(*a, none)
	for _, fn := range fns {
		a.end()
		s.callTarget(fn)
	}
	a.end()
}

func (s *switcher) callTarget(fn uint32) {
	a, r := &s.a, s.r
	for i := range s.params {
		a.get(i)
	}
	if fn < r.imports {
		r.callImport(a, fn, s.fuel)
		if r.metered {
			a.get(s.fuel)
		}
	} else {
		if r.measured {
			a.get(s.depth)
		}
		if r.metered {
			a.get(s.fuel)
		}
		a.call(r.function(fn))
	}
	a.op(wasm.OpReturn)
}

// addFault adds the function that traps for an index which chooses no target: an entry that holds a function holds one
// of another type, everything else is no valid access. The traps are real ones, of calls through a table of one entry
// that is kept for them.
func (r *rewriter) addFault(k helperFault) uint32 {
	faults := r.faultTable()
	mismatched := r.typeOf(i32s, nil)
	none := r.typeOf(nil, nil)
	var a asm
	for _, run := range runs(r.fixed[k.table]) {
		a.get(0)
		a.i32(int32(run.index))
		a.op(wasm.OpI32Sub)
		a.i32(int32(run.fn))
		a.op(wasm.OpI32LtU)
		a.block(wasm.OpIf)
		a.i32(0)
		a.i32(0)
		a.index(wasm.OpCallIndirect, mismatched, faults)
		a.end()
	}
	a.i32(1)
	a.index(wasm.OpCallIndirect, none, faults)
	return r.add(k, i32s, nil, nil, a)
}

// runs returns the stretches of a table that hold functions: where they begin and, as fn, how long they are.
func runs(entries []uint32) (rs []target) {
	for i, f := range entries {
		switch {
		case f == wasm.NullRef:
		case i > 0 && entries[i-1] != wasm.NullRef:
			rs[len(rs)-1].fn++
		default:
			rs = append(rs, target{uint32(i), 1})
		}
	}
	return rs
}

// faultTable adds the table of one entry, a function () -> ().
func (r *rewriter) faultTable() uint32 {
	if r.faults == nil {
		i := uint32(len(r.out.Tables))
		r.faults = &i
		r.out.Tables = append(r.out.Tables, wasm.Table{Elem: wasm.FuncRef, Size: wasm.Size{Min: 1, Max: 1, HasMax: true}})
		r.out.Elems = append(r.out.Elems, wasm.Elem{Table: i, Offset: wasm.ConstExpr{Op: wasm.OpI32Const}, Type: wasm.FuncRef,
			Init: []uint32{r.add(nil, nil, nil, nil, nil)}})
	}
	return *r.faults
}
