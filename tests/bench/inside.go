//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hostBenchmark runs one of package host's own benchmarks, for what cannot be seen from outside of it.
func hostBenchmark(o options, name string) (figures, error) {
	all, err := benchmarks(o, "host", name)
	if err != nil {
		return nil, err
	}
	if all[name]["ns/op"] == 0 {
		return nil, fmt.Errorf("benchmark %s gave no time", name)
	}
	return figures{perUnit: all[name]["ns/op"]}, nil
}

// benchmarks runs a benchmark of the package in a folder, with all below it, for o.window each. It returns what each of
// them reports, by name and unit.
func benchmarks(o options, pkg, name string) (map[string]map[string]float64, error) {
	program, err := testProgram(o, pkg)
	if err != nil {
		return nil, err
	}
	const limit = 10 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run=^$", "-test.bench="+pattern(name), "-test.benchtime="+o.window.String())
	cmd.Dir = pkg // where its testdata is
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("benchmark %s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	all, err := readBenchmarks(out)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("nothing in %q", out)
	}
	if err != nil {
		return nil, fmt.Errorf("benchmark %s: %w", name, err)
	}
	return all, nil
}

// testPrograms has, for each file, a function that builds it once.
var testPrograms sync.Map

// testProgram is the program with the tests of the package in a folder. It is built once a run.
func testProgram(o options, pkg string) (string, error) {
	file := filepath.Join(o.dir, strings.ReplaceAll(pkg, "/", "-")+".test")
	build, _ := testPrograms.LoadOrStore(file, sync.OnceValue(func() error {
		_, err := tool(10*time.Minute, "go", "test", "-c", "-o", file, "./"+pkg)
		return err
	}))
	return file, build.(func() error)()
}

// readBenchmarks reads what a test program prints: for each benchmark a line with its name and the number of processors,
// how often it ran, and pairs of a value and its unit.
func readBenchmarks(out []byte) (map[string]map[string]float64, error) {
	all := map[string]map[string]float64{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		m := map[string]float64{}
		for i := 2; i+1 < len(f); i += 2 {
			var err error
			if m[f[i+1]], err = strconv.ParseFloat(f[i], 64); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		all[name] = m
	}
	return all, nil
}

// pattern matches a benchmark and its parts each whole, as -bench wants it.
func pattern(name string) string {
	return "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
}
