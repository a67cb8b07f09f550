package wasm_test

import (
	"bytes"
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// FuzzDecode feeds anything to the decoder: it must return, and what it accepts must survive being encoded and decoded.
func FuzzDecode(f *testing.F) {
	wasmtest.Seeds(f, 2048, func(module []byte) { f.Add(module) })
	f.Fuzz(func(t *testing.T, module []byte) {
		m, err := wasm.Decode(module, wasm.DefaultLimits)
		if err != nil {
			return
		}
		first := m.Encode()
		again, err := wasm.Decode(first, wasm.DefaultLimits)
		if err != nil {
			t.Fatalf("decoding what was encoded: %v", err)
		}
		if !bytes.Equal(first, again.Encode()) {
			t.Fatal("the second encoding differs")
		}
	})
}

func BenchmarkDecodeGo(b *testing.B) {
	module := wasmtest.Go(b, "goguest")
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := wasm.Decode(module, wasm.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
