package host

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
)

// compiled returns machine code of a rewritten module that was made before, or nil.
func (h *Host) compiled(r *rewrite.Result) wazero.CompiledModule {
	if h.cache == nil {
		return nil
	}
	module, err := h.cache.load(r, h.runtime.CompileModule)
	if err != nil {
		h.log.Warn("compile cache", "error", err)
	}
	return module
}

// compile makes machine code of a rewritten module, within the time allowed.
func (h *Host) compile(ctx context.Context, r *rewrite.Result, within time.Duration) (wazero.CompiledModule, error) {
	limit := &LimitError{Limit: "compile-time", Value: within.String()}
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, within, limit)
		defer cancel()
	}
	// wazero looks at the context between functions only if several workers compile them.
	ctx = experimental.WithCompilationWorkers(ctx, max(2, runtime.GOMAXPROCS(0)))
	var compiled wazero.CompiledModule
	var err, cacheErr error
	if h.cache == nil {
		compiled, err = h.runtime.CompileModule(ctx, r.Wasm)
	} else {
		compiled, err, cacheErr = h.cache.compile(ctx, r, h.runtime.CompileModule)
	}
	if cacheErr != nil {
		h.log.Warn("compile cache", "error", cacheErr)
	}
	if err == nil {
		// With the code as it is found in the cache, all modules of the process that are the same share it.
		if shared := h.compiled(r); shared != nil {
			return shared, compiled.Close(ctx)
		}
		return compiled, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("invalid module: %w", err)
}
