package main

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

func TestMetricsText(t *testing.T) {
	buckets := make([]uint64, 64)
	buckets[20], buckets[22], buckets[63] = 2, 1, 1
	text := string(metricsText("a \"b\"\n\\c", map[int]host.Stats{
		2: {Open: 3, Totals: host.Totals{Calls: 7}, Breaches: map[string]uint64{"idle": 5}, Metrics: []host.Metric{
			{Name: "hits", Kind: "gauge", Value: 1},
			{Name: "latency", Kind: "histogram", Value: 1e9, Count: 4, Buckets: buckets},
		}},
		1: {Open: 1, Circuit: "it traps", Metrics: []host.Metric{{Name: "hits", Kind: "counter", Value: 9.5, Count: 3}}},
	}))
	const module = `{module="a \"b\"\n\\c",generation=`
	for _, want := range []string{
		"# HELP wasmnet_connections Connections open.\n# TYPE wasmnet_connections gauge\n" +
			"wasmnet_connections" + module + "\"1\"} 1\nwasmnet_connections" + module + "\"2\"} 3\n",
		"wasmnet_calls_total" + module + "\"2\"} 7\n",
		"wasmnet_circuit_open" + module + "\"1\"} 1\nwasmnet_circuit_open" + module + "\"2\"} 0\n",
		"wasmnet_breaches_total" + module + "\"2\",limit=\"idle\"} 5\n",
		// The kind is the older generation's; the newer one has no such counter.
		"# TYPE wasmnet_guest_hits counter\nwasmnet_guest_hits" + module + "\"1\"} 9.5\n# HELP wasmnet_guest_latency ",
		"# TYPE wasmnet_guest_latency histogram\n" +
			"wasmnet_guest_latency_bucket" + module + "\"2\",le=\"1\"} 2\n" +
			"wasmnet_guest_latency_bucket" + module + "\"2\",le=\"4\"} 3\n" +
			"wasmnet_guest_latency_bucket" + module + "\"2\",le=\"+Inf\"} 4\n" +
			"wasmnet_guest_latency_sum" + module + "\"2\"} 1e+09\n" +
			"wasmnet_guest_latency_count" + module + "\"2\"} 4\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no\n%s\nin\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Count(text, line) != 1 {
			t.Errorf("%q stands there more than once", line)
		}
	}
}
