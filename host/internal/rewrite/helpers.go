package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// The synthesised functions, as keys of rewriter.helpers.
type (
	helperKind   int
	helperImport struct{ fn uint32 } // an import with the signature of a guest function
	helperBulk   struct {            // an instruction that is charged by size
		op   wasm.Op
		x, y uint32 // its segment and table
	}
)

const (
	helperRefuel helperKind = iota // (fuel) -> fuel, not negative
	helperEntry                    // (depth, fuel) -> fuel: what a function does whose entry check fails
)

// chunk is how many bytes memory.fill and memory.copy move before the fuel is looked at again.
const chunk = 64 << 10

// helper returns the index of a synthesised function, which is added with its first use.
func (r *rewriter) helper(key any) uint32 {
	if i, ok := r.helpers[key]; ok {
		return i
	}
	switch k := key.(type) {
	case helperKind:
		if k == helperRefuel {
			return r.add(key, i64s, i64s, nil, r.refuelBody())
		}
		return r.add(key, []wasm.ValType{wasm.I64, wasm.I64}, i64s, nil, r.entryBody())
	case helperImport:
		t := &r.in.Types[r.funcTypes[k.fn]]
		return r.add(key, r.withBudgets(t.Params), r.withFuel(t.Results), nil, r.importBody(k.fn, t))
	case helperIndirect:
		return r.addIndirect(k)
	case helperFault:
		return r.addFault(k)
	}
	return r.addBulk(key.(helperBulk))
}

// add appends a function to the module; code lacks the final end.
func (r *rewriter) add(key any, params, results []wasm.ValType, locals []wasm.LocalRun, code asm) uint32 {
	code.end()
	i := uint32(len(r.out.Imports) + len(r.out.Functions))
	r.out.Functions = append(r.out.Functions, r.typeOf(params, results))
	r.out.Code = append(r.out.Code, wasm.Body{Locals: locals, Code: code})
	if key != nil {
		r.helpers[key] = i
	}
	return i
}

func (r *rewriter) refuelBody() (a asm) {
	a.block(wasm.OpLoop)
	a.i64(0)
	a.get(0)
	a.op(wasm.OpI64Sub)
	a.call(r.refuel)
	a.set(0)
	a.negative(0)
	a.brIf(0)
	a.end()
	a.get(0)
	return a
}

func (r *rewriter) entryBody() (a asm) {
	a.negative(0)
	a.block(wasm.OpIf)
	a.get(1)
	a.index(wasm.OpGlobalSet, r.fuel)
	a.call(r.overflow)
	a.op(wasm.OpUnreachable)
	a.end()
	a.get(1)
	a.call(r.helper(helperRefuel))
	return a
}

func (r *rewriter) importBody(fn uint32, t *wasm.FuncType) (a asm) {
	n := uint32(len(t.Params))
	for i := range n {
		a.get(i)
	}
	fuel := n
	if r.measured {
		fuel++
	}
	r.callImport(&a, fn, fuel)
	if r.metered {
		a.get(fuel)
	}
	return a
}

// bulk returns what identifies an instruction that is charged by size, with the new indices.
func (r *rewriter) bulk(in *wasm.Instr) helperBulk {
	k := helperBulk{op: in.Op}
	switch in.Op {
	case wasm.OpMemoryInit:
		k.x = r.dataIndex[in.X]
	case wasm.OpMemoryCopy, wasm.OpMemoryFill, wasm.OpMemoryGrow:
	case wasm.OpTableInit:
		k.x, k.y = in.X, r.tableIndex[in.Y]
	case wasm.OpTableCopy:
		k.x, k.y = r.tableIndex[in.X], r.tableIndex[in.Y]
	default: // OpTableGrow, OpTableFill
		k.x = r.tableIndex[in.X]
	}
	return k
}

// write writes the instruction itself.
func (k helperBulk) write(a *asm) {
	switch k.op {
	case wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpTableInit, wasm.OpTableCopy:
		a.index(k.op, k.x, k.y)
	default:
		a.index(k.op, k.x)
	}
}

// addBulk adds the function that does the instruction and takes its fuel: (operands, fuel) -> (results, fuel).
func (r *rewriter) addBulk(k helperBulk) uint32 {
	const size, fuel = 2, 3
	operands := []wasm.ValType{wasm.I32, wasm.I32, wasm.I32, wasm.I64}
	grown := []wasm.ValType{wasm.I32, wasm.I64}
	old := []wasm.LocalRun{{Count: 1, Type: wasm.I32}}
	shift := int64(0)
	switch k.op {
	case wasm.OpMemoryGrow:
		return r.add(k, grown, grown, old, r.growBody(k, 0, pageUnits, nil))
	case wasm.OpTableGrow:
		return r.add(k, []wasm.ValType{r.out.Tables[k.x].Elem, wasm.I32, wasm.I64}, grown, old, r.growBody(k, 1, 1, r.refused(k.x)))
	case wasm.OpMemoryFill, wasm.OpMemoryCopy:
		return r.add(k, operands, i64s, nil, r.chunkedBody(k))
	case wasm.OpTableFill:
		operands[1] = r.out.Tables[k.x].Elem
	case wasm.OpMemoryInit:
		shift = bytesShift
	}
	var a asm
	r.pay(&a, shift, size, fuel)
	a.threeOperands()
	k.write(&a)
	a.get(fuel)
	return r.add(k, operands, i64s, nil, a)
}

func (a *asm) threeOperands() {
	a.get(0)
	a.get(1)
	a.get(2)
}

// pay takes size >> shift from the fuel, and gets more if that was too much.
func (r *rewriter) pay(a *asm, shift int64, size, fuel uint32) {
	a.get(fuel)
	a.get(size)
	a.op(wasm.OpI64ExtendI32U)
	if shift > 0 {
		a.i64(shift)
		a.op(wasm.OpI64ShrU)
	}
	a.op(wasm.OpI64Sub)
	a.set(fuel)
	a.negative(fuel)
	a.block(wasm.OpIf)
	a.get(fuel)
	a.call(r.helper(helperRefuel))
	a.set(fuel)
	a.end()
}

// refused returns the import that is told that a table, by its new index, may not grow for the limit; nil: none is.
func (r *rewriter) refused(table uint32) *uint32 {
	if !r.clamped[table] {
		return nil
	}
	return r.full
}

// growBody does a grow instruction, whose delta is parameter delta and the fuel behind it, and charges each unit that
// was added. What can be added is bounded by the clamped maximum. refused is what is called if it cannot be added.
func (r *rewriter) growBody(k helperBulk, delta uint32, unit int64, refused *uint32) (a asm) {
	fuel, old := delta+1, delta+2
	for i := range delta + 1 {
		a.get(i)
	}
	k.write(&a)
	a.index(wasm.OpLocalTee, old)
	a.i32(-1)
	a.op(wasm.OpI32Ne)
	a.block(wasm.OpIf)
	a.get(fuel)
	a.get(delta)
	a.op(wasm.OpI64ExtendI32U)
	a.i64(unit)
	a.op(wasm.OpI64Mul)
	a.op(wasm.OpI64Sub)
	a.set(fuel)
	if refused != nil {
		a.op(wasm.OpElse)
		r.callImport(&a, *refused, fuel)
	}
	a.end()
	a.get(old)
	a.get(fuel)
	return a
}

// chunkedBody does memory.fill or memory.copy, (destination, value or source, size, fuel) -> fuel. Large ones are done
// in chunks with a look at the fuel between them, so that no single instruction keeps the process from stopping. What
// reaches beyond the memory is left to the instruction itself, which traps before it writes anything; so is a copy to
// a higher, overlapping place done from its end.
func (r *rewriter) chunkedBody(k helperBulk) (a asm) {
	const dst, src, size, fuel = 0, 1, 2, 3
	copying := k.op == wasm.OpMemoryCopy
	beyond := func(at uint32) { // pushes whether at + size is beyond the memory
		a.get(at)
		a.op(wasm.OpI64ExtendI32U)
		a.get(size)
		a.op(wasm.OpI64ExtendI32U)
		a.op(wasm.OpI64Add)
		a.index(wasm.OpMemorySize, 0)
		a.op(wasm.OpI64ExtendI32U)
		a.i64(16)
		a.op(wasm.OpI64Shl)
		a.op(wasm.OpI64GtU)
	}
	a.block(wasm.OpBlock)
	a.get(size)
	a.i32(chunk)
	a.op(wasm.OpI32LeU)
	a.brIf(0)
	beyond(dst)
	a.brIf(0)
	if copying {
		beyond(src)
		a.brIf(0)
	}
	a.block(wasm.OpLoop)
	r.payChunk(&a, fuel)
	a.get(size)
	a.i32(chunk)
	a.op(wasm.OpI32Sub)
	a.set(size)
	if copying {
		a.get(dst)
		a.get(src)
		a.op(wasm.OpI32GtU)
		a.block(wasm.OpIf) // from the end
		a.get(dst)
		a.get(size)
		a.op(wasm.OpI32Add)
		a.get(src)
		a.get(size)
		a.op(wasm.OpI32Add)
		a.i32(chunk)
		k.write(&a)
		a.op(wasm.OpElse)
	}
	a.get(dst)
	a.get(src)
	a.i32(chunk)
	k.write(&a)
	a.advance(dst)
	if copying {
		a.advance(src)
		a.end()
	}
	a.get(size)
	a.i32(chunk)
	a.op(wasm.OpI32GtU)
	a.brIf(0)
	a.end()
	a.end()
	r.pay(&a, bytesShift, size, fuel)
	a.threeOperands()
	k.write(&a)
	a.get(fuel)
	return a
}

// payChunk takes what a whole chunk costs.
func (r *rewriter) payChunk(a *asm, fuel uint32) {
	a.sub(fuel, chunk>>bytesShift)
	a.negative(fuel)
	a.block(wasm.OpIf)
	a.get(fuel)
	a.call(r.helper(helperRefuel))
	a.set(fuel)
	a.end()
}

func (a *asm) advance(local uint32) {
	a.get(local)
	a.i32(chunk)
	a.op(wasm.OpI32Add)
	a.set(local)
}
