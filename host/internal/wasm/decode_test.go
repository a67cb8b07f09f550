package wasm_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

var header = []byte("\x00asm\x01\x00\x00\x00")

// sec makes a section; its content may not be longer than 127 bytes.
func sec(id byte, content ...byte) []byte {
	return append([]byte{id, byte(len(content))}, content...)
}

func module(sections ...[]byte) []byte {
	return append(bytes.Clone(header), bytes.Join(sections, nil)...)
}

// function makes a module with one function () -> () whose body, without size and with its local declarations, is given.
func function(body ...byte) []byte {
	return module(sec(1, 1, 0x60, 0, 0), sec(3, 1, 0), sec(10, append([]byte{1, byte(len(body))}, body...)...))
}

// code makes a module with one function () -> () without locals.
func code(instructions ...byte) []byte {
	return function(append(append([]byte{0}, instructions...), 0x0b)...)
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name    string
		module  []byte
		offset  int
		feature string // must be in Error.Feature
		msg     string // must be in the message
	}{
		{"empty", nil, 0, "", "not a WebAssembly module"},
		{"text", []byte("(module)"), 0, "", "not a WebAssembly module"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), 4, "", "component"},
		{"section twice", module(sec(1, 0), sec(1, 0)), 11, "", "type section: repeated or out of order"},
		{"section order", module(sec(3, 0), sec(1, 0)), 11, "", "out of order"},
		{"unknown section", module(sec(17)), 8, "", "unknown section 17"},
		{"tag section", module(sec(13, 0)), 8, "exception", "tag section"},
		{"section too long", module([]byte{1, 100, 0}), 10, "", "100 bytes announced, 1 left"},
		{"bytes behind", module(sec(1, 0, 0)), 11, "", "1 bytes too many"},
		{"types without bytes", module(sec(1, 0xff, 0x1f)), 10, "", "4095 announced, 0 bytes left"},
		{"struct type", module(sec(1, 1, 0x5f, 0)), 11, "garbage collection", "0x5f"},
		{"typed reference", module(sec(1, 1, 0x60, 1, 0x64, 0, 0)), 13, "typed function references", "0x64"},
		{"shared memory", module(sec(5, 1, 3, 1, 1)), 11, "threads", "shared"},
		{"memory64", module(sec(5, 1, 4, 1)), 11, "memory64", "64-bit"},
		{"page size", module(sec(5, 1, 8, 1, 0)), 11, "custom page sizes", "page size"},
		{"two memories", module(sec(5, 2, 0, 1, 0, 1)), 13, "multiple memories", "second memory"},
		{"memory beyond 4 GiB", module(sec(5, 1, 0, 0x81, 0x80, 0x04)), 11, "", "65536 pages"},
		{"imported tag", module(sec(1, 1, 0x60, 0, 0), sec(2, 1, 1, 'a', 1, 'b', 4, 0, 0)), 21, "exception", "tag"},
		{"tail call", code(0x12, 0), 23, "tail call", "return_call"},
		{"indirect tail call", code(0x13, 0, 0), 23, "tail call", "return_call_indirect"},
		{"try", code(0x06, 0x40), 23, "exception", "0x6"},
		{"throw", code(0x08, 0), 23, "exception", "0x8"},
		{"try_table", code(0x1f, 0x40, 0), 23, "exception", "0x1f"},
		{"call_ref", code(0x14, 0), 23, "typed function references", "0x14"},
		{"struct.new", code(0xfb, 0, 0), 23, "garbage collection", "0xfb00"},
		{"atomic", code(0xfe, 0x10, 2, 0), 23, "threads", "atomic"},
		{"relaxed SIMD", code(0xfd, 0x80, 0x02), 23, "relaxed SIMD", "0x100"},
		{"wide arithmetic", code(0xfc, 0x13), 23, "wide arithmetic", "0xfc13"},
		{"unknown opcode", code(0x27), 23, "", "unknown instruction 0x27"},
		{"unknown SIMD", code(0xfd, 0x9a, 0x01), 23, "", "unknown instruction 0xfd9a"},
		{"unknown prefix", code(0xff, 0), 23, "", "unknown instruction 0xff"},
		{"local out of range", code(0x20, 0, 0x1a), 23, "", "local.get: local 0 of 0"},
		{"function out of range", code(0x10, 1), 23, "", "call: function 1 of 1"},
		{"global out of range", code(0x23, 0, 0x1a), 23, "", "global.get: global 0 of 0"},
		{"label out of range", code(0x0c, 1), 23, "", "br: label 1 of 1"},
		{"table out of range", code(0x41, 0, 0x25, 0, 0x1a), 25, "", "table.get: table 0 of 0"},
		{"type out of range", code(0x02, 1, 0x0b), 23, "", "block: type 1 of 1"},
		{"load without memory", code(0x41, 0, 0x28, 2, 0, 0x1a), 25, "", "i32.load: the module has no memory"},
		{"data.drop without count", code(0xfc, 9, 0), 23, "", "data count section"},
		{"else without if", code(0x02, 0x40, 0x05, 0x0b), 25, "", "else without if"},
		{"two elses", code(0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b), 28, "", "else without if"},
		{"block not ended", function(0, 0x02, 0x40, 0x0b), 26, "", "1 blocks not ended"},
		{"bytes behind the end", function(0, 0x0b, 0x01), 24, "", "1 bytes behind its end"},
		{"lane", code(0xfd, 0x15, 16), 25, "", "i8x16.extract_lane_s: lane 16 of 16"},
		{"number too long", code(0x41, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a), 24, "", "does not fit 32 bits"},
		{"extended constant", module(sec(6, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b)), 15, "extended constant", "i32.const"},
		{"constant of another type", module(sec(6, 1, 0x7f, 0, 0x42, 0, 0x0b)), 13, "", "i64, want i32"},
		{"export twice", module(sec(5, 1, 0, 1), sec(7, 2, 1, 'm', 2, 0, 1, 'm', 2, 0)), 20, "", `export "m": twice`},
		{"export of nothing", module(sec(7, 1, 1, 'm', 2, 0)), 14, "", "memory 0 of 0"},
		{"no bodies", module(sec(1, 1, 0x60, 0, 0), sec(3, 1, 0)), 18, "", "1 functions declared, 0 bodies"},
		{"name not UTF-8", module(sec(0, 1, 0xff)), 10, "", "not UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := wasm.Decode(test.module, wasm.DefaultLimits)
			var e *wasm.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if e.Offset != test.offset || !strings.Contains(e.Msg, test.msg) || !strings.Contains(e.Feature, test.feature) ||
				(e.Feature == "") != (test.feature == "") {
				t.Errorf("got %q of feature %q at %d; want %q of %q at %d",
					e.Msg, e.Feature, e.Offset, test.msg, test.feature, test.offset)
			}
		})
	}
}

// TestLimits gives each limit a module that keeps it exactly and fails with one less.
func TestLimits(t *testing.T) {
	types := sec(1, 2, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7f)
	full := module(types,
		sec(2, 1, 1, 'a', 1, 'b', 0, 0),
		sec(3, 1, 1),
		sec(4, 1, 0x70, 0, 3),
		sec(5, 1, 0, 2),
		sec(6, 1, 0x7f, 1, 0x41, 0, 0x0b),
		sec(7, 1, 1, 'm', 2, 0),
		sec(9, 1, 0, 0x41, 0, 0x0b, 2, 0, 0),
		sec(10, 1, 16, 1, 3, 0x7f, 0x02, 0x40, 0x02, 0x40, 0x0c, 0, 0x0c, 1, 0x0b, 0x0b, 0x41, 0, 0x0b),
		sec(11, 1, 0, 0x41, 0, 0x0b, 3, 1, 2, 3),
		sec(0, 1, 'x'),
	)
	exact := wasm.Limits{ModuleSize: len(full), Types: 2, Params: 2, Functions: 1, Imports: 1, Exports: 1, Tables: 1,
		TableEntries: 3, Globals: 1, Locals: 5, BodySize: 16, Nesting: 2, Branches: 2, Complexity: 0, Segments: 1, DataBytes: 3,
		Elements: 2, MemoryPages: 2, Sections: 1}
	if _, err := wasm.Decode(full, exact); err != nil {
		t.Fatalf("the limits exactly kept: %v", err)
	}
	for name, limit := range map[string]*int{
		"ModuleSize": &exact.ModuleSize, "Types": &exact.Types, "Params": &exact.Params, "Functions": &exact.Functions,
		"Imports": &exact.Imports, "Exports": &exact.Exports, "Tables": &exact.Tables,
		"TableEntries": &exact.TableEntries, "Globals": &exact.Globals, "Locals": &exact.Locals,
		"BodySize": &exact.BodySize, "Nesting": &exact.Nesting, "Branches": &exact.Branches,
		"Segments": &exact.Segments, "DataBytes": &exact.DataBytes, "Elements": &exact.Elements,
		"MemoryPages": &exact.MemoryPages, "Sections": &exact.Sections,
	} {
		*limit--
		_, err := wasm.Decode(full, exact)
		*limit++
		var e *wasm.Error
		if !errors.As(err, &e) || e.Limit != name {
			t.Errorf("%s one less: %v", name, err)
		}
	}
}

// TestMillionLocals declares four billion locals in a few bytes.
func TestMillionLocals(t *testing.T) {
	_, err := wasm.Decode(function(1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7e, 0x0b), wasm.DefaultLimits)
	var e *wasm.Error
	if !errors.As(err, &e) || e.Limit != "Locals" {
		t.Errorf("error %v", err)
	}
}
