package rewrite_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasmnet/wasmnet/host/internal/rewrite"
	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// variants are the ways to rewrite that benchmarks compare with the guest as it is ("stock").
func variants() map[string]*rewrite.Options {
	full, fuel, stack, tables := options(), options(), options(), options()
	fuel.MaxDepth, stack.Fuel, tables.DirectCalls = 0, false, false
	return map[string]*rewrite.Options{
		"stock": nil, "full": &full, "fuel": &fuel, "stack": &stack, "tables": &tables,
		"bare": {Limits: wasm.DefaultLimits, Events: events},
	}
}

// race runs each of the contestants round after round, and returns the shortest time of each. What else the machine
// does hits all of them alike.
func race(b *testing.B, contestants map[string]func()) map[string]time.Duration {
	best := make(map[string]time.Duration, len(contestants))
	for b.Loop() {
		for name, f := range contestants { // in an order that changes
			began := time.Now()
			f()
			if d := time.Since(began); best[name] == 0 || d < best[name] {
				best[name] = d
			}
		}
	}
	return best
}

// report gives each contestant's time as a ratio to stock.
func report(b *testing.B, best map[string]time.Duration) {
	for _, name := range slices.Sorted(maps.Keys(best)) {
		if name != "stock" {
			b.ReportMetric(float64(best[name])/float64(best["stock"]), name+"/stock")
		}
	}
	b.ReportMetric(float64(best["stock"].Nanoseconds())/1000, "stock-us")
	b.ReportMetric(0, "ns/op")
}

// work is a kind of it, and how often the guests in C and in Go do it to take a millisecond or so.
type work struct {
	name    string
	c, goes uint64
}

// kinds of work of the guests cwork.c and gowork.
var kinds = []work{
	{"tight", 2, 1},
	{"hash", 20, 5},
	{"json", 2000, 15},
	{"http", 2000, 50},
	{"calls", 20, 2},
}

// places is how many instances take turns for each contestant: where its memory happens to lie makes a Go guest faster
// or slower by more than what is measured here.
const places = 5

// BenchmarkMetering reports how much longer work takes in a rewritten guest, and in one that wazero makes interruptible
// (WithCloseOnContextDone), than in the same guest as it is: tight is the tightest loop, calls is recursion that does
// nothing else, the others are what protocols do.
func BenchmarkMetering(b *testing.B) {
	b.Run("C", func(b *testing.B) { meter(b, wasmtest.C(b, "cwork.c"), func(w work) uint64 { return w.c }) })
	b.Run("Go", func(b *testing.B) { meter(b, wasmtest.Go(b, "gowork"), func(w work) uint64 { return w.goes }) })
}

// meter has the variants of one guest race in each kind of work, as many times as times says.
func meter(b *testing.B, module []byte, times func(work) uint64) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	bases := map[string]*machine{
		"interruptible": newMachineOn(b, ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true), module, nil),
	}
	for name, o := range variants() {
		bases[name] = newMachine(b, module, o)
	}
	machines := make(map[string][]*machine)
	for name, m := range bases {
		for range places {
			x := *m
			x.instantiate()
			x.must("_initialize")
			x.must("wasmnet_start")
			machines[name] = append(machines[name], &x)
		}
	}
	for kind, work := range kinds {
		b.Run(work.name, func(b *testing.B) {
			contestants := make(map[string]func())
			turn := 0
			for name, ms := range machines {
				contestants[name] = func() {
					turn++
					ms[turn%places].must("data_received", uint64(kind), times(work))
				}
			}
			report(b, race(b, contestants))
		})
	}
}

// BenchmarkInstantiate reports what an instance takes that is made from scratch, as wazero does it.
func BenchmarkInstantiate(b *testing.B) {
	for _, guest := range []struct {
		name   string
		module []byte
	}{
		{"C", wasmtest.C(b, "cguest.c")},
		{"Go", wasmtest.Go(b, "goguest")},
	} {
		contestants := make(map[string]func())
		for name, o := range variants() {
			m := newMachine(b, guest.module, o)
			contestants[name] = func() {
				x, err := m.r.InstantiateModule(m.ctx, m.compiled, wazero.NewModuleConfig().WithStartFunctions().WithName(""))
				if err != nil {
					b.Fatal(err)
				}
				x.Close(m.ctx)
			}
		}
		b.Run(guest.name, func(b *testing.B) { report(b, race(b, contestants)) })
	}
}

func BenchmarkRewrite(b *testing.B) {
	module := wasmtest.Go(b, "goguest")
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := rewrite.Rewrite(module, options()); err != nil {
			b.Fatal(err)
		}
	}
}
