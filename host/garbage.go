package host

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// garbage sees that memory which was left, by many guests or by loading a module, goes back to the system. When ten
// thousand connections go quiet there is nothing that would make the Go runtime collect: it does so every two minutes
// when nothing is allocated.
type garbage struct {
	bytes   atomic.Int64 // left since the last collection, about
	running sync.WaitGroup
	busy    atomic.Bool
	last    time.Time // of the last collection; its collector's while busy
}

const (
	// muchGarbage is how many bytes are worth a collection.
	muchGarbage = 8 << 20
	// machineWeight and loadWeight are what a machine leaves, and the loading of a module for each byte of it.
	machineWeight = 14 * kib
	loadWeight    = 16
	// collectEvery is the shortest time between two collections.
	collectEvery = 3 * time.Second
)

// add counts garbage.
func (g *garbage) add(bytes int64) { g.bytes.Add(bytes) }

// much reports whether there is so much that it should be collected.
func (g *garbage) much() bool { return g.bytes.Load() >= muchGarbage }

// collect collects garbage beside the loops if there is much, and it was not done of late.
func (g *garbage) collect() {
	if !g.much() || !g.busy.CompareAndSwap(false, true) {
		return
	}
	if time.Since(g.last) < collectEvery {
		g.busy.Store(false)
		return
	}
	g.running.Go(func() {
		g.bytes.Store(0)
		debug.FreeOSMemory()
		g.last = time.Now()
		g.busy.Store(false)
	})
}
