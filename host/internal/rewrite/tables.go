package rewrite

import (
	"maps"
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// tables takes over the tables with their maximum clamped, and the element segments. Tables that can be replaced by
// direct calls vanish, with the segments that fill them.
func (r *rewriter) tables() {
	r.tableIndex = make([]uint32, len(r.in.Tables))
	r.fixed = make([][]uint32, len(r.in.Tables))
	for i, t := range r.in.Tables {
		if r.o.DirectCalls {
			r.fixed[i] = r.contents(uint32(i))
		}
		if r.fixed[i] != nil {
			continue
		}
		limited := r.limited(uint32(i))
		if limited {
			t.Size.Max, t.Size.HasMax = uint32(r.o.Limits.TableEntries), true
		}
		r.tableIndex[i] = uint32(len(r.out.Tables))
		r.out.Tables = append(r.out.Tables, t)
		r.clamped = append(r.clamped, limited)
		if r.used.grows[uint32(i)] {
			r.res.TableEntries += int(t.Size.Max)
		} else {
			r.res.TableEntries += int(t.Size.Min)
		}
	}
	for i := range r.in.Elems {
		e := r.in.Elems[i]
		if e.Mode == wasm.Active {
			if r.fixed[e.Table] != nil {
				if len(r.used.elems) > 0 { // the numbers of the segments are used: keep the place
					r.out.Elems = append(r.out.Elems, wasm.Elem{Mode: wasm.Passive, Type: e.Type})
				}
				continue
			}
			e.Table = r.tableIndex[e.Table]
		}
		e.Init = slices.Clone(e.Init)
		for k, f := range e.Init {
			if f != wasm.NullRef {
				e.Init[k] = r.reference(f)
			}
		}
		r.out.Elems = append(r.out.Elems, e)
	}
	r.declare()
	r.res.Tables = len(r.out.Tables)
}

// limited reports whether a table may become as large as the limit, and would become larger without it.
func (r *rewriter) limited(table uint32) bool {
	size := &r.in.Tables[table].Size
	return !size.HasMax || size.Max > uint32(r.o.Limits.TableEntries)
}

// A table that is replaced may hold at most maxDirect functions, in at most maxRuns stretches: compiling the code that
// chooses among them takes more than proportional time.
const (
	maxDirect = 16_384
	maxRuns   = 256
)

// contents returns what is in a table for good: the function of each entry, or NullRef. It returns nil if the table may
// change, or if filling it fails: then it stays, and so does the failure. Instructions other than call_indirect that
// only read a table keep it too. That a table is exported does not matter: its export is not kept.
func (r *rewriter) contents(table uint32) []uint32 {
	t := &r.in.Tables[table]
	if r.used.tables[table] || t.Elem != wasm.FuncRef {
		return nil
	}
	n := 0
	entries := slices.Repeat([]uint32{wasm.NullRef}, int(t.Size.Min))
	for i := range r.in.Elems {
		e := &r.in.Elems[i]
		if e.Mode != wasm.Active || e.Table != table {
			continue
		}
		at := uint64(uint32(e.Offset.Bits))
		if at+uint64(len(e.Init)) > uint64(len(entries)) {
			return nil
		}
		copy(entries[at:], e.Init)
		n += len(e.Init)
	}
	if n > maxDirect || len(runs(entries)) > maxRuns {
		return nil
	}
	return entries
}

// declare adds what ref.func needs: a function whose reference is taken in code must be named outside of it, and the
// exports and segments that may have done so are gone.
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
