package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmnet/wasmnet/host/internal/codecache"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
)

// A compileCache hands machine code to wazero that was compiled before.
//
// wazero reads and writes files in a directory that it is given, and guards them with a checksum only. So what it is
// given is an empty directory of this process: an entry is authenticated first, put there for the moment of the call
// and taken away again; what wazero writes there is sealed and stored.
//
// wazero decodes and validates a module before it looks for its machine code, which takes several times as long as all the
// rest. Of a module whose code is stored it only gets the shell therefore, for which the code is stored as if it had been
// compiled from that. It must never compile a shell in earnest: see ended.
type compileCache struct {
	mu     sync.Mutex // one module at a time is in the directory
	store  *codecache.Cache
	work   string
	wazero wazero.CompilationCache
}

// A compiler is wazero's way to make machine code of a module, or to find that it has it.
type compiler func(ctx context.Context, wasm []byte) (wazero.CompiledModule, error)

// ended is what a shell is compiled with: wazero takes the code that is there, whatever the context, and looks at it
// before it compiles a function.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(experimental.WithCompilationWorkers(context.Background(), 2))
	cancel()
	return ctx
}()

// interpreted is whether wazero makes no machine code here. It looks at no context then.
func interpreted(compile compiler) bool {
	// A module of one function, () -> (), that does nothing.
	module, err := compile(ended, []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b"))
	if err != nil {
		return false
	}
	_ = module.Close(context.Background())
	return true
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

// codeKey is where the machine code of a rewritten module is kept.
func codeKey(r *rewrite.Result) codecache.Key {
	return codecache.Key(sha256.Sum256(append([]byte("code\n"+runtime.GOOS+"/"+runtime.GOARCH+"\n"), r.Digest[:]...)))
}

// load returns the module with the machine code that is stored for it, or nil if there is none that this process can use.
// An error costs time and nothing else.
func (c *compileCache) load(r *rewrite.Result, compile compiler) (wazero.CompiledModule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	giveBack, ok, err := c.store.Lend(codeKey(r), c.work)
	if !ok {
		return nil, err
	}
	defer giveBack()
	module, err := compile(ended, r.Shell)
	if err != nil { // the code is of another wazero, or for another processor
		return nil, nil
	}
	return module, nil
}

// compile makes machine code of a rewritten module and stores it. Failures of the cache are returned apart.
func (c *compileCache) compile(ctx context.Context, r *rewrite.Result, compile compiler) (m wazero.CompiledModule, err, cacheErr error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Nobody tells the name under which wazero looks for the shell's code but wazero, by compiling it.
	shell, err := compile(ctx, r.Shell)
	if err != nil {
		return nil, err, nil
	}
	name, _, cacheErr := c.collect()
	cacheErr = errors.Join(cacheErr, shell.Close(ctx))
	if m, err = compile(ctx, r.Wasm); err != nil {
		return nil, err, cacheErr
	}
	_, code, err := c.collect()
	if cacheErr = errors.Join(cacheErr, err); cacheErr == nil {
		cacheErr = c.store.Store(codeKey(r), name, code)
	}
	return m, nil, cacheErr
}

// collect takes away the file that wazero has written.
func (c *compileCache) collect() (name string, code []byte, err error) {
	err = filepath.WalkDir(c.work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		defer os.Remove(path)
		if name, err = filepath.Rel(c.work, path); err != nil {
			return err
		}
		code, err = os.ReadFile(path)
		return err
	})
	if err == nil && code == nil {
		err = errors.New("compile cache: no code was written")
	}
	return name, code, err
}
