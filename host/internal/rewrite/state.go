package rewrite

import (
	"fmt"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// usage is what the instructions of a module do to state that a rewritten module treats differently.
type usage struct {
	data         map[uint32]int  // what is done to data segments: reads, drops
	elems        map[uint32]int  // what is done to element segments
	tables       map[uint32]bool // named by an instruction other than call_indirect
	called       map[uint32]bool // named by call_indirect
	grows        map[uint32]bool // tables named by table.grow
	references   map[uint32]bool // functions named by ref.func
	writesTables string          // the first instruction that writes a table, and its function
}

// What instructions do to a segment.
const (
	reads = 1 << iota
	drops
)

func (u *usage) scan(m *wasm.Module) {
	*u = usage{data: map[uint32]int{}, elems: map[uint32]int{}, tables: map[uint32]bool{}, called: map[uint32]bool{},
		grows: map[uint32]bool{}, references: map[uint32]bool{}}
	imports := m.NumImported(wasm.ExternFunc)
	var rd wasm.Reader
	var in wasm.Instr
	for i := range m.Code {
		rd.Reset(&m.Code[i])
		for rd.More() {
			rd.Next(&in)
			if in.Op == wasm.OpCallIndirect || in.Op >= wasm.OpRefFunc || in.Op == wasm.OpTableGet || in.Op == wasm.OpTableSet {
				u.note(&in, imports+i)
			}
		}
	}
}

func (u *usage) note(in *wasm.Instr, fn int) {
	writes := false
	switch in.Op {
	case wasm.OpCallIndirect:
		u.called[in.Y] = true
	case wasm.OpRefFunc:
		u.references[in.X] = true
	case wasm.OpTableGet, wasm.OpTableSize:
		u.tables[in.X] = true
	case wasm.OpTableGrow:
		u.grows[in.X], u.tables[in.X], writes = true, true, true
	case wasm.OpTableSet, wasm.OpTableFill:
		u.tables[in.X], writes = true, true
	case wasm.OpTableCopy:
		u.tables[in.X], u.tables[in.Y], writes = true, true, true
	case wasm.OpTableInit:
		u.elems[in.X] |= reads
		u.tables[in.Y], writes = true, true
	case wasm.OpElemDrop:
		u.elems[in.X] |= drops
	case wasm.OpMemoryInit:
		u.data[in.X] |= reads
	case wasm.OpDataDrop:
		u.data[in.X] |= drops
	}
	if writes && u.writesTables == "" {
		u.writesTables = fmt.Sprintf("%s in function %d", in.Op, fn)
	}
}

// state takes over memory and globals, adds our own globals, and finds out what an image cannot hold.
func (r *rewriter) state() {
	for _, m := range r.in.Memories {
		limit := uint32(min(r.o.Limits.MemoryPages, 1<<16))
		if !m.HasMax || m.Max > limit {
			m.Max, m.HasMax = limit, true
		}
		r.out.Memories = append(r.out.Memories, m)
		r.res.Memory = m
		r.export(Memory, wasm.ExternMemory, 0)
	}
	r.out.Globals = r.in.Globals[:len(r.in.Globals):len(r.in.Globals)]
	for i := range r.in.Globals {
		g := &r.in.Globals[i]
		if !g.Mutable {
			continue
		}
		name := fmt.Sprintf("%s%d", GlobalPrefix, i)
		r.export(name, wasm.ExternGlobal, uint32(i))
		if g.Type == wasm.V128 || g.Type.IsRef() {
			r.unsettled(fmt.Sprintf("global %d is mutable and holds %s", i, g.Type))
			continue
		}
		r.res.Globals = append(r.res.Globals, Global{name, g.Type})
	}
	if r.metered {
		r.fuel = r.addGlobal(Fuel, wasm.I64, 0)
	}
	if r.measured {
		r.depth = r.addGlobal(Depth, wasm.I32, int64(r.o.MaxDepth))
	}
	if r.used.writesTables != "" {
		r.unsettled("tables change: " + r.used.writesTables)
	}
}

// unsettled notes state that is neither in the memory nor in the globals that the host can read and write: it can
// neither be part of an image nor be put back.
func (r *rewriter) unsettled(why string) {
	if r.res.Imageable {
		r.res.Imageable, r.res.WhyNot = false, why
		r.res.Recyclable, r.res.Why = false, why
	}
}

func (r *rewriter) export(name string, kind wasm.ExternKind, index uint32) {
	r.out.Exports = append(r.out.Exports, wasm.Export{Name: name, Kind: kind, Index: index})
}

func (r *rewriter) addGlobal(name string, t wasm.ValType, v int64) uint32 {
	op := wasm.OpI64Const
	if t == wasm.I32 {
		op = wasm.OpI32Const
	}
	i := uint32(len(r.out.Globals))
	r.out.Globals = append(r.out.Globals, wasm.Global{GlobalType: wasm.GlobalType{Type: t, Mutable: true},
		Init: wasm.ConstExpr{Op: op, Bits: uint64(v)}})
	r.export(name, wasm.ExternGlobal, i)
	return i
}

// segments hands the active data segments to the host. Only segments that instructions name stay in the module, the
// active ones among them as what they are after instantiation: dropped. A standard Go guest has tens of thousands, of
// which every instance would keep a slice each.
func (r *rewriter) segments() {
	r.dataIndex = make([]uint32, len(r.in.Data))
	for i := range r.in.Data {
		d := &r.in.Data[i]
		kept := wasm.Data{Mode: wasm.Passive}
		if d.Mode == wasm.Active {
			r.res.Data = append(r.res.Data, Segment{Offset: uint32(d.Offset.Bits), Bytes: d.Bytes})
		} else {
			kept.Bytes = d.Bytes
		}
		u := r.used.data[uint32(i)]
		if u == 0 {
			continue
		}
		r.dataIndex[i] = uint32(len(r.out.Data))
		r.out.Data = append(r.out.Data, kept)
		// Dropping a segment that nothing reads changes nothing that can be seen.
		if u == reads|drops {
			r.unsettled(fmt.Sprintf("data segment %d is read and dropped at run time", i))
		}
	}
	r.out.DataCount = len(r.out.Data) > 0
}
