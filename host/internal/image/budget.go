package image

import "sync/atomic"

// budget bounds how many mappings this package makes in the process: the kernel allows a process a number of them
// (vm.max_map_count), and the Go runtime, which maps memory too, dies when there are none left.
type budget struct {
	used atomic.Int64
	max  atomic.Int64 // 0: not known yet
}

// mappings is the process's.
var mappings budget

// allowed returns the bound.
func (b *budget) allowed() int64 {
	if n := b.max.Load(); n != 0 {
		return n
	}
	n := mappingsAllowed()
	b.max.CompareAndSwap(0, n)
	return b.max.Load()
}
