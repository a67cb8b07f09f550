package rewrite

import (
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// digestSection is the custom section of a shell that holds the digest of the module that it is the shell of.
const digestSection = "wasmnet.digest"

// shell encodes the module without its code: every function traps at once, whatever its type. All else is the same, so
// that machine code of the one finds in an instance of the other what it expects where it expects it.
func (r *rewriter) shell() []byte {
	var trap asm
	trap.op(wasm.OpUnreachable)
	trap.end()
	out := *r.out
	out.Code = slices.Repeat([]wasm.Body{{Code: trap}}, len(r.out.Code))
	out.Custom = append(slices.Clone(r.out.Custom), wasm.Custom{Name: digestSection, Bytes: r.res.Digest[:]})
	return out.Encode()
}
