package wasm

// code reads the function bodies and checks every instruction of them.
func (d *decoder) code(c *cursor) {
	n := c.count("function bodies", "Functions", d.lim.Functions)
	if n != len(d.m.Functions) {
		malformed(c.offset(), "%d functions declared, %d bodies", len(d.m.Functions), n)
	}
	d.m.Code = make([]Body, n)
	k := &checker{decoder: d}
	for i := range d.m.Code {
		at := c.offset()
		size := c.u32("function body size")
		if int64(size) > int64(d.lim.BodySize) {
			overLimit(at, "BodySize", "bytes of one function", uint64(size), uint64(d.lim.BodySize))
		}
		raw := c.bytes(uint64(size), "function body")
		body := &cursor{b: raw, base: c.offset() - len(raw)}
		params := len(d.m.Types[d.m.Functions[i]].Params)
		d.locals(body, &d.m.Code[i], params)
		d.m.Code[i].Code = raw[body.p:]
		d.m.Code[i].Offset = body.offset()
		k.check(&d.m.Code[i], uint32(params))
	}
}

// locals reads the declarations of locals. They are run-length coded: a few bytes can declare billions, so they are
// summed up before anybody makes room for them.
func (d *decoder) locals(c *cursor, b *Body, params int) {
	n := c.count("local declarations", "Locals", d.lim.Locals)
	if n > 0 {
		b.Locals = make([]LocalRun, n)
	}
	sum := uint64(params)
	for i := range b.Locals {
		at := c.offset()
		b.Locals[i].Count = c.u32("local count")
		if sum += uint64(b.Locals[i].Count); sum > uint64(d.lim.Locals) {
			overLimit(at, "Locals", "locals of one function", sum, uint64(d.lim.Locals))
		}
		b.Locals[i].Type = readValType(c)
	}
	b.NumLocals = uint32(sum) - uint32(params)
}

// checker checks bodies: known instructions, indices in range, blocks properly nested, limits kept.
type checker struct {
	*decoder
	r        Reader
	in       Instr
	blocks   []block
	branches int
	at       int // offset of the instruction being checked
	work     complexity
}

// block is an open block.
type block struct {
	op       Op  // OpBlock, OpLoop, OpIf, OpElse
	branches int // br_ifs to its label so far
}

func (k *checker) check(b *Body, params uint32) {
	k.r.Reset(b)
	k.blocks = append(k.blocks[:0], block{op: OpBlock})
	k.branches = 0
	locals := params + b.NumLocals
	k.work.reset(int(locals))
	in := &k.in
	for len(k.blocks) > 0 {
		if !k.r.More() {
			malformed(k.r.c.offset(), "function body: %d blocks not ended", len(k.blocks))
		}
		k.at = k.r.c.offset()
		k.r.Next(in)
		top := len(k.blocks) - 1
		switch in.Op {
		case OpLocalGet, OpLocalSet, OpLocalTee:
			if in.X >= locals {
				k.index("local", in.X, int(locals))
			}
			k.work.local(in.X, in.Op == OpLocalGet)
		case OpBlock, OpLoop, OpIf:
			k.open(in)
		case OpElse:
			if k.blocks[top].op != OpIf {
				malformed(k.at, "else without if")
			}
			k.blocks[top].op = OpElse
		case OpEnd:
			k.work.close(&k.blocks[top])
			k.blocks = k.blocks[:top]
		case OpBr, OpBrIf:
			k.label(in.X)
			k.branch(1)
			if in.Op == OpBrIf {
				k.blocks[top-int(in.X)].branches++
			}
		case OpBrTable:
			k.branch(len(in.Labels) + 1)
			for _, l := range in.Labels {
				k.label(l)
			}
			k.label(in.X)
		case OpI32Const, OpI64Const, OpI32Add, OpI32Eqz:
		default:
			k.indices(in)
		}
	}
	if k.r.More() {
		malformed(k.r.c.offset(), "function body: %d bytes behind its end", k.r.c.left())
	}
	b.Joins = k.work.values
	if w := k.work.total(len(k.globals)); w > int64(k.lim.Complexity) {
		overLimit(b.Offset, "Complexity", "complexity of one function", uint64(w), uint64(k.lim.Complexity))
	}
}

func (k *checker) open(in *Instr) {
	if t := in.Block.Type; t != NoType && int64(t) >= int64(len(k.m.Types)) {
		k.index("type", t, len(k.m.Types))
	}
	if len(k.blocks) > k.lim.Nesting {
		overLimit(k.at, "Nesting", "blocks inside one another", uint64(len(k.blocks)), uint64(k.lim.Nesting))
	}
	k.blocks = append(k.blocks, block{op: in.Op})
	k.work.open(in.Op)
}

func (k *checker) label(l uint32) {
	if int64(l) >= int64(len(k.blocks)) {
		k.index("label", l, len(k.blocks))
	}
}

func (k *checker) branch(targets int) {
	if k.branches += targets; k.branches > k.lim.Branches {
		overLimit(k.at, "Branches", "branch targets of one function", uint64(k.branches), uint64(k.lim.Branches))
	}
}

func (k *checker) index(what string, i uint32, have int) {
	malformed(k.at, "%s: %s %d of %d", k.in.Op, what, i, have)
}

// indices checks the indices of the instructions that are not worth a place in check.
func (k *checker) indices(in *Instr) {
	switch in.Op {
	case OpCall:
		k.below("function", in.X, len(k.funcTypes))
		k.work.calls++
	case OpRefFunc:
		k.below("function", in.X, len(k.funcTypes))
		if !k.declared()[in.X] {
			malformed(k.at, "ref.func: function %d is named nowhere outside of code", in.X)
		}
	case OpGlobalGet, OpGlobalSet:
		k.below("global", in.X, len(k.globals))
		if in.Op == OpGlobalSet && !k.globals[in.X].Mutable {
			malformed(k.at, "global.set: global %d is immutable", in.X)
		}
	case OpCallIndirect:
		k.work.calls++
		k.below("type", in.X, len(k.m.Types))
		k.below("table", in.Y, len(k.tables))
		if k.tables[in.Y].Elem != FuncRef {
			malformed(k.at, "call_indirect: table %d holds %s", in.Y, k.tables[in.Y].Elem)
		}
	case OpTableGet, OpTableSet, OpTableGrow, OpTableSize, OpTableFill:
		k.below("table", in.X, len(k.tables))
	case OpTableCopy:
		k.below("table", in.X, len(k.tables))
		k.below("table", in.Y, len(k.tables))
	case OpTableInit:
		k.below("element segment", in.X, len(k.m.Elems))
		k.below("table", in.Y, len(k.tables))
	case OpElemDrop:
		k.below("element segment", in.X, len(k.m.Elems))
	case OpMemoryInit, OpDataDrop:
		if k.dataCount < 0 {
			malformed(k.at, "%s: the module has no data count section", in.Op)
		}
		k.below("data segment", in.X, k.dataCount)
		if in.Op == OpMemoryInit {
			k.needMemory()
		}
	case OpMemorySize, OpMemoryGrow, OpMemoryCopy, OpMemoryFill:
		k.needMemory()
	default:
		if accesses(in.Op) {
			k.needMemory()
		}
	}
}

// declared returns the functions of which code may take a reference: those that globals, exports and element segments
// name.
func (d *decoder) declared() map[uint32]bool {
	if d.declaredFuncs != nil {
		return d.declaredFuncs
	}
	d.declaredFuncs = make(map[uint32]bool)
	for i := range d.m.Globals {
		if e := &d.m.Globals[i].Init; e.Op == OpRefFunc {
			d.declaredFuncs[uint32(e.Bits)] = true
		}
	}
	for i := range d.m.Exports {
		if e := &d.m.Exports[i]; e.Kind == ExternFunc {
			d.declaredFuncs[e.Index] = true
		}
	}
	for i := range d.m.Elems {
		for _, f := range d.m.Elems[i].Init {
			d.declaredFuncs[f] = true
		}
	}
	return d.declaredFuncs
}

func (k *checker) below(what string, i uint32, have int) {
	if int64(i) >= int64(have) {
		k.index(what, i, have)
	}
}

func (k *checker) needMemory() {
	if k.memories == 0 {
		malformed(k.at, "%s: the module has no memory", k.in.Op)
	}
}

// accesses reports whether the instruction loads from or stores to memory.
func accesses(op Op) bool {
	switch op & 0xff00 {
	case 0:
		return plainImm[op&0xff] == immMemArg
	case prefixSIMD:
		return simdImm[op&0xff] == immMemArg || simdImm[op&0xff] == immMemLane
	}
	return false
}
