//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/modules"
)

// compileWorkloads compare loading a module, rewriting included, with what wazero takes for the same file unrewritten.
func compileWorkloads(o options, ps *peers) []workload {
	builtin := func(name string) func() ([]byte, error) {
		return func() ([]byte, error) {
			m, ok := modules.Find(name)
			if !ok {
				return nil, fmt.Errorf("there is no module %s", name)
			}
			return m.Wasm()
		}
	}
	compiling := func(what string, wasm func() ([]byte, error)) workload {
		by := func(name string, load func(cache string, wasm []byte) error) subject {
			return subject{name: name, measure: func() (figures, error) { return loaded(o, wasm, load) }}
		}
		return workload{name: "compile " + what, subjects: []subject{by("stock wazero", loadStock), by("wasmnet", loadOurs)}}
	}
	http := compiling("the built-ins on net/http", builtin("nethttp"))
	http.slow = true
	return []workload{
		compiling("an echo in C", func() ([]byte, error) { return os.ReadFile(ps.guest("echo.wasm")) }),
		compiling("an echo in Go", func() ([]byte, error) { return os.ReadFile(ps.guest("echo-go.wasm")) }),
		http,
	}
}

// loaded measures load with an empty cache, and with one that knows the module.
func loaded(o options, read func() ([]byte, error), load func(cache string, wasm []byte) error) (figures, error) {
	wasm, err := read()
	if err != nil {
		return nil, err
	}
	cache, err := o.folder("compiled")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(cache)
	f := figures{}
	for _, column := range []string{cold, warm} {
		runtime.GC() // what was loaded before is not this one's to collect
		cpu, began := ownCPU(), time.Now()
		if err := load(cache, wasm); err != nil {
			return nil, err
		}
		f[column] = float64(time.Since(began))
		if column == cold {
			f[coldCPU] = float64(ownCPU() - cpu)
		}
	}
	return f, nil
}

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// loadStock compiles with as many goroutines as the host does.
func loadStock(cache string, wasm []byte) (err error) {
	ctx := experimental.WithCompilationWorkers(context.Background(), max(2, runtime.GOMAXPROCS(0)))
	c, err := wazero.NewCompilationCacheWithDir(cache)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(c))
	_, err = r.CompileModule(ctx, wasm)
	return errors.Join(err, r.Close(ctx))
}

func loadOurs(cache string, wasm []byte) error {
	h, err := host.New(host.Config{CacheDir: cache, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = h.Load(context.Background(), "guest", wasm)
	return errors.Join(err, h.Close())
}
