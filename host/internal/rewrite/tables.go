package rewrite

import (
	"maps"
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// tables takes over the tables with their maximum clamped, and the element segments.
func (r *rewriter) tables() {
	for _, t := range r.in.Tables {
		if limit := uint32(r.o.Limits.TableEntries); !t.Size.HasMax || t.Size.Max > limit {
			t.Size.Max, t.Size.HasMax = limit, true
		}
		r.out.Tables = append(r.out.Tables, t)
	}
	for i := range r.in.Elems {
		e := r.in.Elems[i]
		e.Init = slices.Clone(e.Init)
		for k, f := range e.Init {
			if f != wasm.NullRef {
				e.Init[k] = r.reference(f)
			}
		}
		r.out.Elems = append(r.out.Elems, e)
	}
	r.res.Tables = len(r.out.Tables)
	r.declare()
}

// declare adds what ref.func needs: a function whose reference is taken in code must be named outside of it, and the
// exports that may have done so are gone.
func (r *rewriter) declare() {
	if len(r.used.references) == 0 {
		return
	}
	e := wasm.Elem{Mode: wasm.Declarative, Type: wasm.FuncRef}
	for _, f := range slices.Sorted(maps.Keys(r.used.references)) {
		e.Init = append(e.Init, r.reference(f))
	}
	r.out.Elems = append(r.out.Elems, e)
}

func (r *rewriter) tableIndex(i uint32) uint32 { return i }

func (r *rewriter) indirect(t, table uint32) (fn uint32, direct bool) { return 0, false }
