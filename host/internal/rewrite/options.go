package rewrite

import (
	"crypto/sha256"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// The names that a rewritten module adds.
const (
	// Memory is the export of the guest's memory, if it has one.
	Memory = "memory"
	// Dispatch is the exported function (event, a, b, c i32) -> i32.
	Dispatch = "wasmnet_dispatch"
	// Fuel is the exported mutable i64 global that holds the fuel left. The host sets it before it calls Dispatch and
	// reads it afterwards and inside imports; in between the guest's code may hold a newer value in registers.
	Fuel = "wasmnet_fuel"
	// Depth is the exported mutable i32 global that holds how many bytes of stack one call of Dispatch may use. Guest
	// code never writes it.
	Depth = "wasmnet_depth"
	// GlobalPrefix and the global's number make the export name of a guest's mutable global.
	GlobalPrefix = "wasmnet_g"

	// InternalModule is the module of the imports that rewriting adds.
	InternalModule = "wasmnet_internal"
	// Refuel is imported as (need i64) -> i64: the fuel has run out, need (> 0) units more have been used than there
	// were. It returns the fuel from which to go on, which it is asked for again until it is not negative, or does not
	// return.
	Refuel = "refuel"
	// Overflow is imported as () -> (): the stack limit is exceeded. It must not return.
	Overflow = "overflow"
	// TableFull is imported as () -> () by a module that grows a table whose maximum is Limits.TableEntries. It is called
	// when table.grow has failed for that.
	TableFull = "table_full"
)

// Options says how to rewrite.
type Options struct {
	// Fuel makes the module count instructions.
	Fuel bool
	// MaxDepth is the initial value of the global Depth, in bytes of stack; 0 leaves the stack unmeasured.
	MaxDepth int32
	// DirectCalls replaces tables that nothing can change by direct calls.
	DirectCalls bool
	// Limits bounds the module as it comes and, for memory and tables, as it grows.
	Limits wasm.Limits
	// Events are the exports that the dispatcher can call, with the numbers by which it calls them.
	Events []Event
}

// Event is an export that the dispatcher can call: at most three i32 parameters, at most one i32 result.
type Event struct {
	Name    string
	Number  int32 // 0 or above; should be dense
	Params  []wasm.ValType
	Results []wasm.ValType
}

// Result is a rewritten module and what the host needs to know about it.
type Result struct {
	// Wasm is the rewritten module in the binary format, and Digest its SHA-256.
	Wasm   []byte
	Digest [sha256.Size]byte
	// Shell is Wasm with functions that only trap, and Digest in a custom section so that no other module has the same. Where
	// the machine code of Wasm is at hand, nothing else of the module is needed, and this is decoded and validated in no time.
	Shell []byte
	// Data are the active data segments, which the rewritten module no longer applies: the host writes them once, in
	// order, into the first instance, and checks their bounds. The bytes alias the original module.
	Data []Segment
	// Start is the number by which the dispatcher calls the start function; -1: there is none.
	Start int32
	// Globals are the guest's mutable globals of number type: what an image has to capture beside the memory.
	Globals []Global
	// Events are the numbers of the events that the guest exports.
	Events map[int32]bool
	// Imports are the functions the guest imports.
	Imports []Import
	// Exports are all exports of the original module.
	Exports []Export
	// Memory is the size of the memory after clamping; HasMax is false if the module has no memory.
	Memory wasm.Size
	// Recyclable is false if an instance cannot be put back to its image because the module changes tables or drops
	// segments at run time; Why names the first such instruction.
	Recyclable bool
	Why        string
	// Imageable is false if memory and Globals are not the whole state that start-up may leave behind; WhyNot says what
	// else there is.
	Imageable bool
	WhyNot    string
	// Custom are the custom sections; of several of one name the first. The bytes alias the original module.
	Custom map[string][]byte
	// Size is how many bytes the original module has.
	Size int
	// Functions is the number of functions of the original module, imports not counted; Tables that of its tables that
	// are left, and TableEntries how many entries these may come to have in all.
	Functions, Tables, TableEntries int
}

// Segment is bytes to be written at an offset of memory.
type Segment struct {
	Offset uint32
	Bytes  []byte
}

// Global is an exported mutable global of the guest.
type Global struct {
	Export string
	Type   wasm.ValType
}

// Import is a function the guest imports.
type Import struct {
	Module, Name    string
	Params, Results []wasm.ValType
}

// Export is an export of the original module; Params and Results are set for functions.
type Export struct {
	Name            string
	Kind            wasm.ExternKind
	Params, Results []wasm.ValType
}
