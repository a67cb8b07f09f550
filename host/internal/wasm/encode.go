package wasm

import "encoding/binary"

// Encode writes the module in the binary format. It is the inverse of [Decode]: every section is written anew from what
// the module holds, with numbers in their shortest form; bodies are written as they are.
func (m *Module) Encode() []byte {
	size := 1 << 12
	for i := range m.Code {
		size += len(m.Code[i].Code) + 16
	}
	for i := range m.Data {
		size += len(m.Data[i].Bytes) + 16
	}
	for i := range m.Custom {
		size += len(m.Custom[i].Bytes) + 16
	}
	out := append(make([]byte, 0, size), magic...)
	out = vector(out, sectionType, len(m.Types), func(b []byte, i int) []byte {
		return appendTypes(appendTypes(append(b, 0x60), m.Types[i].Params), m.Types[i].Results)
	})
	out = vector(out, sectionImport, len(m.Imports), func(b []byte, i int) []byte { return m.Imports[i].append(b) })
	out = vector(out, sectionFunction, len(m.Functions), func(b []byte, i int) []byte { return U32(b, m.Functions[i]) })
	out = vector(out, sectionTable, len(m.Tables), func(b []byte, i int) []byte { return m.Tables[i].append(b) })
	out = vector(out, sectionMemory, len(m.Memories), func(b []byte, i int) []byte { return m.Memories[i].append(b) })
	out = vector(out, sectionGlobal, len(m.Globals), func(b []byte, i int) []byte {
		return m.Globals[i].Init.append(m.Globals[i].append(b))
	})
	out = vector(out, sectionExport, len(m.Exports), func(b []byte, i int) []byte {
		e := &m.Exports[i]
		return U32(append(appendName(b, e.Name), byte(e.Kind)), e.Index)
	})
	if m.Start != NoStart {
		out = section(out, sectionStart, func(b []byte) []byte { return U32(b, m.Start) })
	}
	out = vector(out, sectionElement, len(m.Elems), func(b []byte, i int) []byte { return m.Elems[i].append(b) })
	if m.DataCount {
		out = section(out, sectionDataCount, func(b []byte) []byte { return U32(b, uint32(len(m.Data))) })
	}
	out = vector(out, sectionCode, len(m.Code), func(b []byte, i int) []byte { return m.Code[i].append(b) })
	out = vector(out, sectionData, len(m.Data), func(b []byte, i int) []byte { return m.Data[i].append(b) })
	for _, c := range m.Custom {
		out = section(out, sectionCustom, func(b []byte) []byte { return append(appendName(b, c.Name), c.Bytes...) })
	}
	return out
}

// U32 appends an unsigned LEB128 number.
func U32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// S64 appends a signed LEB128 number; it serves i32.const and block types too.
func S64(b []byte, v int64) []byte {
	for v < -64 || v > 63 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

// paddedSize is the room that a section's or body's size takes: written once the content is known.
const paddedSize = 5

// begin leaves room for a size and returns where the content starts.
func begin(b []byte) ([]byte, int) {
	b = append(b, 0, 0, 0, 0, 0)
	return b, len(b)
}

// finish writes the size of the content that started at start, and closes the gap in front of it.
func finish(b []byte, start int) []byte {
	var size [paddedSize]byte
	n := copy(b[start-paddedSize:], U32(size[:0], uint32(len(b)-start)))
	if gap := paddedSize - n; gap > 0 {
		copy(b[start-gap:], b[start:])
		b = b[:len(b)-gap]
	}
	return b
}

func section(b []byte, id byte, content func([]byte) []byte) []byte {
	b, start := begin(append(b, id))
	return finish(content(b), start)
}

// vector writes a section that is a vector of n items, or nothing if there are none.
func vector(b []byte, id byte, n int, item func([]byte, int) []byte) []byte {
	if n == 0 {
		return b
	}
	return section(b, id, func(b []byte) []byte {
		b = U32(b, uint32(n))
		for i := range n {
			b = item(b, i)
		}
		return b
	})
}

func appendName(b []byte, s string) []byte { return append(U32(b, uint32(len(s))), s...) }

func appendTypes(b []byte, ts []ValType) []byte {
	b = U32(b, uint32(len(ts)))
	for _, t := range ts {
		b = append(b, byte(t))
	}
	return b
}

func (im *Import) append(b []byte) []byte {
	b = append(appendName(appendName(b, im.Module), im.Name), byte(im.Kind))
	switch im.Kind {
	case ExternFunc:
		return U32(b, im.Type)
	case ExternTable:
		return im.Table.append(b)
	case ExternMemory:
		return im.Memory.append(b)
	}
	return im.Global.append(b)
}

func (t *Table) append(b []byte) []byte { return t.Size.append(append(b, byte(t.Elem))) }

func (s *Size) append(b []byte) []byte {
	if !s.HasMax {
		return U32(append(b, 0), s.Min)
	}
	return U32(U32(append(b, 1), s.Min), s.Max)
}

func (g *GlobalType) append(b []byte) []byte {
	b = append(b, byte(g.Type), 0)
	if g.Mutable {
		b[len(b)-1] = 1
	}
	return b
}

func (e *ConstExpr) append(b []byte) []byte {
	if e.Op == OpV128Const {
		b = U32(append(b, byte(e.Op>>8)), uint32(e.Op&0xff))
		b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, e.Bits), e.High)
		return append(b, byte(OpEnd))
	}
	b = append(b, byte(e.Op))
	switch e.Op {
	case OpI32Const, OpI64Const:
		b = S64(b, int64(e.Bits))
	case OpF32Const:
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Bits))
	case OpF64Const:
		b = binary.LittleEndian.AppendUint64(b, e.Bits)
	case OpRefNull:
		b = append(b, byte(e.Bits))
	default: // OpRefFunc, OpGlobalGet
		b = U32(b, uint32(e.Bits))
	}
	return append(b, byte(OpEnd))
}

// append writes the segment in the shortest of its eight forms.
func (e *Elem) append(b []byte) []byte {
	exprs := e.Type != FuncRef
	for _, f := range e.Init {
		exprs = exprs || f == NullRef
	}
	flags := byte(0)
	if exprs {
		flags = 4
	}
	explicit := true // type or kind is written
	switch {
	case e.Mode == Passive:
		flags |= 1
	case e.Mode == Declarative:
		flags |= 3
	case e.Table != 0 || e.Type != FuncRef:
		flags |= 2
	default:
		explicit = false
	}
	b = append(b, flags)
	if e.Mode == Active {
		if flags&2 != 0 {
			b = U32(b, e.Table)
		}
		b = e.Offset.append(b)
	}
	switch {
	case explicit && exprs:
		b = append(b, byte(e.Type))
	case explicit:
		b = append(b, 0)
	}
	b = U32(b, uint32(len(e.Init)))
	for _, f := range e.Init {
		switch {
		case !exprs:
			b = U32(b, f)
		case f == NullRef:
			b = append(b, byte(OpRefNull), byte(e.Type), byte(OpEnd))
		default:
			b = append(U32(append(b, byte(OpRefFunc)), f), byte(OpEnd))
		}
	}
	return b
}

func (d *Data) append(b []byte) []byte {
	if d.Mode == Passive {
		b = append(b, 1)
	} else {
		b = d.Offset.append(append(b, 0))
	}
	return append(U32(b, uint32(len(d.Bytes))), d.Bytes...)
}

func (f *Body) append(b []byte) []byte {
	b, start := begin(b)
	b = U32(b, uint32(len(f.Locals)))
	for _, l := range f.Locals {
		b = append(U32(b, l.Count), byte(l.Type))
	}
	return finish(append(b, f.Code...), start)
}
