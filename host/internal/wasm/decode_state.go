package wasm

// The sections that describe state: tables, memories, globals and the segments that fill them.

func (d *decoder) tableSection(c *cursor) {
	n := c.count("tables", "Tables", d.lim.Tables)
	for range n {
		if at := c.offset(); c.left() > 0 && c.b[c.p] == 0x40 {
			unsupported(at, "the typed function references proposal", "table with an initial value")
		}
		d.m.Tables = append(d.m.Tables, d.table(c))
	}
}

// table reads a table's type, and counts its entries against the limit of all tables.
func (d *decoder) table(c *cursor) Table {
	at := c.offset()
	t := Table{Elem: readRefType(c)}
	flags := c.byte("table limits")
	if flags > 1 {
		refuseLimits(at, flags)
	}
	t.Size = d.size(c, flags)
	d.entries += uint64(t.Size.Min)
	if d.entries > uint64(d.lim.TableEntries) {
		overLimit(at, "TableEntries", "table entries", d.entries, uint64(d.lim.TableEntries))
	}
	if len(d.tables) >= d.lim.Tables {
		overLimit(at, "Tables", "tables", uint64(len(d.tables)+1), uint64(d.lim.Tables))
	}
	d.tables = append(d.tables, t)
	return t
}

func (d *decoder) memorySection(c *cursor) {
	n := c.count("memories", "", len(c.b))
	for range n {
		d.m.Memories = append(d.m.Memories, d.memory(c))
	}
}

func (d *decoder) memory(c *cursor) Size {
	at := c.offset()
	if d.memories++; d.memories > 1 {
		unsupported(at, "the multiple memories proposal", "second memory")
	}
	flags := c.byte("memory limits")
	if flags > 1 {
		refuseLimits(at, flags)
	}
	s := d.size(c, flags)
	if s.Min > 1<<16 || s.HasMax && s.Max > 1<<16 {
		malformed(at, "memory: more than 65536 pages")
	}
	if int64(s.Min) > int64(d.lim.MemoryPages) {
		overLimit(at, "MemoryPages", "memory pages", uint64(s.Min), uint64(d.lim.MemoryPages))
	}
	return s
}

func refuseLimits(at int, flags byte) {
	switch {
	case flags&^0x0f != 0:
		malformed(at, "unknown limits flags %#x", flags)
	case flags&2 != 0:
		unsupported(at, "the threads proposal", "shared memory or table")
	case flags&4 != 0:
		unsupported(at, "the memory64 proposal", "64-bit memory or table")
	default:
		unsupported(at, "the custom page sizes proposal", "page size")
	}
}

func (d *decoder) size(c *cursor, flags byte) Size {
	at := c.offset()
	s := Size{Min: c.u32("minimum")}
	if flags&1 != 0 {
		s.HasMax = true
		if s.Max = c.u32("maximum"); s.Max < s.Min {
			malformed(at, "minimum %d above maximum %d", s.Min, s.Max)
		}
	}
	return s
}

func (d *decoder) globalType(c *cursor) GlobalType {
	if len(d.globals) >= d.lim.Globals {
		overLimit(c.offset(), "Globals", "globals", uint64(len(d.globals)+1), uint64(d.lim.Globals))
	}
	t := GlobalType{Type: readValType(c)}
	at := c.offset()
	switch b := c.byte("mutability"); b {
	case 0, 1:
		t.Mutable = b == 1
	case 2, 3:
		unsupported(at, "the threads proposal", "shared global")
	default:
		malformed(at, "unknown mutability %#x", b)
	}
	return t
}

func (d *decoder) globalSection(c *cursor) {
	n := c.count("globals", "Globals", d.lim.Globals)
	for range n {
		g := Global{GlobalType: d.globalType(c)}
		g.Init = d.constExpr(c, g.Type)
		d.m.Globals = append(d.m.Globals, g)
		d.globals = append(d.globals, g.GlobalType)
	}
}

// constExpr reads a constant expression and checks that it yields a value of type want.
func (d *decoder) constExpr(c *cursor, want ValType) ConstExpr {
	at := c.offset()
	var got ValType
	op := Op(c.byte("constant expression"))
	e := ConstExpr{Op: op}
	switch op {
	case OpI32Const:
		got, e.Bits = I32, uint64(c.signed(32, "i32.const"))
	case OpI64Const:
		got, e.Bits = I64, uint64(c.signed(64, "i64.const"))
	case OpF32Const:
		got, e.Bits = F32, uint64(c.f32("f32.const"))
	case OpF64Const:
		got, e.Bits = F64, c.f64("f64.const")
	case OpRefNull:
		got = readRefType(c)
		e.Bits = uint64(got)
	case OpRefFunc:
		got, e.Bits = FuncRef, uint64(d.funcIndex(c))
	case OpGlobalGet:
		got, e.Bits = d.constGlobal(c)
	case prefixSIMD >> 8:
		if n := c.u32("opcode"); n != uint32(OpV128Const&0xff) {
			malformed(at, "constant expression: instruction %s", prefixSIMD|Op(n&0xff))
		}
		got, e.Op = V128, OpV128Const
		e.Bits, e.High = v128(c.bytes(16, "v128.const"))
	default:
		malformed(at, "constant expression: instruction %s", op)
	}
	if got != want {
		malformed(at, "constant expression: %s, want %s", got, want)
	}
	at = c.offset()
	switch op := Op(c.byte("constant expression")); op {
	case OpEnd:
	case OpI32Add, OpI32Sub, 0x6c, OpI64Add, OpI64Sub, 0x7e,
		OpI32Const, OpI64Const, OpGlobalGet:
		unsupported(at, "the extended constant expressions proposal", "%s in a constant expression", op)
	default:
		malformed(at, "constant expression: %s, want end", op)
	}
	return e
}

// constGlobal reads the index of a global in a constant expression: it must be an imported one that cannot change.
func (d *decoder) constGlobal(c *cursor) (ValType, uint64) {
	at := c.offset()
	i := c.u32("global index")
	if int64(i) >= int64(len(d.globals)) {
		malformed(at, "global %d of %d", i, len(d.globals))
	}
	if int(i) >= d.m.NumImported(ExternGlobal) {
		unsupported(at, "the extended constant expressions proposal", "constant expression: global %d is not imported", i)
	}
	if d.globals[i].Mutable {
		malformed(at, "constant expression: global %d is mutable", i)
	}
	return d.globals[i].Type, uint64(i)
}

func (d *decoder) elements(c *cursor) {
	n := c.count("element segments", "Segments", d.lim.Segments)
	d.m.Elems = make([]Elem, n)
	total := 0
	for i := range d.m.Elems {
		d.element(c, &d.m.Elems[i], d.lim.Elements-total)
		total += len(d.m.Elems[i].Init)
	}
}

// element reads one element segment. Bit 0 of its flags: not active; bit 1: a table or type is given, or it is
// declarative; bit 2: the entries are expressions.
func (d *decoder) element(c *cursor, e *Elem, room int) {
	at := c.offset()
	flags := c.u32("element segment")
	if flags > 7 {
		malformed(at, "element segment: flags %#x", flags)
	}
	e.Type = FuncRef
	switch {
	case flags&1 == 0:
		if flags&2 != 0 {
			e.Table = c.u32("table index")
		}
		if int64(e.Table) >= int64(len(d.tables)) {
			malformed(at, "element segment: table %d of %d", e.Table, len(d.tables))
		}
		e.Offset = d.constExpr(c, I32)
	case flags&2 == 0:
		e.Mode = Passive
	default:
		e.Mode = Declarative
	}
	if flags&3 != 0 {
		if flags&4 != 0 {
			e.Type = readRefType(c)
		} else if kind := c.byte("element kind"); kind != 0 {
			malformed(c.offset()-1, "element segment: kind %#x", kind)
		}
	}
	if e.Mode == Active && d.tables[e.Table].Elem != e.Type {
		malformed(at, "element segment: %s for a table of %s", e.Type, d.tables[e.Table].Elem)
	}
	n := c.count("element segment entries", "Elements", room)
	e.Init = make([]uint32, n)
	for i := range e.Init {
		if flags&4 == 0 {
			e.Init[i] = d.funcIndex(c)
			continue
		}
		at := c.offset()
		switch x := d.constExpr(c, e.Type); x.Op {
		case OpRefFunc:
			e.Init[i] = uint32(x.Bits)
		case OpRefNull:
			e.Init[i] = NullRef
		default:
			malformed(at, "element segment: %s as an entry (imported reference globals are not accepted)", x.Op)
		}
	}
}

func (d *decoder) data(c *cursor) {
	n := c.count("data segments", "Segments", d.lim.Segments)
	d.m.Data = make([]Data, n)
	total := 0
	for i := range d.m.Data {
		s := &d.m.Data[i]
		at := c.offset()
		flags := c.u32("data segment")
		switch {
		case flags > 2:
			malformed(at, "data segment: flags %#x", flags)
		case flags == 1:
			s.Mode = Passive
		default:
			if flags == 2 {
				if m := c.u32("memory index"); m != 0 {
					unsupported(at, "the multiple memories proposal", "data segment for memory %d", m)
				}
			}
			if d.memories == 0 {
				malformed(at, "data segment: the module has no memory")
			}
			s.Offset = d.constExpr(c, I32)
		}
		s.Bytes = c.bytes(uint64(c.u32("data segment size")), "data segment")
		if total += len(s.Bytes); total > d.lim.DataBytes {
			overLimit(at, "DataBytes", "bytes of data", uint64(total), uint64(d.lim.DataBytes))
		}
	}
}
