package rewrite_test

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// kinds of work of the guests cwork.c and gowork, and how often each does it to take some milliseconds.
var kinds = []struct {
	name    string
	c, goes uint64
}{
	{"tight", 4, 1},
	{"hash", 40, 20},
	{"json", 4000, 60},
	{"http", 4000, 200},
	{"calls", 40, 10},
}

// BenchmarkMetering reports how much longer work takes in a rewritten guest than in the same guest as it is.
func BenchmarkMetering(b *testing.B) {
	stack, fuel := options(), options()
	stack.Fuel, fuel.MaxDepth = false, 0
	for _, guest := range []struct {
		name   string
		module []byte
	}{
		{"C", wasmtest.C(b, "cwork.c")},
		{"Go", wasmtest.Go(b, "gowork")},
	} {
		full, tables := options(), options()
		tables.DirectCalls = false
		machines := map[string]*machine{"stock": newMachine(b, guest.module, nil)}
		for name, o := range map[string]*rewrite.Options{
			"both": &full, "fuel": &fuel, "stack": &stack, "tables": &tables,
			"none": {Limits: wasm.DefaultLimits, Events: events},
		} {
			machines[name] = newMachine(b, guest.module, o)
		}
		for _, m := range machines {
			m.must("_initialize")
			m.must("wasmnet_start")
		}
		for kind, work := range kinds {
			times := work.c
			if guest.name == "Go" {
				times = work.goes
			}
			b.Run(guest.name+"/"+work.name, func(b *testing.B) {
				best := map[string]time.Duration{}
				for b.Loop() {
					for name, m := range machines {
						began := time.Now()
						m.must("data_received", uint64(kind), times)
						if d := time.Since(began); best[name] == 0 || d < best[name] {
							best[name] = d
						}
					}
				}
				for name, d := range best {
					if name != "stock" {
						b.ReportMetric(float64(d)/float64(best["stock"]), name+"/stock")
					}
				}
				b.ReportMetric(float64(best["stock"].Microseconds()), "stock-us")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
