package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmnet/wasmnet/host/internal/codecache"
)

// A compileCache hands machine code to wazero that was compiled by an earlier process.
//
// wazero reads and writes files in a directory that it is given, and guards them with a checksum only. So what it is
// given is an empty directory of this process: an entry is authenticated first, put there for the moment of the call
// and taken away again; what wazero writes there is sealed and stored.
type compileCache struct {
	mu     sync.Mutex // one module at a time is in the directory
	store  *codecache.Cache
	work   string
	wazero wazero.CompilationCache
}

func openCompileCache(dir string) (*compileCache, error) {
	store, err := codecache.Open(dir)
	if err != nil {
		return nil, err
	}
	work, err := store.TempDir()
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	c, err := wazero.NewCompilationCacheWithDir(work)
	if err != nil {
		return nil, errors.Join(err, store.Close(), os.RemoveAll(work))
	}
	return &compileCache{store: store, work: work, wazero: c}, nil
}

func (c *compileCache) close() error {
	return errors.Join(c.wazero.Close(context.Background()), os.RemoveAll(c.work), c.store.Close())
}

// compile runs f, which has wazero compile wasm, with the stored machine code of wasm in its reach, and stores what it
// left. Failures of the cache are returned apart: they cost time and nothing else.
func (c *compileCache) compile(wasm []byte, f func() error) (err, cacheErr error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := sha256.New()
	h.Write([]byte(runtime.GOOS + "/" + runtime.GOARCH + "\n"))
	h.Write(wasm)
	key := codecache.Key(h.Sum(nil))
	name, code, ok, cacheErr := c.store.Load(key)
	if ok {
		path := filepath.Join(c.work, name)
		cacheErr = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, code, 0o600))
	}
	if err = f(); err != nil {
		return err, cacheErr
	}
	return nil, errors.Join(cacheErr, c.collect(key, name))
}

// collect stores the file that wazero wrote, unless it is the one it was given, and empties the directory.
func (c *compileCache) collect(key codecache.Key, given string) error {
	return filepath.WalkDir(c.work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		defer os.Remove(path)
		name, err := filepath.Rel(c.work, path)
		if err != nil || name == given {
			return err
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return c.store.Store(key, name, code)
	})
}

// compile makes machine code of a rewritten module, within the time allowed.
func (h *Host) compile(ctx context.Context, wasm []byte, within time.Duration) (wazero.CompiledModule, error) {
	limit := &LimitError{Limit: "compile-time", Value: within.String()}
	if within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, within, limit)
		defer cancel()
	}
	// wazero looks at the context between functions only if several workers compile them.
	ctx = experimental.WithCompilationWorkers(ctx, max(2, runtime.GOMAXPROCS(0)))
	var compiled wazero.CompiledModule
	work := func() (err error) {
		compiled, err = h.runtime.CompileModule(ctx, wasm)
		return err
	}
	var err, cacheErr error
	if h.cache == nil {
		err = work()
	} else {
		err, cacheErr = h.cache.compile(wasm, work)
	}
	if cacheErr != nil {
		h.log.Warn("compile cache", "error", cacheErr)
	}
	if err == nil {
		return compiled, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("invalid module: %w", err)
}
