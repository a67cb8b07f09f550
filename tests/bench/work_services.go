//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

// serviceWorkloads show how cost grows with the number of services in one process.
func serviceWorkloads(o options, ps *peers) []workload {
	cache := sync.OnceValues(func() (string, error) { return o.folder("services") })
	var ws []workload
	for _, n := range []int{1, 8, 64} {
		in := func(name, kind, file string) subject {
			compiled := sync.OnceValues(func() (string, error) {
				dir, err := cache()
				if err != nil {
					return "", err
				}
				return dir, compileServices(dir, kind == "different", n, ps.guest(file))
			})
			return subject{name: name, measure: func() (figures, error) {
				dir, err := compiled()
				if err != nil {
					return nil, err
				}
				s := ps.own(name, "services", dir, kind, strconv.Itoa(n), ps.guest(file))
				s.ports = n
				return manyServices(o, s)
			}}
		}
		subjects := []subject{
			in("C, the same module", "same", "echo.wasm"), in("C, a module each", "different", "echo.wasm"),
			in("Go, the same module", "same", "echo-go.wasm"),
		}
		if n <= 8 && o.slow { // each takes seconds to compile
			subjects = append(subjects, in("Go, a module each", "different", "echo-go.wasm"))
		}
		ws = append(ws, workload{name: fmt.Sprintf("services in one process: %d", n), series: "services in one process", axis: "services",
			x: float64(n), subjects: subjects})
	}
	return ws
}

// compileServices has the cache know the modules.
func compileServices(cache string, different bool, n int, file string) error {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{CacheDir: cache})
	if err != nil {
		return err
	}
	return errors.Join(eachModule(h, wasm, n, different, func(*host.Module) error { return nil }), h.Close())
}

// manyServices measures a process with a service behind each of its ports.
func manyServices(o options, s subject) (figures, error) {
	p, f, err := begin(s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	if err := p.settled(min(o.settle, time.Second)); err != nil {
		return nil, err
	}
	first, err := connectEach(p.addrs)
	if err != nil {
		return nil, err
	}
	next, err := connectEach(p.addrs)
	f[residentAll], f[firstConn], f[nextConn] = float64(p.memory), first, next
	return f, err
}

// connectEach is the median time of a connection with one echo, over all addresses, in ns.
func connectEach(addrs []string) (float64, error) {
	out, in := []byte("wasmnet!"), make([]byte, 8)
	var took []float64
	for _, addr := range addrs {
		began := time.Now()
		c, err := dial(addr)
		if err != nil {
			return 0, err
		}
		err = roundTrip(c, out, in, out)
		took = append(took, float64(time.Since(began)))
		c.Close()
		if err != nil {
			return 0, err
		}
	}
	slices.Sort(took)
	return quantile(took, 0.5), nil
}
