package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// customSections hands out the custom sections and writes a new name section: traps then name the guest's functions.
func (r *rewriter) customSections() {
	r.res.Custom = make(map[string][]byte, len(r.in.Custom))
	for _, c := range r.in.Custom {
		if !has(r.res.Custom, c.Name) {
			r.res.Custom[c.Name] = c.Bytes
		}
	}
	names := wasm.FunctionNames(r.res.Custom["name"], len(r.funcTypes))
	if len(names) == 0 {
		return
	}
	for i := range names {
		names[i].Index = r.function(names[i].Index)
	}
	r.out.Custom = []wasm.Custom{{Name: "name", Bytes: wasm.EncodeFunctionNames(names)}}
}
