package wasm

// complexity estimates how long a function takes to compile. An optimizing compiler is not linear in the size of its
// input, and within one function it cannot be stopped. A few kilobytes of code that no compiler for wasm would write
// keep wazero 1.12 busy for a minute and a gigabyte; the estimate is made of what such code needs many of, with
// weights in microseconds that were measured with it (on a 2.6 GHz EPYC 9004):
//
//   - Values of locals are looked for through all joins and loop headers since the local was last touched, and each of
//     these may need a value of its own: 20 for each.
//   - Values at loop headers are tried against one another: 1/400 for each pair.
//   - Blocks: 1/40 for each pair.
//   - Conditional branches to one label: 1/16 for each pair.
//   - Globals are read anew after each call: 2/5 for each global and call.
//
// The largest function of the Go compiler built for wasm (670 KB of code) comes to 3.8 million, other programs' largest
// to far less.
type complexity struct {
	blocks, loops, calls, joins int64
	values                      int64 // joins passed by values of locals
	loopValues                  int64 // loop headers passed by values of locals
	pairs                       int64 // of conditional branches to one label
	joinAt, loopAt              []int32
}

func (w *complexity) reset(locals int) {
	if cap(w.joinAt) < locals {
		w.joinAt, w.loopAt = make([]int32, locals), make([]int32, locals)
	}
	*w = complexity{joinAt: w.joinAt[:locals], loopAt: w.loopAt[:locals]}
	clear(w.joinAt)
	clear(w.loopAt)
}

// open notes that a block begins.
func (w *complexity) open(op Op) {
	w.blocks++
	if op == OpLoop {
		w.loops++
		w.joins++
	}
}

// close notes that a block ends.
func (w *complexity) close(b *block) {
	if b.op != OpLoop {
		w.joins++
	}
	w.pairs += int64(b.branches) * int64(b.branches)
}

// local notes that a local is read or written.
func (w *complexity) local(i uint32, read bool) {
	if read {
		w.values += w.joins - int64(w.joinAt[i])
		w.loopValues += w.loops - int64(w.loopAt[i])
	}
	w.joinAt[i], w.loopAt[i] = int32(w.joins), int32(w.loops)
}

func (w *complexity) total(globals int) int64 {
	return 20*w.values + w.loopValues*w.loopValues/400 + w.blocks*w.blocks/40 + w.pairs/16 + 2*w.calls*int64(globals)/5
}
