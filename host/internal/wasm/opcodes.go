package wasm

// The instructions that the decoder and its users know by name. The complete list is in opnames.go.
const (
	OpUnreachable   Op = 0x00
	OpNop           Op = 0x01
	OpBlock         Op = 0x02
	OpLoop          Op = 0x03
	OpIf            Op = 0x04
	OpElse          Op = 0x05
	OpEnd           Op = 0x0b
	OpBr            Op = 0x0c
	OpBrIf          Op = 0x0d
	OpBrTable       Op = 0x0e
	OpReturn        Op = 0x0f
	OpCall          Op = 0x10
	OpCallIndirect  Op = 0x11
	OpDrop          Op = 0x1a
	OpSelectT       Op = 0x1c
	OpLocalGet      Op = 0x20
	OpLocalSet      Op = 0x21
	OpLocalTee      Op = 0x22
	OpGlobalGet     Op = 0x23
	OpGlobalSet     Op = 0x24
	OpTableGet      Op = 0x25
	OpTableSet      Op = 0x26
	OpMemorySize    Op = 0x3f
	OpMemoryGrow    Op = 0x40
	OpI32Const      Op = 0x41
	OpI64Const      Op = 0x42
	OpF32Const      Op = 0x43
	OpF64Const      Op = 0x44
	OpI32Eqz        Op = 0x45
	OpI32Ne         Op = 0x47
	OpI32LtS        Op = 0x48
	OpI32LtU        Op = 0x49
	OpI32GtU        Op = 0x4b
	OpI32LeU        Op = 0x4d
	OpI64LtS        Op = 0x53
	OpI64GtU        Op = 0x56
	OpI32Add        Op = 0x6a
	OpI32Sub        Op = 0x6b
	OpI64Add        Op = 0x7c
	OpI64Sub        Op = 0x7d
	OpI64Mul        Op = 0x7e
	OpI64Or         Op = 0x84
	OpI64Shl        Op = 0x86
	OpI64ShrU       Op = 0x88
	OpI64ExtendI32S Op = 0xac
	OpI64ExtendI32U Op = 0xad
	OpRefNull       Op = 0xd0
	OpRefFunc       Op = 0xd2

	OpMemoryInit Op = 0xfc08
	OpDataDrop   Op = 0xfc09
	OpMemoryCopy Op = 0xfc0a
	OpMemoryFill Op = 0xfc0b
	OpTableInit  Op = 0xfc0c
	OpElemDrop   Op = 0xfc0d
	OpTableCopy  Op = 0xfc0e
	OpTableGrow  Op = 0xfc0f
	OpTableSize  Op = 0xfc10
	OpTableFill  Op = 0xfc11

	OpV128Const Op = 0xfd0c
)

// imm is what follows an opcode.
type imm byte

const (
	immInvalid imm = iota // not an instruction that is known here
	immNone
	immBlock    // block type
	immLabel    // label
	immBrTable  // labels
	immFunc     // function
	immIndirect // type, table
	immSelect   // value types
	immLocal    // local
	immGlobal   // global
	immTable    // table
	immMemArg   // alignment, offset
	immMemory   // memory
	immMemories // memory, memory
	immI32
	immI64
	immF32
	immF64
	immRefType
	immMemInit   // data segment, memory
	immData      // data segment
	immTableInit // element segment, table
	immElem      // element segment
	immTables    // table, table
	immV128
	immShuffle // 16 lanes
	immLane
	immMemLane // alignment, offset, lane
)

// The immediates of each instruction, by the second byte of its opcode or its only one.
var (
	plainImm = immTable256(plainOps, map[Op]imm{
		OpBlock: immBlock, OpLoop: immBlock, OpIf: immBlock, OpBr: immLabel, OpBrIf: immLabel, OpBrTable: immBrTable,
		OpCall: immFunc, OpCallIndirect: immIndirect, OpSelectT: immSelect,
		OpLocalGet: immLocal, OpLocalSet: immLocal, OpLocalTee: immLocal, OpGlobalGet: immGlobal, OpGlobalSet: immGlobal,
		OpTableGet: immTable, OpTableSet: immTable, OpMemorySize: immMemory, OpMemoryGrow: immMemory,
		OpI32Const: immI32, OpI64Const: immI64, OpF32Const: immF32, OpF64Const: immF64,
		OpRefNull: immRefType, OpRefFunc: immFunc,
	}, span{0x28, 0x3e, immMemArg})
	miscImm = immTable256(miscOps, map[Op]imm{
		OpMemoryInit: immMemInit, OpDataDrop: immData, OpMemoryCopy: immMemories, OpMemoryFill: immMemory,
		OpTableInit: immTableInit, OpElemDrop: immElem, OpTableCopy: immTables,
		OpTableGrow: immTable, OpTableSize: immTable, OpTableFill: immTable,
	})
	simdImm = immTable256(simdOps, map[Op]imm{OpV128Const: immV128, 0xfd0d: immShuffle},
		span{0x00, 0x0b, immMemArg}, span{0x15, 0x22, immLane}, span{0x54, 0x5b, immMemLane}, span{0x5c, 0x5d, immMemArg})
)

// span gives the instructions from one to another the same immediates.
type span struct {
	from, to int
	imm      imm
}

func immTable256(names string, special map[Op]imm, spans ...span) (t [256]imm) {
	for i, name := range nameTable(names) {
		if name != "" {
			t[i] = immNone
		}
	}
	for _, s := range spans {
		for i := s.from; i <= s.to; i++ {
			t[i] = s.imm
		}
	}
	for op, k := range special {
		t[op&0xff] = k
	}
	return t
}

// lanesOf returns how many lanes the instruction's lane immediate chooses from.
func lanesOf(op Op) byte {
	switch n := op & 0xff; {
	case n <= 0x17: // i8x16 extract and replace
		return 16
	case n <= 0x1a:
		return 8
	case n <= 0x1c, n == 0x1f, n == 0x20:
		return 4
	case n <= 0x22:
		return 2
	default: // load8_lane, 16, 32, 64, then the stores
		return 16 >> ((n - 0x54) & 3)
	}
}

// feature names the proposal to which an opcode that is not accepted belongs, with the instruction's name or "".
func feature(op Op) (name, proposal string) {
	switch {
	case op == 0x12, op == 0x13:
		return [...]string{"return_call", "return_call_indirect"}[op-0x12], "the tail call proposal"
	case op == 0x14, op == 0x15, op >= 0xd3 && op <= 0xd6:
		return "", "the typed function references or garbage collection proposal"
	case op >= 0x06 && op <= 0x0a, op == 0x18, op == 0x19, op == 0x1f:
		return "", "the exception handling proposal"
	case op&0xff00 == 0xfb00:
		return "", "the garbage collection proposal"
	case op&0xff00 == 0xfe00:
		return "atomic instruction", "the threads proposal"
	case op&0xff00 == prefixMisc && op&0xff >= 0x12:
		return "", "the wide arithmetic or another later proposal"
	}
	return "", ""
}
