package rewrite_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// validator says what wazero thinks of modules, with the features that are accepted here and no more. The interpreter
// shares decoding and validation with the compiler.
type validator struct {
	t testing.TB
	r wazero.Runtime
}

func newValidator(t testing.TB) *validator {
	r := wazero.NewRuntimeWithConfig(context.Background(),
		wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
	t.Cleanup(func() { r.Close(context.Background()) })
	return &validator{t, r}
}

func (v *validator) check(module []byte) error {
	c, err := v.r.CompileModule(context.Background(), module)
	if err == nil {
		c.Close(context.Background())
	}
	return err
}

// TestCorpus rewrites every module that wazero keeps anywhere: its examples in C, C++, Rust, Zig, TinyGo and Go, its
// fuzzers' finds, the specification's tests. What is valid stays valid, with every set of options.
func TestCorpus(t *testing.T) {
	v := newValidator(t)
	var ways []rewrite.Options
	for _, fuel := range []bool{false, true} {
		for _, depth := range []int32{0, 1 << 16} {
			for _, direct := range []bool{false, true} {
				ways = append(ways, rewrite.Options{Fuel: fuel, MaxDepth: depth, DirectCalls: direct, Limits: wasm.DefaultLimits})
			}
		}
	}
	taken, refused := 0, 0
	wasmtest.Corpus(t, ".", func(path string, module []byte) {
		if v.check(module) != nil {
			return
		}
		for _, o := range ways {
			res, err := rewrite.Rewrite(module, o)
			if err != nil {
				refused++
				var e *wasm.Error
				if !errors.As(err, &e) {
					t.Fatalf("%s: error of type %T", path, err)
				}
				continue
			}
			taken++
			if err := v.check(res.Wasm); err != nil {
				t.Errorf("%s: with %+v: %v", path, o, err)
			}
			if err := v.check(res.Shell); err != nil {
				t.Errorf("%s: with %+v: the shell: %v", path, o, err)
			}
		}
	})
	t.Logf("%d rewritten, %d refused", taken, refused)
	if taken < 10_000 {
		t.Error("too little was run")
	}
}
