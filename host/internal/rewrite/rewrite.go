package rewrite

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// rewriter holds a module while it is rewritten. Functions keep their order: imports, then the imports of our own, then
// the guest's functions, then those synthesised here.
type rewriter struct {
	o        Options
	in       *wasm.Module
	out      *wasm.Module
	res      *Result
	metered  bool // fuel is counted
	measured bool // the stack is measured

	funcTypes []uint32 // type of each original function
	imports   uint32   // imported functions of the original
	added     uint32   // imports of our own
	refuel    uint32   // the import, if metered
	overflow  uint32   // the import, if measured
	full      *uint32  // the import TableFull, if it is needed
	fuel      uint32   // the global, if metered
	depth     uint32   // the global, if measured

	types     map[string]uint32 // index in out.Types by key
	withTypes map[uint32]uint32 // type with the budgets added, by original type
	helpers   map[any]uint32    // synthesised functions by what they do
	used      usage
	analyse   func(*wasm.Body) *plan
	dataIndex []uint32 // new index of each data segment that is kept

	fixed      [][]uint32 // contents of each table that is replaced by direct calls; nil: it stays
	tableIndex []uint32   // new index of each table that stays
	clamped    []bool     // by new index, whether the limit is a table's maximum
	faults     *uint32    // the table for traps, once there is one
}

// Rewrite instruments a module. The error is a *[wasm.Error] that says where, if it is the module's fault.
func Rewrite(module []byte, o Options) (*Result, error) {
	in, err := wasm.Decode(module, o.Limits)
	if err != nil {
		return nil, err
	}
	r := newRewriter(in, o)
	if err := r.rewrite(); err != nil {
		return nil, err
	}
	r.res.Wasm, r.res.Size = r.out.Encode(), len(module)
	r.res.Digest = sha256.Sum256(r.res.Wasm)
	r.res.Shell = r.shell()
	return r.res, nil
}

func newRewriter(in *wasm.Module, o Options) *rewriter {
	return &rewriter{
		o: o, in: in, metered: o.Fuel, measured: o.MaxDepth > 0,
		out:       &wasm.Module{Start: wasm.NoStart},
		res:       &Result{Start: -1, Recyclable: true, Imageable: true, Functions: len(in.Functions)},
		funcTypes: in.FuncTypeIndices(),
		imports:   uint32(in.NumImported(wasm.ExternFunc)),
		types:     make(map[string]uint32, len(in.Types)+8),
		withTypes: make(map[uint32]uint32, len(in.Types)),
		helpers:   make(map[any]uint32),
		analyse:   newPlanner(in).analyse,
	}
}

func (r *rewriter) rewrite() error {
	if err := r.importSection(); err != nil {
		return err
	}
	r.used.scan(r.in)
	r.typeSection()
	r.state()
	r.segments()
	r.tables()
	r.out.Functions = make([]uint32, len(r.in.Functions), len(r.in.Functions)+64)
	r.out.Code = make([]wasm.Body, len(r.in.Functions), len(r.in.Functions)+64)
	b := &body{r: r}
	for i, t := range r.in.Functions {
		r.out.Functions[i] = r.budgeted(t)
		r.out.Code[i] = b.rewrite(&r.in.Code[i], &r.in.Types[t])
	}
	if err := r.dispatcher(); err != nil {
		return err
	}
	r.customSections()
	return nil
}

// importSection takes over the imports, which must all be functions, and adds our own.
func (r *rewriter) importSection() error {
	for i := range r.in.Imports {
		im := &r.in.Imports[i]
		if im.Kind != wasm.ExternFunc {
			return failf(im.Offset, "import %s.%s: a %s cannot be imported, only functions", im.Module, im.Name, im.Kind)
		}
		if im.Module == InternalModule {
			return failf(im.Offset, "import %s.%s: the module name is reserved", im.Module, im.Name)
		}
		t := r.in.Types[im.Type]
		r.res.Imports = append(r.res.Imports, Import{im.Module, im.Name, t.Params, t.Results})
	}
	r.out.Imports = r.in.Imports[:len(r.in.Imports):len(r.in.Imports)]
	return nil
}

// typeSection takes over the types, which keep their indices, and adds what is imported for the budgets.
func (r *rewriter) typeSection() {
	r.out.Types = r.in.Types[:len(r.in.Types):len(r.in.Types)]
	for i, t := range r.in.Types {
		if k := t.Key(); !has(r.types, k) {
			r.types[k] = uint32(i)
		}
	}
	if r.metered {
		r.refuel = r.addImport(Refuel, i64s, i64s)
	}
	if r.measured {
		r.overflow = r.addImport(Overflow, nil, nil)
	}
	if r.metered && slices.ContainsFunc(slices.Collect(maps.Keys(r.used.grows)), r.limited) {
		full := r.addImport(TableFull, nil, nil)
		r.full = &full
	}
}

var (
	i32s = []wasm.ValType{wasm.I32}
	i64s = []wasm.ValType{wasm.I64}
)

func (r *rewriter) addImport(name string, params, results []wasm.ValType) uint32 {
	r.out.Imports = append(r.out.Imports,
		wasm.Import{Module: InternalModule, Name: name, Type: r.typeOf(params, results)})
	r.added++
	return uint32(len(r.out.Imports) - 1)
}

// typeOf returns the index of a signature, which is added if it is new.
func (r *rewriter) typeOf(params, results []wasm.ValType) uint32 {
	t := wasm.FuncType{Params: params, Results: results}
	k := t.Key()
	i, ok := r.types[k]
	if !ok {
		i = uint32(len(r.out.Types))
		r.out.Types = append(r.out.Types, t)
		r.types[k] = i
	}
	return i
}

// budgeted returns the type that guest functions of an original type get: the stack left and the fuel left are passed
// as further parameters, and the fuel left comes back as a further result. So both stay in registers.
func (r *rewriter) budgeted(t uint32) uint32 {
	i, ok := r.withTypes[t]
	if !ok {
		orig := &r.in.Types[t]
		i = r.typeOf(r.withBudgets(orig.Params), r.withFuel(orig.Results))
		r.withTypes[t] = i
	}
	return i
}

func (r *rewriter) withBudgets(params []wasm.ValType) []wasm.ValType {
	params = params[:len(params):len(params)]
	if r.measured {
		params = append(params, wasm.I64)
	}
	return r.withFuel(params)
}

func (r *rewriter) withFuel(ts []wasm.ValType) []wasm.ValType {
	if !r.metered {
		return ts
	}
	return append(ts[:len(ts):len(ts)], wasm.I64)
}

// blockType returns the encoded type of a block that yields results.
func (r *rewriter) blockType(results []wasm.ValType) []byte {
	switch len(results) {
	case 0:
		return []byte{void}
	case 1:
		return []byte{byte(results[0])}
	}
	return wasm.S64(nil, int64(r.typeOf(nil, results)))
}

func (r *rewriter) hasParams(t wasm.BlockType) bool {
	return t.Type != wasm.NoType && len(r.in.Types[t.Type].Params) > 0
}

// function returns the new index of a function.
func (r *rewriter) function(i uint32) uint32 {
	if i < r.imports {
		return i
	}
	return i + r.added
}

// reference returns the new index of a function of which a reference is taken. What is called by reference takes
// budgets; imports get a function around them that does.
func (r *rewriter) reference(i uint32) uint32 {
	if i < r.imports && (r.metered || r.measured) {
		return r.helper(helperImport{i})
	}
	return r.function(i)
}

// callImport calls an imported function: the host sees the fuel in the global and may take some.
func (r *rewriter) callImport(a *asm, fn, fuel uint32) {
	if !r.metered {
		a.call(fn)
		return
	}
	a.get(fuel)
	a.index(wasm.OpGlobalSet, r.fuel)
	a.call(fn)
	a.index(wasm.OpGlobalGet, r.fuel)
	a.set(fuel)
}

func failf(offset int, format string, args ...any) error {
	return &wasm.Error{Offset: offset, Msg: fmt.Sprintf(format, args...)}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}
