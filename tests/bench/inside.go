//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var nsPerOp = regexp.MustCompile(`\s([0-9.]+) ns/op`)

// hostBenchmark runs one of package host's own benchmarks, for what cannot be seen from outside of it.
func hostBenchmark(name string, window time.Duration) (figures, error) {
	cmd := exec.Command("go", "test", "./host", "-run", "^$", "-bench", pattern(name), "-benchtime", window.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	m := nsPerOp.FindSubmatch(out)
	if m == nil {
		return nil, fmt.Errorf("benchmark %s gave no time: %s", name, out)
	}
	ns, err := strconv.ParseFloat(string(m[1]), 64)
	return figures{perUnit: ns}, err
}

// pattern matches a benchmark and its parts each whole, as -bench wants it.
func pattern(name string) string {
	return "^Benchmark" + strings.ReplaceAll(name, "/", "$/^") + "$"
}
