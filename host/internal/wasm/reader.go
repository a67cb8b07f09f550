package wasm

import "encoding/binary"

// NoType is the Type of a [BlockType] that is not an index into the types.
const NoType = ^uint32(0)

// BlockType is the type of a block, loop or if: an index into the module's types, or at most one result.
type BlockType struct {
	Type   uint32  // index, or NoType
	Result ValType // with NoType: the result's type, or 0 for none
}

// Instr is one instruction as a [Reader] leaves it.
type Instr struct {
	Op Op
	// Pos and End are the bounds of its bytes in Body.Code.
	Pos, End int
	// X and Y are its indices in the order of the binary format: the label of br, br_if and the default of br_table;
	// function; type and table of call_indirect; local; global; table; data segment; element segment and table of
	// table.init; destination and source of table.copy; the alignment's exponent and the offset of a memory access.
	X, Y uint32
	// Block is the type of a block, loop or if.
	Block BlockType
	// Const is the value of i32.const (sign-extended), i64.const and, as raw bits, f32.const and f64.const.
	Const int64
	// Labels are the targets of a br_table without the default. Valid until the next instruction is read.
	Labels []uint32
}

// Reader reads the instructions of one function body in order.
type Reader struct {
	c      cursor
	labels []uint32
}

// Reset makes r start at the beginning of b.
func (r *Reader) Reset(b *Body) {
	r.c = cursor{b: b.Code, base: b.Offset}
}

// More reports whether there are instructions left.
func (r *Reader) More() bool { return r.c.p < len(r.c.b) }

// Next reads the next instruction into in. The body must be one that [Decode] has returned, which is what makes Next
// total; on other bytes it panics.
func (r *Reader) Next(in *Instr) {
	c := &r.c
	in.Pos = c.p
	b := c.byte("instruction")
	op := Op(b)
	kind := plainImm[b]
	if b >= 0xfb {
		op, kind = r.prefixed(b)
	}
	in.Op = op
	switch kind {
	case immNone:
	case immLocal:
		in.X = c.u32("local index")
	case immI32:
		in.Const = c.signed(32, "i32.const")
	case immI64:
		in.Const = c.signed(64, "i64.const")
	case immMemArg:
		r.memArg(in)
	case immBlock:
		in.Block = readBlockType(c)
	case immLabel:
		in.X = c.u32("label")
	case immFunc:
		in.X = c.u32("function index")
	case immGlobal:
		in.X = c.u32("global index")
	case immInvalid:
		r.refuse(in)
	default:
		r.rare(in, kind)
	}
	in.End = c.p
}

// prefixed reads the rest of a two-part opcode.
func (r *Reader) prefixed(prefix byte) (Op, imm) {
	at := r.c.offset() - 1
	switch prefix {
	case 0xfb, 0xfc, 0xfd, 0xfe:
	default:
		return Op(prefix), immInvalid
	}
	n := r.c.u32("opcode")
	if prefix == 0xfd && n > 0xff {
		unsupported(at, "the relaxed SIMD proposal", "instruction 0xfd %#x", n)
	}
	if n > 0xff {
		malformed(at, "unknown instruction %#x %#x", prefix, n)
	}
	op := Op(prefix)<<8 | Op(n)
	switch prefix {
	case 0xfc:
		return op, miscImm[n]
	case 0xfd:
		return op, simdImm[n]
	}
	return op, immInvalid
}

func (r *Reader) refuse(in *Instr) {
	at := r.c.base + in.Pos
	name, proposal := feature(in.Op)
	if proposal == "" {
		malformed(at, "unknown instruction %#x", uint16(in.Op))
	}
	if name == "" {
		name = in.Op.String()
	}
	unsupported(at, proposal, "%s", name)
}

func (r *Reader) memArg(in *Instr) {
	at := r.c.offset()
	in.X = r.c.u32("alignment")
	if in.X >= 0x40 && in.X < 0x80 {
		unsupported(at, "the multiple memories proposal", "memory index in %s", in.Op)
	}
	if in.X > 4 {
		malformed(at, "%s: alignment 2^%d is larger than any access", in.Op, in.X)
	}
	in.Y = r.c.u32("offset")
}

func (r *Reader) memoryIndex(op Op) {
	at := r.c.offset()
	if i := r.c.byte("memory index"); i != 0 {
		unsupported(at, "the multiple memories proposal", "memory index %d in %s", i, op)
	}
}

// rare reads immediates that are not worth a place in Next.
func (r *Reader) rare(in *Instr, kind imm) {
	c := &r.c
	switch kind {
	case immBrTable:
		n := c.count("br_table targets", "Branches", len(c.b))
		if cap(r.labels) < n {
			r.labels = make([]uint32, n)
		}
		in.Labels = r.labels[:n]
		for i := range in.Labels {
			in.Labels[i] = c.u32("label")
		}
		in.X = c.u32("label")
	case immIndirect:
		in.X = c.u32("type index")
		in.Y = c.u32("table index")
	case immSelect:
		at := c.offset()
		if n := c.u32("select type count"); n != 1 {
			malformed(at, "select: %d types, want one", n)
		}
		readValType(c)
	case immTable:
		in.X = c.u32("table index")
	case immMemory:
		r.memoryIndex(in.Op)
	case immMemories:
		r.memoryIndex(in.Op)
		r.memoryIndex(in.Op)
	case immF32:
		in.Const = int64(c.f32("f32.const"))
	case immF64:
		in.Const = int64(c.f64("f64.const"))
	case immRefType:
		readRefType(c)
	case immMemInit:
		in.X = c.u32("data segment index")
		r.memoryIndex(in.Op)
	case immData:
		in.X = c.u32("data segment index")
	case immTableInit, immTables:
		in.X = c.u32("segment or table index")
		in.Y = c.u32("table index")
	case immElem:
		in.X = c.u32("element segment index")
	case immV128:
		c.bytes(16, "v128.const")
	case immShuffle:
		at := c.offset()
		for i, lane := range c.bytes(16, "i8x16.shuffle") {
			if lane >= 32 {
				malformed(at+i, "i8x16.shuffle: lane %d of 32", lane)
			}
		}
	case immMemLane:
		r.memArg(in)
		r.lane(in.Op)
	case immLane:
		r.lane(in.Op)
	}
}

func (r *Reader) lane(op Op) {
	at := r.c.offset()
	if lane := r.c.byte("lane"); lane >= lanesOf(op) {
		malformed(at, "%s: lane %d of %d", op, lane, lanesOf(op))
	}
}

func readBlockType(c *cursor) BlockType {
	at := c.offset()
	v := c.signed(33, "block type")
	switch {
	case v == -64:
		return BlockType{Type: NoType}
	case v >= 0:
		return BlockType{Type: uint32(v)}
	case v >= -64:
		return BlockType{Type: NoType, Result: checkValType(byte(v&0x7f), at)}
	}
	malformed(at, "block type %d", v)
	return BlockType{}
}

func readValType(c *cursor) ValType {
	at := c.offset()
	return checkValType(c.byte("value type"), at)
}

func readRefType(c *cursor) ValType {
	at := c.offset()
	t := checkValType(c.byte("reference type"), at)
	if !t.IsRef() {
		malformed(at, "%s is not a reference type", t)
	}
	return t
}

func checkValType(b byte, at int) ValType {
	switch t := ValType(b); t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
		return t
	}
	switch b {
	case 0x63, 0x64:
		unsupported(at, "the typed function references proposal", "value type %#x", b)
	case 0x69, 0x74:
		unsupported(at, "the exception handling proposal", "value type %#x", b)
	case 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73:
		unsupported(at, "the garbage collection proposal", "value type %#x", b)
	}
	malformed(at, "unknown value type %#x", b)
	return 0
}

// v128 returns the two halves of the constant of a v128.const whose bytes are raw.
func v128(raw []byte) (low, high uint64) {
	return binary.LittleEndian.Uint64(raw), binary.LittleEndian.Uint64(raw[8:])
}
