package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/image"
)

// Config is what all services of a host share.
type Config struct {
	// CacheDir keeps compiled modules between runs; see [DefaultCacheDir]. Empty: modules are compiled each time.
	// It is made if it does not exist. A directory that others could write or read is not used: the log says so,
	// and what to do.
	CacheDir string
	// Logger gets what the host has to say and what guests log. nil: slog.Default().
	Logger *slog.Logger
	// Limits of loading (stack, table, module-size, compile-time), and the ones a [ServiceConfig] leaves unset.
	Limits Limits
	// OnLoop is how long one event may keep its loop: a call that takes longer goes on beside it. 0: 1 ms.
	OnLoop time.Duration
}

// Host loads modules and runs services. Its methods may be called from any goroutine.
type Host struct {
	log     *slog.Logger
	limits  Limits
	onLoop  time.Duration
	runtime wazero.Runtime
	cache   *compileCache // nil: none
	unused  *compileCache // the one of a wazero that compiles nothing; nil: none
	turns   turns
	clocks  sync.Map // protocol.Reactor -> *clock
	garbage garbage
	gauge   *image.Gauge

	mu       sync.Mutex
	closed   bool
	services map[*Service]struct{}
}

// DefaultCacheDir is where a program of this user keeps compiled modules: wasmnet in the user's cache folder.
func DefaultCacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "wasmnet"), nil
}

// New makes a host. Close ends it.
func New(cfg Config) (*Host, error) {
	if err := cfg.Limits.check(); err != nil {
		return nil, err
	}
	h := &Host{
		log:      cfg.Logger,
		limits:   cfg.Limits,
		onLoop:   cfg.OnLoop,
		turns:    newTurns(runtime.GOMAXPROCS(0)),
		services: map[*Service]struct{}{},
		gauge:    image.OpenGauge(),
	}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.onLoop == 0 {
		h.onLoop = time.Millisecond
	}
	ctx := context.Background()
	rc := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
	if cfg.CacheDir != "" {
		cache, err := openCompileCache(cfg.CacheDir)
		if err != nil {
			h.log.Warn("compiled modules are not kept", "error", err)
		} else {
			h.cache = cache
			rc = rc.WithCompilationCache(cache.wazero)
		}
	}
	h.runtime = wazero.NewRuntimeWithConfig(ctx, rc)
	if h.cache != nil && interpreted(h.runtime.CompileModule) {
		h.cache, h.unused = nil, h.cache
	}
	if err := h.offerImports(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("host modules: %w", err), h.Close())
	}
	return h, nil
}

// Close closes the host's services and modules, and what they hold. No loop may be running events of them any more.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return ErrClosed
	}
	h.closed = true
	services := h.services
	h.services = nil
	h.mu.Unlock()
	for s := range services {
		s.close()
	}
	h.garbage.running.Wait()
	err := errors.Join(h.runtime.Close(context.Background()), h.gauge.Close(), h.turns.close())
	for _, c := range []*compileCache{h.cache, h.unused} {
		if c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return err
}
