package rewrite_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// FuzzRewrite feeds anything to the rewriter: what it accepts must be valid for wazero exactly if the original is.
func FuzzRewrite(f *testing.F) {
	wasmtest.Seeds(f, 1024, func(module []byte) { f.Add(module, byte(7)) })
	v := newValidator(f)
	f.Fuzz(func(t *testing.T, module []byte, way byte) {
		o := rewrite.Options{Fuel: way&1 != 0, MaxDepth: int32(way&2) << 10, DirectCalls: way&4 != 0,
			Limits: wasm.DefaultLimits, Events: events}
		o.Limits.TableEntries = 1000
		res, err := rewrite.Rewrite(module, o)
		if err != nil {
			return
		}
		m, err := wasm.Decode(module, o.Limits)
		if err != nil {
			t.Fatal(err)
		}
		m.Custom = nil // wazero reads name sections, and gives up where they make no sense
		before, after := v.check(m.Encode()), v.check(res.Wasm)
		if (before == nil) != (after == nil) {
			t.Fatalf("wazero on the original: %v; on the rewritten: %v", before, after)
		}
		if err := v.check(res.Shell); after == nil && err != nil {
			t.Fatalf("wazero on the shell: %v", err)
		}
	})
}
