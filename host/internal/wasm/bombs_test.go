package wasm_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// TestCompileBombs gives the decoder small functions with which wazero's compiler would be busy for the best part of a
// minute.
func TestCompileBombs(t *testing.T) {
	// The local's index takes two bytes here, whatever it is.
	local := func(op byte, i int) []byte { return []byte{op, byte(i)&0x7f | 0x80, byte(i >> 7)} }
	get := func(i int) []byte { return local(0x20, i) }
	set := func(i int) []byte { return append([]byte{0x41, 1}, local(0x21, i)...) }
	each := func(n int, f func(i int) []byte) (b []byte) {
		for i := range n {
			b = append(b, f(i)...)
		}
		return b
	}
	const locals = 1000
	readAll := each(locals, func(i int) []byte { return append(get(i), 0x1a) })
	for name, code := range map[string][]byte{
		"nested ifs": append(append(append(bytes.Repeat([]byte{0x41, 1, 0x04, 0x40}, 1000), each(locals, set)...),
			bytes.Repeat([]byte{0x0b}, 1000)...), readAll...),
		"nested loops": append(append(bytes.Repeat([]byte{0x03, 0x40}, 100), readAll...),
			bytes.Repeat([]byte{0x41, 0, 0x0d, 0, 0x0b}, 100)...),
		"ifs in a row": append(each(10_000, func(i int) []byte {
			return append(append([]byte{0x41, 1, 0x04, 0x40}, set(i%locals)...), 0x0b)
		}), readAll...),
		"loops in a row": bytes.Repeat([]byte{0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b}, 20_000),
		"branches to one label": append(append([]byte{0x02, 0x40}, bytes.Repeat([]byte{0x41, 0, 0x0d, 0}, 20_000)...),
			0x0b),
	} {
		t.Run(name, func(t *testing.T) {
			body := append(append([]byte{1, locals&0x7f | 0x80, locals >> 7, 0x7f}, code...), 0x0b)
			section := wasm.U32([]byte{1}, uint32(len(body)))
			section = append(section, body...)
			m := module(sec(1, 1, 0x60, 0, 0), sec(3, 1, 0))
			m = append(wasm.U32(append(m, 10), uint32(len(section))), section...)
			_, err := wasm.Decode(m, wasm.DefaultLimits)
			var e *wasm.Error
			if !errors.As(err, &e) || e.Limit != "Complexity" {
				t.Errorf("error %v", err)
			}
		})
	}
}
