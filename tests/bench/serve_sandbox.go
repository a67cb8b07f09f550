//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor"
)

// embedded is a reactor and a host in this process.
type embedded struct {
	reactor *reactor.Reactor
	host    *host.Host
}

// embed makes both; run ends them. cache may be empty.
func embed(cache string, loops int) (e embedded, err error) {
	if e.reactor, err = reactor.New(reactor.Config{Loops: loops}); err != nil {
		return e, err
	}
	e.host, err = host.New(host.Config{CacheDir: cache})
	return e, err
}

// listen runs a module as a service and says where it listens.
func (e *embedded) listen(m *host.Module, endpoint string, settings map[string]string) error {
	s, err := e.host.NewService(m, e.reactor, host.ServiceConfig{Config: settings, Limits: host.Limits{FuelRate: host.Unlimited}})
	if err != nil {
		return err
	}
	port, err := s.Listen(endpoint + ":interface=127.0.0.1")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s listening on tcp:%s\n", m.Name(), port.Host())
	return nil
}

func (e *embedded) run() error {
	e.reactor.HandleSignals(0)
	return errors.Join(e.reactor.Run(), e.host.Close())
}

// serveSandbox runs one module, a built-in or a file, with settings in the form key=value.
func serveSandbox(endpoint, module string, settings ...string) error {
	cache, err := host.DefaultCacheDir()
	if err != nil {
		return err
	}
	e, err := embed(cache, 0)
	if err != nil {
		return err
	}
	config := map[string]string{}
	var m *host.Module
	if builtin, ok := modules.Find(module); ok {
		config = builtin.Settings()
		m, err = e.host.LoadPacked(context.Background(), module, builtin.Digest(), builtin.Wasm)
	} else {
		m, err = e.host.LoadFile(context.Background(), module)
	}
	if err != nil {
		return errors.Join(err, e.host.Close())
	}
	for _, s := range settings {
		key, value, _ := strings.Cut(s, "=")
		config[key] = value
	}
	if err := e.listen(m, endpoint, config); err != nil {
		return errors.Join(err, e.host.Close())
	}
	return e.run()
}

// serveServices runs so many services of one module, or of as many variants of it, each at a port of its own.
func serveServices(cache, kind, count, file string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	e, err := embed(cache, 0)
	if err != nil {
		return err
	}
	err = eachModule(e.host, wasm, n, kind == "different", func(m *host.Module) error { return e.listen(m, "tcp:0", nil) })
	if err != nil {
		return errors.Join(err, e.host.Close())
	}
	return e.run()
}

// eachModule calls f with the modules of n services: n times the same one, or one variant after the other.
func eachModule(h *host.Host, wasm []byte, n int, different bool, f func(*host.Module) error) error {
	var m *host.Module
	for i := range n {
		module, err := wasm, error(nil)
		if different {
			module, err = variant(wasm, i)
		}
		if err == nil && (different || m == nil) {
			m, err = h.Load(context.Background(), fmt.Sprintf("guest %d", i), module)
		}
		if err == nil {
			err = f(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
