package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// frameSize is what a call of a function counts towards the stack, in bytes.
func frameSize(t *wasm.FuncType, b *wasm.Body, p *plan) int64 {
	return 64 + 8*int64(len(t.Params)+len(t.Results)+int(b.NumLocals)+p.values)
}
