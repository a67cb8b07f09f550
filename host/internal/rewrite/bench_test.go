package rewrite_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

func BenchmarkRewriteGo(b *testing.B) {
	module := wasmtest.Go(b, "goguest")
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := rewrite.Rewrite(module, options()); err != nil {
			b.Fatal(err)
		}
	}
}
