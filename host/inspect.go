package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/image"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// Info describes a module, for people and for programs (it has a JSON form).
type Info struct {
	Name      string     `json:"name"` // under which it was loaded
	Size      int        `json:"size"` // bytes of wasm
	ABI       string     `json:"abi"`
	Manifest  *Manifest  `json:"manifest,omitempty"` // nil if it has none
	Isolation string     `json:"isolation"`          // its default
	Events    []string   `json:"events"`             // exports that the host calls
	Exports   []string   `json:"exports"`            // the others but the memory
	Imports   []string   `json:"imports"`            // "module.name"
	Memory    MemoryInfo `json:"memory"`
	Functions int        `json:"functions"`
	Cost      CostInfo   `json:"cost"`
	Asks      []string   `json:"asks,omitempty"` // grants and limits, in the form of their Set methods
}

// MemoryInfo is a module's declared memory, in bytes.
type MemoryInfo struct {
	Initial uint64 `json:"initial"`
	Maximum uint64 `json:"maximum"` // 4 GiB where it declares none: the limit "memory" bounds it
}

// CostInfo hints at what a module may cost beyond the ordinary.
type CostInfo struct {
	// Recyclable: an instance is put back to the service's image after its connection, which is cheap. Otherwise each
	// connection gets a new one, for the reason given.
	Recyclable    bool   `json:"recyclable"`
	WhyNot        string `json:"why_not,omitempty"`
	Imageable     bool   `json:"imageable"` // otherwise each instance runs the module's start-up by itself
	Tables        int    `json:"tables"`    // tables that each instance has
	Threads       bool   `json:"threads"`   // it uses worker instances
	Dials         bool   `json:"dials"`
	Listens       bool   `json:"listens"`
	Resolves      bool   `json:"resolves"`
	StartFunction bool   `json:"start_function"`
}

// Inspect checks and describes a module without compiling it. The error is that of [Host.Load].
func Inspect(name string, wasm []byte) (*Info, error) {
	m := &Module{name: name, wasm: func() ([]byte, error) { return wasm, nil }}
	limits := DefaultLimits(PerConnection)
	r, err := m.rewrite(&limits)
	if err == nil {
		var info *Info
		if info, _, err = describe(name, r); err == nil {
			return info, nil
		}
	}
	return nil, &ModuleError{Module: name, Err: err}
}

// describe checks a module against the ABI.
func describe(name string, r *rewrite.Result) (*Info, *Manifest, error) {
	info := &Info{
		Name: name, Size: r.Size, ABI: abi.Version, Functions: r.Functions,
		Memory: MemoryInfo{Initial: uint64(r.Memory.Min) * image.PageSize, Maximum: uint64(r.Memory.Max) * image.PageSize},
		Cost: CostInfo{Recyclable: r.Recyclable, WhyNot: r.Why, Imageable: r.Imageable, Tables: r.Tables,
			StartFunction: r.Start >= 0},
	}
	if err := info.checkImports(r.Imports); err != nil {
		return nil, nil, err
	}
	if err := info.checkExports(r); err != nil {
		return nil, nil, err
	}
	manifest := &Manifest{}
	if section, ok := r.Custom[abi.ManifestSection]; ok {
		var err error
		if manifest, err = parseManifest(section); err != nil {
			return nil, nil, err
		}
		info.Manifest = manifest
		info.Asks = manifest.unmet(&Grants{}, &Limits{})
	}
	info.Isolation = manifest.isolation().String()
	return info, manifest, nil
}

func (info *Info) checkImports(imports []rewrite.Import) error {
	uses := func(name string) bool { return slices.Contains(info.Imports, abi.Version+"."+name) }
	for _, im := range imports {
		var f *hostFunc
		switch im.Module {
		case abi.Version:
			f = abiImports[im.Name]
		case abi.WASI:
			f = wasiImports[im.Name]
		}
		if f == nil {
			return &ImportError{im.Module, im.Name, unknownImport(im.Module)}
		}
		if !sameTypes(f.params, im.Params) || !sameTypes(f.results, im.Results) {
			return &ImportError{im.Module, im.Name, fmt.Sprintf("signature %s, want %s",
				signature(im.Params, im.Results), signature(f.params, f.results))}
		}
		if full := im.Module + "." + im.Name; !slices.Contains(info.Imports, full) {
			info.Imports = append(info.Imports, full)
		}
	}
	info.Cost.Threads = uses("defer_to_thread")
	info.Cost.Dials, info.Cost.Listens, info.Cost.Resolves = uses("connect"), uses("listen"), uses("resolve")
	return nil
}

func unknownImport(module string) string {
	if version, ok := strings.CutPrefix(module, "wasmnet_v"); ok && module != abi.Version {
		return fmt.Sprintf("ABI version %s is not offered (%s is)", printable(version), abi.Version)
	}
	return fmt.Sprintf("unknown import (%s and a subset of %s are offered)", abi.Version, abi.WASI)
}

func (info *Info) checkExports(r *rewrite.Result) error {
	memory, start := false, false
	for _, x := range r.Exports {
		switch {
		case x.Kind == wasm.ExternMemory && x.Name == abi.Memory:
			memory = true
		case x.Kind == wasm.ExternFunc && isEvent(x.Name):
			info.Events = append(info.Events, x.Name)
		default:
			start = start || x.Kind == wasm.ExternFunc && x.Name == "_start"
			info.Exports = append(info.Exports, x.Name)
		}
	}
	switch {
	case !memory:
		return &ExportError{abi.Memory, "the module does not export its memory"}
	case start && commandLike(info):
		return errors.New("export _start: the module is a WASI command; build it as a reactor " +
			"(Go: -buildmode=c-shared, clang: -mexec-model=reactor) that exports events")
	}
	return nil
}

// commandLike tells a program that happens to have the export _start from one whose _start is what starts it: the latter
// has no events, or is made for WASI and lacks the start of a library.
func commandLike(info *Info) bool {
	initialize := abi.Events[abi.Initialize].Name
	if !slices.ContainsFunc(info.Events, func(e string) bool { return e != initialize }) {
		return true
	}
	wasi := slices.ContainsFunc(info.Imports, func(i string) bool { return strings.HasPrefix(i, abi.WASI+".") })
	return wasi && !slices.Contains(info.Events, initialize)
}

func isEvent(name string) bool {
	return slices.ContainsFunc(abi.Events[:], func(f abi.Func) bool { return f.Name == name })
}

func sameTypes(want []api.ValueType, got []wasm.ValType) bool {
	return slices.EqualFunc(want, got, func(a api.ValueType, b wasm.ValType) bool { return byte(a) == byte(b) })
}

func signature[T ~byte](params, results []T) string {
	text := func(types []T) string {
		var names []string
		for _, t := range types {
			names = append(names, wasm.ValType(t).String())
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return text(params) + " -> " + text(results)
}
