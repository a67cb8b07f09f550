package wasm

import "bytes"

// The sections in the order of their identifiers, and in the order in which they must stand.
const (
	sectionCustom = iota
	sectionType
	sectionImport
	sectionFunction
	sectionTable
	sectionMemory
	sectionGlobal
	sectionExport
	sectionStart
	sectionElement
	sectionCode
	sectionData
	sectionDataCount
	sectionTag
)

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start",
	"element", "code", "data", "data count"}

// sectionOrder is the place of each section: the data count stands between elements and code.
var sectionOrder = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 10}

var magic = []byte{0, 'a', 's', 'm', 1, 0, 0, 0}

// decoder holds what later sections need of earlier ones.
type decoder struct {
	m   *Module
	lim Limits

	funcTypes []uint32 // type of every function, imports first
	tables    []Table  // every table, imports first
	globals   []GlobalType
	memories  int
	entries   uint64 // of all tables together
	dataCount int    // -1: no such section

	declaredFuncs map[uint32]bool // see declared
}

// Decode reads a module. The error is an *[Error].
func Decode(module []byte, lim Limits) (m *Module, err error) {
	defer catch(&err)
	c := &cursor{b: module}
	if len(module) > lim.ModuleSize {
		overLimit(0, "ModuleSize", "module size", uint64(len(module)), uint64(lim.ModuleSize))
	}
	if !bytes.HasPrefix(module, magic[:4]) {
		malformed(0, "not a WebAssembly module: it does not begin with \\0asm")
	}
	if !bytes.HasPrefix(module, magic) {
		malformed(4, "not a WebAssembly core module of version 1 (a component?)")
	}
	c.p = len(magic)
	d := &decoder{m: &Module{Start: NoStart}, lim: lim, dataCount: -1}
	last := 0
	for c.left() > 0 {
		at := c.offset()
		id := c.byte("section id")
		size := c.u32("section size")
		body := c.bytes(uint64(size), "section")
		s := &cursor{b: body, base: c.offset() - len(body)}
		if id == sectionCustom {
			d.custom(s)
			continue
		}
		if id == sectionTag {
			unsupported(at, "the exception handling proposal", "tag section")
		}
		if int(id) >= len(sectionNames) {
			malformed(at, "unknown section %d", id)
		}
		if sectionOrder[id] <= last {
			malformed(at, "%s section: repeated or out of order", sectionNames[id])
		}
		last = sectionOrder[id]
		d.section(id, s)
		if s.left() > 0 {
			malformed(s.offset(), "%s section: %d bytes too many", sectionNames[id], s.left())
		}
	}
	d.finish(c.offset())
	return d.m, nil
}

func (d *decoder) section(id byte, c *cursor) {
	switch id {
	case sectionType:
		d.types(c)
	case sectionImport:
		d.imports(c)
	case sectionFunction:
		d.functions(c)
	case sectionTable:
		d.tableSection(c)
	case sectionMemory:
		d.memorySection(c)
	case sectionGlobal:
		d.globalSection(c)
	case sectionExport:
		d.exports(c)
	case sectionStart:
		d.start(c)
	case sectionElement:
		d.elements(c)
	case sectionDataCount:
		d.dataCount = int(c.u32("data count"))
		d.m.DataCount = true
	case sectionCode:
		d.code(c)
	case sectionData:
		d.data(c)
	}
}

// finish checks what one section promised of another.
func (d *decoder) finish(end int) {
	if len(d.m.Code) != len(d.m.Functions) {
		malformed(end, "%d functions declared, %d bodies", len(d.m.Functions), len(d.m.Code))
	}
	if d.dataCount >= 0 && d.dataCount != len(d.m.Data) {
		malformed(end, "%d data segments announced, %d there", d.dataCount, len(d.m.Data))
	}
}

func (d *decoder) custom(c *cursor) {
	if len(d.m.Custom) >= d.lim.Sections {
		overLimit(c.offset(), "Sections", "custom sections", uint64(len(d.m.Custom)+1), uint64(d.lim.Sections))
	}
	name := c.name("custom section name")
	d.m.Custom = append(d.m.Custom, Custom{Name: name, Bytes: c.bytes(uint64(c.left()), "custom section")})
}

func (d *decoder) types(c *cursor) {
	n := c.count("types", "Types", d.lim.Types)
	d.m.Types = make([]FuncType, n)
	for i := range d.m.Types {
		at := c.offset()
		switch form := c.byte("type"); form {
		case 0x60:
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			unsupported(at, "the garbage collection proposal", "type form %#x", form)
		default:
			malformed(at, "unknown type form %#x", form)
		}
		d.m.Types[i].Params = d.valTypes(c, "parameters")
		d.m.Types[i].Results = d.valTypes(c, "results")
	}
}

func (d *decoder) valTypes(c *cursor, what string) []ValType {
	n := c.count(what, "Params", d.lim.Params)
	if n == 0 {
		return nil
	}
	ts := make([]ValType, n)
	for i := range ts {
		ts[i] = readValType(c)
	}
	return ts
}

func (d *decoder) typeIndex(c *cursor) uint32 {
	at := c.offset()
	i := c.u32("type index")
	if int64(i) >= int64(len(d.m.Types)) {
		malformed(at, "type %d of %d", i, len(d.m.Types))
	}
	return i
}

func (d *decoder) imports(c *cursor) {
	n := c.count("imports", "Imports", d.lim.Imports)
	d.m.Imports = make([]Import, n)
	for i := range d.m.Imports {
		im := &d.m.Imports[i]
		im.Offset = c.offset()
		im.Module = c.name("import module")
		im.Name = c.name("import name")
		at := c.offset()
		switch kind := c.byte("import kind"); kind {
		case byte(ExternFunc):
			im.Type = d.typeIndex(c)
			d.funcTypes = append(d.funcTypes, im.Type)
		case byte(ExternTable):
			im.Table = d.table(c)
		case byte(ExternMemory):
			im.Memory = d.memory(c)
		case byte(ExternGlobal):
			im.Global = d.globalType(c)
			d.globals = append(d.globals, im.Global)
		case 4:
			unsupported(at, "the exception handling proposal", "import of a tag")
		default:
			malformed(at, "unknown import kind %d", kind)
		}
		im.Kind = ExternKind(c.b[at-c.base])
	}
}

func (d *decoder) functions(c *cursor) {
	n := c.count("functions", "Functions", d.lim.Functions)
	d.m.Functions = make([]uint32, n)
	for i := range d.m.Functions {
		d.m.Functions[i] = d.typeIndex(c)
	}
	d.funcTypes = append(d.funcTypes, d.m.Functions...)
}

func (d *decoder) exports(c *cursor) {
	n := c.count("exports", "Exports", d.lim.Exports)
	d.m.Exports = make([]Export, n)
	seen := make(map[string]bool, n)
	for i := range d.m.Exports {
		e := &d.m.Exports[i]
		e.Offset = c.offset()
		e.Name = c.name("export name")
		if seen[e.Name] {
			malformed(e.Offset, "export %q: twice", e.Name)
		}
		seen[e.Name] = true
		at := c.offset()
		kind := c.byte("export kind")
		e.Kind = ExternKind(kind)
		var have int
		switch e.Kind {
		case ExternFunc:
			have = len(d.funcTypes)
		case ExternTable:
			have = len(d.tables)
		case ExternMemory:
			have = d.memories
		case ExternGlobal:
			have = len(d.globals)
		case 4:
			unsupported(at, "the exception handling proposal", "export of a tag")
		default:
			malformed(at, "unknown export kind %d", kind)
		}
		at = c.offset()
		e.Index = c.u32("export index")
		if int64(e.Index) >= int64(have) {
			malformed(at, "export %q: %s %d of %d", e.Name, e.Kind, e.Index, have)
		}
	}
}

func (d *decoder) start(c *cursor) {
	at := c.offset()
	d.m.Start = d.funcIndex(c)
	if t := d.m.Types[d.funcTypes[d.m.Start]]; len(t.Params)+len(t.Results) > 0 {
		malformed(at, "start function: signature %s, want () -> ()", t)
	}
}

func (d *decoder) funcIndex(c *cursor) uint32 {
	at := c.offset()
	i := c.u32("function index")
	if int64(i) >= int64(len(d.funcTypes)) {
		malformed(at, "function %d of %d", i, len(d.funcTypes))
	}
	return i
}
