//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// hostBenchmark runs one of package host's own benchmarks, for what cannot be seen from outside of it.
func hostBenchmark(name string, window time.Duration) (figures, error) {
	m, err := benchmark("./host", name, window)
	if err != nil {
		return nil, err
	}
	if m["ns/op"] == 0 {
		return nil, fmt.Errorf("benchmark %s gave no time", name)
	}
	return figures{perUnit: m["ns/op"]}, nil
}

// benchmark runs one benchmark of a package and returns what it reports, by unit.
func benchmark(pkg, name string, window time.Duration) (map[string]float64, error) {
	out, err := tool(window+5*time.Minute, "go", "test", pkg, "-run", "^$", "-bench", pattern(name), "-benchtime", window.String())
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		// The name, how often it ran, and pairs of a value and its unit.
		m := map[string]float64{}
		for i := 2; i+1 < len(f); i += 2 {
			if m[f[i+1]], err = strconv.ParseFloat(f[i], 64); err != nil {
				return nil, fmt.Errorf("benchmark %s: %q: %w", name, line, err)
			}
		}
		return m, nil
	}
	return nil, fmt.Errorf("benchmark %s reports nothing: %s", name, out)
}

// pattern matches a benchmark and its parts each whole, as -bench wants it.
func pattern(name string) string {
	return "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
}
