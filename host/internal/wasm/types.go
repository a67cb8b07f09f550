package wasm

import "strings"

// ValType is a value type.
type ValType byte

// The value types.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown"
}

// IsRef reports whether values of the type are references.
func (t ValType) IsRef() bool { return t == FuncRef || t == ExternRef }

// FuncType is the signature of a function.
type FuncType struct {
	Params  []ValType
	Results []ValType
}

// Equal reports whether both are the same signature.
func (t FuncType) Equal(u FuncType) bool {
	return string(bytesOf(t.Params)) == string(bytesOf(u.Params)) &&
		string(bytesOf(t.Results)) == string(bytesOf(u.Results))
}

// Key is a string that two signatures share if and only if they are equal.
func (t FuncType) Key() string {
	return string(bytesOf(t.Params)) + ">" + string(bytesOf(t.Results))
}

func (t FuncType) String() string {
	return "(" + joinTypes(t.Params) + ") -> (" + joinTypes(t.Results) + ")"
}

func joinTypes(ts []ValType) string {
	s := make([]string, len(ts))
	for i, t := range ts {
		s[i] = t.String()
	}
	return strings.Join(s, ", ")
}

func bytesOf(ts []ValType) []byte {
	b := make([]byte, len(ts))
	for i, t := range ts {
		b[i] = byte(t)
	}
	return b
}

// ExternKind is what an import or export is.
type ExternKind byte

// The kinds of imports and exports.
const (
	ExternFunc ExternKind = iota
	ExternTable
	ExternMemory
	ExternGlobal
)

func (k ExternKind) String() string {
	switch k {
	case ExternFunc:
		return "func"
	case ExternTable:
		return "table"
	case ExternMemory:
		return "memory"
	case ExternGlobal:
		return "global"
	}
	return "unknown"
}

// Size is the declared size of a memory (pages) or table (entries).
type Size struct {
	Min, Max uint32
	HasMax   bool
}

// Import is one import. Type is set for functions, Table for tables, Memory for memories, Global for globals.
type Import struct {
	Module, Name string
	Kind         ExternKind
	Type         uint32 // index into Module.Types
	Table        Table
	Memory       Size
	Global       GlobalType
	Offset       int // where it stands in the module
}

// Table is a table of references.
type Table struct {
	Elem ValType
	Size Size
}

// GlobalType is the type of a global.
type GlobalType struct {
	Type    ValType
	Mutable bool
}

// Global is a global of the module's own.
type Global struct {
	GlobalType
	Init ConstExpr
}

// Export is one export.
type Export struct {
	Name   string
	Kind   ExternKind
	Index  uint32
	Offset int // where it stands in the module
}

// ConstExpr is a constant expression: one instruction. Op is OpI32Const, OpI64Const, OpF32Const, OpF64Const,
// OpV128Const, OpRefNull, OpRefFunc or OpGlobalGet.
type ConstExpr struct {
	Op Op
	// Bits is the constant (sign-extended to 64 bits for i32, raw bits for floats, low half for v128), the index for
	// ref.func and global.get, or the ValType for ref.null.
	Bits uint64
	// High is the upper half of a v128.
	High uint64
}

// Mode is when and how a segment is applied.
type Mode byte

// The modes of segments. Data segments have no Declarative.
const (
	Active Mode = iota
	Passive
	Declarative
)

// NullRef stands for ref.null among the entries of an [Elem].
const NullRef = ^uint32(0)

// Elem is an element segment.
type Elem struct {
	Mode   Mode
	Table  uint32    // Active only
	Offset ConstExpr // Active only
	Type   ValType
	Init   []uint32 // function indices, or NullRef
}

// Data is a data segment.
type Data struct {
	Mode   Mode
	Offset ConstExpr // Active only
	Bytes  []byte
}

// LocalRun is a run of locals of one type.
type LocalRun struct {
	Count uint32
	Type  ValType
}

// Body is the body of a function.
type Body struct {
	Locals []LocalRun
	// NumLocals is the number of locals without parameters: the sum of the counts in Locals.
	NumLocals uint32
	// Code is the instructions, the final end included.
	Code []byte
	// Offset is where Code begins in the module.
	Offset int
	// Joins is how many values a compiler may have to make because different ones meet: one for each read of a local and
	// each join of control or loop header since the local was last touched.
	Joins int64
}

// Custom is a custom section.
type Custom struct {
	Name  string
	Bytes []byte
}

// NoStart is the value of Module.Start without a start function.
const NoStart = ^uint32(0)

// Module is a decoded module. Byte slices alias the decoded input.
type Module struct {
	Types     []FuncType
	Imports   []Import
	Functions []uint32 // type indices; function Functions[i] has index NumImported(ExternFunc)+i and body Code[i]
	Tables    []Table
	Memories  []Size // none or one
	Globals   []Global
	Exports   []Export
	Start     uint32 // function index, or NoStart
	Elems     []Elem
	Code      []Body
	Data      []Data
	DataCount bool // a data count section is there
	Custom    []Custom
}

// NumImported counts the imports of a kind.
func (m *Module) NumImported(k ExternKind) int {
	n := 0
	for i := range m.Imports {
		if m.Imports[i].Kind == k {
			n++
		}
	}
	return n
}

// FuncTypeIndices returns the type index of every function by function index, imports first.
func (m *Module) FuncTypeIndices() []uint32 {
	ts := make([]uint32, 0, len(m.Imports)+len(m.Functions))
	for i := range m.Imports {
		if m.Imports[i].Kind == ExternFunc {
			ts = append(ts, m.Imports[i].Type)
		}
	}
	return append(ts, m.Functions...)
}
