package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

const (
	// quick is how much a function without calls may cost in all for its entry to go unchecked.
	quick = 256
	// stretch is how much code may run between two checks of the fuel.
	stretch = 8192
	// callStretch is what a call counts towards stretch: the callee checks at its entry, unless it is quick.
	callStretch = quick
)

// body rewrites function bodies, one after another, with the same buffers.
type body struct {
	r       *rewriter
	rd      wasm.Reader
	in      wasm.Instr
	plan    *plan
	charges []charge // those still to be placed
	since   int64    // cost of what was written since the last check

	out      asm
	params   uint32 // parameters of the original
	shift    uint32 // parameters added, and so by how much the other locals move
	depth    uint32 // local that holds the stack left, if it is measured
	fuel     uint32 // local that holds the fuel left, if it is counted
	scratch  uint32 // an i32 local of our own, in functions with call_indirect
	measured bool   // this function takes part in measuring the stack
	frames   []bodyFrame
	open     uint32 // labels open in the output
}

type bodyFrame struct {
	op    wasm.Op
	label uint32 // position in the output's labels of the label that branches to this frame mean, outermost 0
	cold  bool   // a loop with its slow path at its end
	both  bool   // a loop whose header checks both budgets
}

// rewrite returns the new instructions of a body of type t.
func (b *body) rewrite(src *wasm.Body, t *wasm.FuncType) wasm.Body {
	r := b.r
	b.plan = r.analyse(src)
	b.charges = b.plan.charges
	b.params = uint32(len(t.Params))
	b.depth, b.fuel, b.shift = b.params, b.params, 0
	if r.measured {
		b.shift++
		b.fuel++
	}
	if r.metered {
		b.shift++
	}
	b.scratch = b.params + b.shift + src.NumLocals
	b.out = make(asm, 0, len(src.Code)+len(src.Code)/4+64)
	b.frames, b.open, b.since = b.frames[:0], 1, 0
	b.entry(src, t)
	b.rd.Reset(src)
	for b.rd.More() {
		b.rd.Next(&b.in)
		b.place()
		b.step(src.Code)
	}
	out := wasm.Body{Locals: src.Locals, NumLocals: src.NumLocals, Code: b.out}
	if b.plan.indirect {
		out.Locals = append(src.Locals[:len(src.Locals):len(src.Locals)], wasm.LocalRun{Count: 1, Type: wasm.I32})
		out.NumLocals++
	}
	return out
}

// entry writes what comes before the first instruction: the stack is measured, both budgets are checked at once, and
// where branches lead to the function's own label, a block takes its place so that the fuel can be returned behind it.
// Where a loop begins at once, its header checks both instead.
func (b *body) entry(src *wasm.Body, t *wasm.FuncType) {
	r, a := b.r, &b.out
	b.measured = r.measured && b.plan.calls
	if b.measured {
		a.sub(b.depth, frameSize(t, src, b.plan))
	}
	switch {
	case r.metered && b.plan.head >= 0:
	case r.metered && b.measured:
		b.spent(true)
		a.block(wasm.OpIf)
		b.refuel(true)
		a.end()
	case r.metered && (b.plan.calls || b.plan.total > quick):
		b.check()
	case b.measured:
		a.negative(b.depth)
		a.block(wasm.OpIf)
		a.call(r.overflow)
		a.op(wasm.OpUnreachable)
		a.end()
	}
	frame := bodyFrame{op: wasm.OpBlock}
	if r.metered && b.plan.leaves {
		a.blockOf(wasm.OpBlock, r.blockType(t.Results))
		frame.label = b.open
		b.open++
	}
	b.frames = append(b.frames, frame)
}

// check writes: if the fuel is used up, get more.
func (b *body) check() {
	b.spent(false)
	b.out.block(wasm.OpIf)
	b.refuel(false)
	b.out.end()
	b.since = 0
}

// spent pushes whether the fuel is used up, or either budget.
func (b *body) spent(both bool) {
	a := &b.out
	if !both {
		a.negative(b.fuel)
		return
	}
	a.get(b.depth)
	a.get(b.fuel)
	a.op(wasm.OpI64Or)
	a.i64(0)
	a.op(wasm.OpI64LtS)
}

// refuel writes what is done where spent says so.
func (b *body) refuel(both bool) {
	key := helperRefuel
	if both {
		key = helperEntry
		b.out.get(b.depth)
	}
	b.out.get(b.fuel)
	b.out.call(b.r.helper(key))
	b.out.set(b.fuel)
}

// place writes the charges due before the instruction at hand, and a check where none has been for long.
func (b *body) place() {
	if !b.r.metered {
		return
	}
	for len(b.charges) > 0 && b.charges[0].pos <= b.in.Pos {
		b.out.sub(b.fuel, b.charges[0].cost)
		b.charges = b.charges[1:]
	}
	b.since += cost(&b.in, b.r.imports)
	if b.in.Op == wasm.OpCall || b.in.Op == wasm.OpCallIndirect {
		b.since += callStretch
	}
	if b.since > stretch {
		b.check()
	}
}

// step writes the instruction at hand.
func (b *body) step(code []byte) {
	in, a, r := &b.in, &b.out, b.r
	switch in.Op {
	case wasm.OpLocalGet, wasm.OpLocalSet, wasm.OpLocalTee:
		if in.X >= b.params && b.shift > 0 {
			a.index(in.Op, in.X+b.shift)
			return
		}
	case wasm.OpCall:
		b.call()
		return
	case wasm.OpCallIndirect:
		b.callIndirect()
		return
	case wasm.OpBlock, wasm.OpIf:
		b.frames = append(b.frames, bodyFrame{op: in.Op, label: b.open})
		b.open++
	case wasm.OpLoop:
		b.loop(code)
		return
	case wasm.OpEnd:
		b.endFrame()
		return
	case wasm.OpBr, wasm.OpBrIf:
		a.index(in.Op, b.label(in.X))
		return
	case wasm.OpBrTable:
		a.index(in.Op, uint32(len(in.Labels)))
		for _, l := range in.Labels {
			*a = wasm.U32(*a, b.label(l))
		}
		*a = wasm.U32(*a, b.label(in.X))
		return
	case wasm.OpReturn:
		if r.metered {
			a.get(b.fuel)
		}
	case wasm.OpRefFunc:
		a.index(in.Op, r.reference(in.X))
		return
	case wasm.OpMemoryGrow, wasm.OpMemoryFill, wasm.OpMemoryCopy, wasm.OpMemoryInit, wasm.OpTableInit, wasm.OpTableCopy,
		wasm.OpTableGrow, wasm.OpTableFill:
		b.bulk()
		return
	case wasm.OpTableGet, wasm.OpTableSet, wasm.OpTableSize:
		a.index(in.Op, r.tableIndex[in.X])
		return
	case wasm.OpDataDrop:
		a.index(in.Op, r.dataIndex[in.X])
		return
	}
	*a = append(*a, code[in.Pos:in.End]...)
}

// bulk writes an instruction whose cost depends on its operands as a call of the function that does and charges it.
func (b *body) bulk() {
	k := b.r.bulk(&b.in)
	if !b.r.metered {
		k.write(&b.out)
		return
	}
	b.out.get(b.fuel)
	b.out.call(b.r.helper(k))
	b.out.set(b.fuel)
}

// label is the label in the output for one of the original.
func (b *body) label(l uint32) uint32 {
	return b.open - 1 - b.frames[uint32(len(b.frames))-1-l].label
}

// loop writes a loop's header. The check's slow path stands at the loop's end and jumps back to the header: the compiler
// lays code out in the order in which it comes, and a slow path in front of the body costs every turn a taken branch.
//
//	block loop block
//	    fuel < 0, br_if 0
//	    block body end
//	    br 2
//	end refuel br 0 end end
//
// The innermost block has no purpose at run time. It keeps the rules of the body's end: an operand too many must not
// pass because a br follows. A loop with parameters has them on the operand stack and gets the plain form.
func (b *body) loop(code []byte) {
	in, a := &b.in, &b.out
	blockType := code[in.Pos+1 : in.End]
	frame := bodyFrame{op: wasm.OpLoop, label: b.open}
	frame.cold = b.r.metered && !b.r.hasParams(in.Block)
	if frame.cold {
		frame.label++
		frame.both = b.measured && in.Pos == b.plan.head
		a.blockOf(wasm.OpBlock, blockType)
		b.open += 3
	}
	a.blockOf(wasm.OpLoop, blockType)
	b.open++
	b.frames = append(b.frames, frame)
	switch {
	case frame.cold:
		a.block(wasm.OpBlock)
		b.spent(frame.both)
		a.brIf(0)
		a.blockOf(wasm.OpBlock, blockType)
		b.since = 0
	case b.r.metered:
		b.check()
	}
}

func (b *body) endFrame() {
	a := &b.out
	f := b.frames[len(b.frames)-1]
	b.frames = b.frames[:len(b.frames)-1]
	switch {
	case len(b.frames) == 0:
		if f.label > 0 {
			a.end()
		}
		if b.r.metered {
			a.get(b.fuel)
		}
	case f.cold:
		a.end()
		a.br(2)
		a.end()
		b.refuel(f.both)
		a.br(0)
		a.end()
		b.open -= 3
	}
	a.end()
	b.open--
}

func (b *body) call() {
	a, r, fn := &b.out, b.r, b.in.X
	if fn < r.imports {
		r.callImport(a, fn, b.fuel)
		return
	}
	b.pushBudgets()
	a.call(r.function(fn))
	if r.metered {
		a.set(b.fuel)
	}
}

// pushBudgets pushes the parameters that every function of the guest has been given.
func (b *body) pushBudgets() {
	if b.r.measured {
		b.out.get(b.depth)
	}
	if b.r.metered {
		b.out.get(b.fuel)
	}
}

func (b *body) callIndirect() {
	a, r, in := &b.out, b.r, &b.in
	fn, direct := r.indirect(in.X, in.Y)
	switch {
	case direct:
		b.pushBudgets()
		a.call(fn)
	case b.shift == 0:
		a.index(wasm.OpCallIndirect, in.X, r.tableIndex[in.Y])
	default:
		// The index into the table is on top of the stack, the budgets belong below it.
		a.set(b.scratch)
		b.pushBudgets()
		a.get(b.scratch)
		a.index(wasm.OpCallIndirect, r.budgeted(in.X), r.tableIndex[in.Y])
	}
	if r.metered {
		a.set(b.fuel)
	}
}
