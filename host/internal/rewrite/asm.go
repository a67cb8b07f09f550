package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// asm is a function body being written.
type asm []byte

// void is the block type without parameters and results.
const void = 0x40

func (a *asm) op(op wasm.Op) {
	if op > 0xff {
		*a = wasm.U32(append(*a, byte(op>>8)), uint32(op&0xff))
		return
	}
	*a = append(*a, byte(op))
}

// index writes an instruction with its indices.
func (a *asm) index(op wasm.Op, indices ...uint32) {
	a.op(op)
	for _, i := range indices {
		*a = wasm.U32(*a, i)
	}
}

func (a *asm) get(local uint32)  { a.index(wasm.OpLocalGet, local) }
func (a *asm) set(local uint32)  { a.index(wasm.OpLocalSet, local) }
func (a *asm) call(fn uint32)    { a.index(wasm.OpCall, fn) }
func (a *asm) br(label uint32)   { a.index(wasm.OpBr, label) }
func (a *asm) brIf(label uint32) { a.index(wasm.OpBrIf, label) }
func (a *asm) end()              { a.op(wasm.OpEnd) }

// block opens a block, loop or if without parameters and results.
func (a *asm) block(op wasm.Op) { *a = append(*a, byte(op), void) }

// blockOf opens a block or loop with an encoded type.
func (a *asm) blockOf(op wasm.Op, blockType []byte) { *a = append(append(*a, byte(op)), blockType...) }

func (a *asm) i32(v int32) { *a = wasm.S64(append(*a, byte(wasm.OpI32Const)), int64(v)) }
func (a *asm) i64(v int64) { *a = wasm.S64(append(*a, byte(wasm.OpI64Const)), v) }

// sub subtracts a constant from an i64 local.
func (a *asm) sub(local uint32, v int64) {
	a.get(local)
	a.i64(v)
	a.op(wasm.OpI64Sub)
	a.set(local)
}

// negative pushes whether an i64 local is below zero.
func (a *asm) negative(local uint32) {
	a.get(local)
	a.i64(0)
	a.op(wasm.OpI64LtS)
}
