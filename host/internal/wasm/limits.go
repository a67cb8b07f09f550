package wasm

// Limits bounds what [Decode] accepts. The zero value of a field forbids the thing altogether; start from
// [DefaultLimits].
type Limits struct {
	ModuleSize   int // bytes of the module
	Types        int // function types
	Params       int // parameters of one function type, and likewise results
	Functions    int // functions of the module, without imports
	Imports      int
	Exports      int
	Tables       int
	TableEntries int // declared minimum of all tables together; also what a table may grow to
	Globals      int
	Locals       int // locals of one function, parameters included
	BodySize     int // bytes of one function body
	Nesting      int // control instructions inside one another
	Branches     int // branch instructions of one function; the targets of a br_table count one each
	Complexity   int // what compiling one function may take, estimated in microseconds; see complexity.go
	Segments     int // element segments, and likewise data segments; Go writes one data segment per 64 bytes or so
	DataBytes    int // bytes of all data segments together
	Elements     int // entries of all element segments together
	MemoryPages  int // declared minimum of the memory; also what it may grow to, in pages of 64 KiB
	Sections     int // custom sections
}

// DefaultLimits is wide enough for a Go program of tens of megabytes and narrow enough that decoding, rewriting and
// compiling what passes it takes bounded time and memory. Standard Go sets the pace: all its functions are in one
// table, every call is a place where a function may be resumed and so a level of nesting, and a branch target.
var DefaultLimits = Limits{
	ModuleSize:   32 << 20,
	Types:        4096,
	Params:       128,
	Functions:    100_000,
	Imports:      1024,
	Exports:      1024,
	Tables:       16,
	TableEntries: 100_000,
	Globals:      4096,
	Locals:       4096,
	BodySize:     2 << 20,
	Nesting:      16_384,
	Branches:     65_536,
	Complexity:   5_000_000,
	Segments:     500_000,
	DataBytes:    32 << 20,
	Elements:     100_000,
	MemoryPages:  1 << 16,
	Sections:     256,
}
