//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Sections of a WebAssembly binary that a variant adds to.
const (
	functionSection = 3
	codeSection     = 10
)

// variant makes a module of its own of a module: it has one more function, which nobody calls and which holds the number n.
func variant(wasm []byte, n int) ([]byte, error) {
	if len(wasm) < 8 {
		return nil, errors.New("not a WebAssembly module")
	}
	out := slices.Clone(wasm[:8])
	added := 0
	for rest := wasm[8:]; len(rest) > 0; {
		id, size := rest[0], 0
		size, rest = uleb(rest[1:])
		if size > len(rest) || size < 0 {
			return nil, errors.New("a section is longer than the module")
		}
		content := rest[:size]
		rest = rest[size:]
		var more []byte
		switch id {
		case functionSection:
			more = []byte{0} // of the first type, whatever that is
		case codeSection:
			body := binary.AppendUvarint([]byte{0, 0x41}, uint64(n)&0x3f) // no locals; i32.const, positive in one byte
			body = append(body, 0x1a, 0x41)                               // drop; i32.const
			body = binary.AppendUvarint(body, uint64(n)>>6&0x3f)
			body = append(body, 0x1a, 0x00, 0x0b) // drop; unreachable, which fits any type; end
			more = append(binary.AppendUvarint(nil, uint64(len(body))), body...)
		}
		if more != nil {
			count, entries := uleb(content)
			content = slices.Concat(binary.AppendUvarint(nil, uint64(count+1)), entries, more)
			added++
		}
		out = append(binary.AppendUvarint(append(out, id), uint64(len(content))), content...)
	}
	if added != 2 {
		return nil, errors.New("a module without functions has no variants")
	}
	return out, nil
}

// uleb reads an unsigned LEB128 number. It is -1 if there is none.
func uleb(b []byte) (int, []byte) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return -1, nil
	}
	return int(v), b[n:]
}

// imageGuest builds an echo whose memory is so large, and written to all over when it starts.
func imageGuest(dir string, size int) (string, error) {
	text := fmt.Sprintf(`(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") %[1]d)
  (func (export "wasmnet_start") (result i32)
    (memory.fill (i32.const 0) (i32.const 0x5a) (i32.const %[2]d))
    (call $set_receive_buffer (i32.const 4096) (i32.const 4096)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (drop (call $write (local.get $conn) (i32.const 4096) (local.get $len)))))
`, size>>16, size)
	file := filepath.Join(dir, fmt.Sprintf("image-%d.wasm", size))
	cmd := exec.Command("wat2wasm", "-", "-o", file)
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("wat2wasm: %w: %s", err, out)
	}
	return file, nil
}
