package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// generator makes valid modules out of arbitrary bytes, for fuzzing: functions (i32) -> i32 full of branches, loops that
// end, calls, and accesses to memory.
type generator struct {
	choices []byte
	a       asm
	labels  []wasm.Op // open blocks, innermost last
	fn      uint32    // index of the function being written; it calls only those behind it
	size    int       // statements still allowed
}

const (
	genFuncs  = 4
	genLocals = 4 // the parameter and three more, then the counter of turns
	genTurns  = genLocals
)

func (g *generator) next() byte {
	if len(g.choices) == 0 {
		return 0
	}
	c := g.choices[0]
	g.choices = g.choices[1:]
	return c
}

// generate makes a module that imports a function and exports its first function as data_received.
func generate(choices []byte) *wasm.Module {
	g := &generator{choices: choices}
	m := &wasm.Module{
		Start: wasm.NoStart,
		Types: []wasm.FuncType{
			{Params: []wasm.ValType{wasm.I32}, Results: []wasm.ValType{wasm.I32}},
			{Params: []wasm.ValType{wasm.I32, wasm.I32}},
		},
		Imports:  []wasm.Import{{Module: "env", Name: "host", Type: 0}},
		Memories: []wasm.Size{{Min: 3}},
		Tables:   []wasm.Table{{Elem: wasm.FuncRef, Size: wasm.Size{Min: 8}}},
		Elems: []wasm.Elem{{Offset: wasm.ConstExpr{Op: wasm.OpI32Const, Bits: 1}, Type: wasm.FuncRef,
			Init: []uint32{0, 3, 4, wasm.NullRef, 5}}},
		Exports: []wasm.Export{{Name: "data_received", Index: 1}, {Name: "memory", Kind: wasm.ExternMemory}},
	}
	// (conn, n): call the first generated function, keep its result in memory.
	var main asm
	main.i32(0)
	main.get(1)
	main.call(2)
	main.index(0x36, 2, 0)
	main.end()
	m.Functions = []uint32{1}
	m.Code = []wasm.Body{{Code: main}}
	for i := range uint32(genFuncs) {
		g.a, g.fn, g.size, g.labels = nil, 2+i, 40, nil
		g.a.i32(20)
		g.a.set(genTurns)
		g.statements(0)
		g.expression(2)
		g.a.end()
		m.Functions = append(m.Functions, 0)
		m.Code = append(m.Code, wasm.Body{Locals: []wasm.LocalRun{{Count: genLocals, Type: wasm.I32}}, NumLocals: genLocals,
			Code: g.a})
	}
	return m
}

func (g *generator) local() uint32 { return uint32(g.next() % genLocals) }

// statements writes some statements, which leave the operand stack as it is.
func (g *generator) statements(depth int) {
	for n := g.next() % 6; n > 0 && g.size > 0; n-- {
		g.size--
		g.statement(depth)
	}
}

func (g *generator) statement(depth int) {
	a := &g.a
	kind := g.next() % 16
	if depth > 6 {
		kind %= 4
	}
	switch kind {
	default:
		g.expression(3)
		a.set(g.local())
	case 1:
		g.address()
		g.expression(2)
		a.index(0x36, 2, 16) // i32.store
	case 2:
		if len(g.labels) > 0 {
			g.expression(2)
			g.branch(wasm.OpBrIf)
		}
	case 3:
		g.expression(2)
		a.block(wasm.OpIf)
		g.labels = append(g.labels, wasm.OpIf)
		if g.next()%4 == 0 {
			g.expression(1)
			a.op(wasm.OpReturn)
		} else {
			g.branch(wasm.OpBr)
		}
		g.labels = g.labels[:len(g.labels)-1]
		a.end()
	case 4, 5:
		g.nest(wasm.OpBlock, depth)
	case 6, 7:
		g.nest(wasm.OpLoop, depth)
	case 8, 9:
		g.expression(2)
		g.nest(wasm.OpIf, depth)
	case 10:
		g.expression(2)
		g.table()
	case 11:
		a.i32(int32(g.next()) << 4)
		a.i32(int32(g.next()))
		a.i32(int32(g.next()) << 9)
		a.index(wasm.OpMemoryFill, 0)
	case 12:
		a.i32(int32(g.next()) << 4)
		a.i32(int32(g.next()) << 5)
		a.i32(int32(g.next()) << 9)
		a.index(wasm.OpMemoryCopy, 0, 0)
	}
}

// nest writes a block, loop or if with statements inside. A loop takes turns while the function's counter lasts.
func (g *generator) nest(op wasm.Op, depth int) {
	a := &g.a
	a.block(op)
	g.labels = append(g.labels, op)
	g.statements(depth + 1)
	switch {
	case op == wasm.OpLoop:
		g.turn()
		a.brIf(0)
	case op == wasm.OpIf && g.next()%2 == 0:
		a.op(wasm.OpElse)
		g.statements(depth + 1)
	}
	g.labels = g.labels[:len(g.labels)-1]
	a.end()
}

// turn counts the counter down and pushes whether it has not reached zero.
func (g *generator) turn() {
	g.a.get(genTurns)
	g.a.i32(1)
	g.a.op(wasm.OpI32Sub)
	g.a.index(wasm.OpLocalTee, genTurns)
	g.a.i32(0)
	g.a.op(0x4a) // i32.gt_s
}

// branch writes a branch to some label. Back to a loop it goes only while the counter lasts.
func (g *generator) branch(op wasm.Op) {
	label := uint32(int(g.next()) % len(g.labels))
	if g.labels[len(g.labels)-1-int(label)] == wasm.OpLoop {
		g.turn()
		if op == wasm.OpBrIf {
			g.a.op(0x71) // i32.and
		}
		op = wasm.OpBrIf
	}
	g.a.index(op, label)
}

// table writes a br_table over the labels that are not loops' inside a block that a default leaves.
func (g *generator) table() {
	var forward []uint32
	for i := range g.labels {
		if g.labels[len(g.labels)-1-i] != wasm.OpLoop {
			forward = append(forward, uint32(i))
		}
	}
	if len(forward) == 0 {
		g.a.op(wasm.OpDrop)
		return
	}
	n := uint32(g.next() % 5)
	g.a.index(wasm.OpBrTable, n)
	for range n + 1 {
		g.a = wasm.U32(g.a, forward[int(g.next())%len(forward)])
	}
}

func (g *generator) address() {
	g.a.i32(int32(g.next()) << 6)
}

// expression writes code that pushes an i32.
func (g *generator) expression(depth int) {
	a := &g.a
	kind := g.next() % 16
	if depth == 0 {
		kind %= 2
	}
	switch kind {
	default:
		a.get(g.local())
	case 0, 9:
		a.i32(int32(g.next()) - 100)
	case 2, 10, 11:
		g.expression(depth - 1)
		g.expression(depth - 1)
		a.op([]wasm.Op{wasm.OpI32Add, wasm.OpI32Sub, 0x6c, 0x71, 0x72, 0x73, 0x46, wasm.OpI32LtS}[g.next()%8])
	case 3:
		g.expression(depth - 1)
		a.op(wasm.OpI32Eqz)
	case 4:
		g.address()
		a.index(0x28, 2, 8) // i32.load
	case 5:
		g.expression(depth - 1)
		if g.fn < 1+genFuncs && g.next()%4 > 0 {
			a.call(g.fn + 1)
		} else {
			a.call(0)
		}
	case 6:
		g.expression(depth - 1)
		a.i32(int32(g.next() % 2)) // the null entry, or the imported function
		a.index(wasm.OpCallIndirect, 0, 0)
	case 7:
		g.expression(depth - 1)
		a.op(wasm.OpIf)
		a = &g.a
		*a = append(*a, byte(wasm.I32))
		g.labels = append(g.labels, wasm.OpLoop) // no branch here: it has a result
		g.expression(depth - 1)
		a.op(wasm.OpElse)
		g.expression(depth - 1)
		g.labels = g.labels[:len(g.labels)-1]
		a.end()
	case 8:
		g.expression(depth - 1)
		g.expression(depth - 1)
		a.op(0x6d) // i32.div_s, which may trap
	}
}
