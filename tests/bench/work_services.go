//go:build linux

package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"
)

// serviceWorkloads show how cost grows with the number of services in one process.
func serviceWorkloads(o options, ps *peers) []workload {
	cache := sync.OnceValues(func() (string, error) { return o.folder("services") })
	var ws []workload
	for _, n := range []int{1, 8, 64} {
		in := func(name, kind, file string) subject {
			var first sync.Once
			return subject{name: name, measure: func() (figures, error) {
				dir, err := cache()
				if err != nil {
					return nil, err
				}
				s := ps.own(name, "services", dir, kind, strconv.Itoa(n), ps.guest(file))
				s.ports = n
				// The first start compiles.
				first.Do(func() {
					var p *process
					if p, err = s.start(); err == nil {
						p.stop()
					}
				})
				if err != nil {
					return nil, err
				}
				return manyServices(o, s)
			}}
		}
		subjects := []subject{
			in("C, the same module", "same", "echo.wasm"), in("C, a module each", "different", "echo.wasm"),
			in("Go, the same module", "same", "echo-go.wasm"),
		}
		if n <= 8 { // each takes seconds to compile
			subjects = append(subjects, in("Go, a module each", "different", "echo-go.wasm"))
		}
		ws = append(ws, workload{name: fmt.Sprintf("services in one process: %d", n), series: "services in one process", axis: "services",
			x: float64(n), subjects: subjects})
	}
	return ws
}

// manyServices measures a process with a service behind each of its ports.
func manyServices(o options, s subject) (figures, error) {
	began := time.Now()
	p, err := s.start()
	if err != nil {
		return nil, err
	}
	defer p.stop()
	ready := time.Since(began)
	cpu, err := p.cpu()
	if err != nil {
		return nil, err
	}
	if err := p.settled(min(o.settle, time.Second)); err != nil {
		return nil, err
	}
	first, err := connectEach(p.addrs)
	if err != nil {
		return nil, err
	}
	next, err := connectEach(p.addrs)
	return figures{untilReady: float64(ready), cpuOfStart: float64(cpu), residentAll: float64(p.memory), firstConn: first, nextConn: next}, err
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
