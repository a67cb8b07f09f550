package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

const (
	// frameBase is what every call takes: return address, frame pointer, saved registers, alignment.
	frameBase = 128
	// slot is what a value takes that has to wait in memory. The compiler never uses a slot for two values.
	slot = 8
)

// frameSize is what a call of a function counts towards the stack, in bytes: an upper estimate of the frame that wazero
// makes for it. Each parameter, local and assignment to one, each result of a call, each operand that waits while a
// function is called, and each value that control flow merges may get a slot of its own. Of the functions of a standard
// Go guest, half have a frame of less than a third of that, and none has a larger one.
func frameSize(t *wasm.FuncType, b *wasm.Body, p *plan) int64 {
	n := int64(len(t.Params)+len(t.Results)+int(b.NumLocals)+p.values) + b.Joins
	if p.vectors {
		n *= 2
	}
	return frameBase + slot*n
}
