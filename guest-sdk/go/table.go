//go:build wasip1

package wasmnet

// table finds what a handle names. Handles are small, so an array serves; those that are not go into a map.
type table[T any] struct {
	small []*T
	large map[int32]*T
}

// maxSmall is how far the array goes: 32 KiB.
const maxSmall = 4096

// The things that handles of this instance name, beside the connections in hot. Timers are kept apart: there is one
// handle for all of them.
var (
	ports     table[port]
	requests  table[request]
	listeners table[listener]
)

// get returns nil for a handle that names nothing of this kind.
func (t *table[T]) get(handle int32) *T {
	if uint32(handle) < uint32(len(t.small)) {
		return t.small[handle]
	}
	return t.large[handle]
}

func (t *table[T]) put(handle int32, v *T) {
	if handle >= maxSmall {
		if t.large == nil {
			t.large = map[int32]*T{}
		}
		t.large[handle] = v
		return
	}
	for int(handle) >= len(t.small) {
		t.small = append(t.small, nil)
	}
	t.small[handle] = v
}

func (t *table[T]) remove(handle int32) {
	if uint32(handle) < uint32(len(t.small)) {
		t.small[handle] = nil
		return
	}
	delete(t.large, handle)
}

// empty reports whether nothing was ever put into t.
func (t *table[T]) empty() bool { return t.small == nil && t.large == nil }
