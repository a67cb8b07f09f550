package rewrite

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// TestArity follows the operand stack through every valid function of wazero's test modules, which have all
// instructions: where a block ends, exactly its results are there.
func TestArity(t *testing.T) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2))
	defer r.Close(ctx)
	ends := 0
	wasmtest.Corpus(t, ".", func(path string, module []byte) {
		m, err := wasm.Decode(module, wasm.DefaultLimits)
		if err != nil {
			return
		}
		c, err := r.CompileModule(ctx, module)
		if err != nil {
			return
		}
		c.Close(ctx)
		p := newPlanner(m)
		for i := range m.Code {
			results := len(m.Types[m.Functions[i]].Results)
			p.reset(&m.Code[i])
			for p.r.More() {
				f := p.frames[len(p.frames)-1]
				if len(p.frames) == 1 {
					f.results = results
				}
				p.r.Next(&p.in)
				if (p.in.Op == wasm.OpEnd || p.in.Op == wasm.OpElse) && !p.dead {
					ends++
					if got, want := p.stack.height, f.height+f.results; got != want {
						t.Fatalf("%s: function %d at %d: %d operands, want %d", path, i, p.in.Pos, got, want)
					}
				}
				p.step()
			}
		}
	})
	if ends < 10_000 {
		t.Errorf("only %d blocks", ends)
	}
}
