package rewrite

import (
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// dispatcher adds the function through which the host calls every export, and the start function as one more of them.
// A number without a function does nothing and yields 0.
//
//	block block ... block
//	    br_table on the event
//	end call the first, return
//	end call the second, return
//	end 0
func (r *rewriter) dispatcher() error {
	r.res.Events = make(map[int32]bool)
	calls := make(map[int32]uint32) // function by event number
	next := int32(0)
	for i := range r.o.Events {
		next = max(next, r.o.Events[i].Number+1)
	}
	for i := range r.in.Exports {
		if err := r.exported(&r.in.Exports[i], calls); err != nil {
			return err
		}
	}
	if r.in.Start != wasm.NoStart {
		r.res.Start = next
		calls[next] = r.in.Start
		next++
	}

	const event, arguments = 0, 1
	const fuel = 4 // the fuel that comes back
	var numbers []int32
	for n := range next {
		if has(calls, n) {
			numbers = append(numbers, n)
		}
	}
	var a asm
	a.block(wasm.OpBlock)
	for range numbers {
		a.block(wasm.OpBlock)
	}
	a.get(event)
	a.index(wasm.OpBrTable, uint32(next))
	for n := range next {
		label := uint32(len(numbers))
		if i, ok := slices.BinarySearch(numbers, n); ok {
			label = uint32(i)
		}
		a = wasm.U32(a, label)
	}
	a = wasm.U32(a, uint32(len(numbers)))
	for _, n := range numbers {
		a.end()
		fn := calls[n]
		t := &r.in.Types[r.funcTypes[fn]]
		for i := range uint32(len(t.Params)) {
			a.get(arguments + i)
		}
		r.callGuest(&a, fn, fuel)
		if len(t.Results) == 0 {
			a.i32(0)
		}
		a.op(wasm.OpReturn)
	}
	a.end()
	a.i32(0)
	var locals []wasm.LocalRun
	if r.metered {
		locals = []wasm.LocalRun{{Count: 1, Type: wasm.I64}}
	}
	i := r.add(nil, []wasm.ValType{wasm.I32, wasm.I32, wasm.I32, wasm.I32}, i32s, locals, a)
	r.export(Dispatch, wasm.ExternFunc, i)
	return nil
}

// callGuest calls a function from outside of the guest's code, with the budgets that are in the globals.
func (r *rewriter) callGuest(a *asm, fn, fuel uint32) {
	if fn < r.imports {
		a.call(fn)
		return
	}
	if r.measured {
		a.index(wasm.OpGlobalGet, r.depth)
		a.op(wasm.OpI64ExtendI32S)
	}
	if r.metered {
		a.index(wasm.OpGlobalGet, r.fuel)
	}
	a.call(r.function(fn))
	if r.metered {
		a.index(wasm.OpGlobalSet, r.fuel)
	}
}

// exported notes an export of the guest, and the function to call if it is an event.
func (r *rewriter) exported(e *wasm.Export, calls map[int32]uint32) error {
	x := Export{Name: e.Name, Kind: e.Kind}
	if e.Kind == wasm.ExternFunc {
		t := &r.in.Types[r.funcTypes[e.Index]]
		x.Params, x.Results = t.Params, t.Results
	}
	r.res.Exports = append(r.res.Exports, x)
	k := slices.IndexFunc(r.o.Events, func(v Event) bool { return v.Name == e.Name })
	if k < 0 {
		return nil
	}
	ev := &r.o.Events[k]
	if e.Kind != wasm.ExternFunc {
		return failf(e.Offset, "export %q: a %s, want a function", e.Name, e.Kind)
	}
	got, want := wasm.FuncType{Params: x.Params, Results: x.Results}, wasm.FuncType{Params: ev.Params, Results: ev.Results}
	if !got.Equal(want) {
		return failf(e.Offset, "export %q: signature %s, want %s", e.Name, got, want)
	}
	calls[ev.Number] = e.Index
	r.res.Events[ev.Number] = true
	return nil
}
