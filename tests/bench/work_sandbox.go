//go:build linux

package main

import (
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// What the sandbox costs beyond the reactor.
func sandboxWorkloads(o options, ps *peers) []workload {
	fresh := func(language, file string) []workload {
		of := func(what, benchmark string, all bool) workload {
			return workload{name: "fresh sandbox of a " + language + " guest: " + what, subjects: []subject{
				{name: "stock wazero", measure: func() (figures, error) { return freshStock(ps.guest(file), o.window, all) }},
				{name: "wasmnet", measure: func() (figures, error) { return hostBenchmark(o, benchmark+"/"+language) }},
			}}
		}
		return []workload{of("made, one message, gone", "Fresh", true), of("recycled, first event", "Recycle", false)}
	}
	started := func(name, module string, flags ...string) subject {
		s := ps.sandbox(name, module, "tcp:0", append(flags, "--log-level", "debug")...)
		return subject{name: name, measure: func() (figures, error) { return start(s) }}
	}
	// cached has the compile cache know the module.
	cached := func(name, module string) subject {
		s, compiled := started(name, module), sync.OnceValue(func() error {
			out, err := exec.Command(ps.wasmnet, "compile", module).CombinedOutput()
			if err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		return subject{name: name, measure: func() (figures, error) {
			if err := compiled(); err != nil {
				return nil, err
			}
			return s.measure()
		}}
	}
	neighbours := ps.own("sandbox C", "neighbours", ps.guest("echo.wasm"), ps.guest("spin.wasm"))
	neighbours.ports = 2
	return slices.Concat(fresh("C", "echo.wasm"), fresh("Go", "echo-go.wasm"), []workload{
		{name: "fresh sandbox of a net/http guest", slow: true, subjects: []subject{
			{name: "made, one request, gone", measure: func() (figures, error) { return hostBenchmark(o, "Fresh/nethttp") }},
			{name: "recycled, first event", measure: func() (figures, error) { return hostBenchmark(o, "Recycle/nethttp") }},
		}},
		metering(o, "C"),
		metering(o, "Go"),
		{name: "neighbour of a spinning guest", subjects: []subject{neighbours}, run: neighbour(o)},
		{name: "start to listening", subjects: []subject{
			{name: "reactor", measure: func() (figures, error) { return start(ps.reactor) }},
			cached("C, cached", ps.guest("echo.wasm")),
			cached("built-in, cached", "echo"),
			started("built-in, cold", "echo", "--cache", "none"),
		}},
	})
}

// begin starts a server, and measures how long it takes to listen.
func begin(s subject) (*process, figures, error) {
	began := time.Now()
	p, err := s.start()
	if err != nil {
		return nil, nil, err
	}
	ready := time.Since(began)
	cpu, err := p.cpu()
	if err != nil {
		p.stop()
		return nil, nil, err
	}
	return p, figures{untilReady: float64(ready), cpuOfStart: float64(cpu)}, nil
}

// start measures how long a server takes to listen, and what with, if its log tells.
func start(s subject) (figures, error) {
	p, f, err := begin(s)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	took, err := stages(p.log.String())
	maps.Copy(f, took)
	return f, err
}

// stage is one of a start's stages, as the host's log has them.
var stage = regexp.MustCompile(`\b(unpack|rewrite|compile|start)=(\S+)`)

// stages are how long those of a log took.
func stages(log string) (figures, error) {
	f := figures{}
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `msg="module loaded"`) && !strings.Contains(line, `msg="service started"`) {
			continue
		}
		for _, m := range stage.FindAllStringSubmatch(line, -1) {
			d, err := time.ParseDuration(m[2])
			if err != nil {
				return f, err
			}
			f[m[1]] = float64(d)
		}
	}
	return f, nil
}

// kindsOfWork are the columns of metering: see BenchmarkMetering of package rewrite.
var kindsOfWork = []string{"tight", "calls", "hash", "json", "http"}

// metering compares work in a rewritten guest, with fuel and stack metered, with the same guest as it is, and with wazero's
// own interruption.
func metering(o options, language string) workload {
	w := workload{name: "metering, " + language + " guest: time of one round of work", slow: true, subjects: []subject{
		{name: "stock wazero"}, {name: "wasmnet"}, {name: "CloseOnContextDone"},
	}}
	w.together = func() (map[string]figures, error) {
		all := map[string]figures{"stock wazero": {}, "wasmnet": {}, "CloseOnContextDone": {}}
		reported, err := benchmarks(o, "host/internal/rewrite", "Metering/"+language)
		if err != nil {
			return nil, err
		}
		for _, kind := range kindsOfWork {
			m := reported["Metering/"+language+"/"+kind]
			stock := m["stock-us"] * 1e3
			if stock == 0 {
				return nil, fmt.Errorf("metering of %s: no time", kind)
			}
			all["stock wazero"][kind] = stock
			all["wasmnet"][kind] = stock * m["full/stock"]
			all["CloseOnContextDone"][kind] = stock * m["interruptible/stock"]
		}
		return all, nil
	}
	return w
}
