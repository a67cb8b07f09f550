//go:build wasip1

package wasmnet

// table finds what a handle names. Handles are small, so an array serves.
type table[T any] struct{ entries []*T }

// The things that handles of this instance name. Timers are kept apart: there is one handle for all of them.
var (
	conns    = table[conn]{hot.handles[:]}
	ports    table[datagramPort]
	requests table[request]
	// listeners is searched with a handle that the host has told, once for each accepted connection.
	listeners table[listener]
)

// get returns nil for a handle that names nothing of this kind.
func (t *table[T]) get(handle int32) *T {
	if uint32(handle) < uint32(len(t.entries)) {
		return t.entries[handle]
	}
	return nil
}

func (t *table[T]) put(handle int32, v *T) {
	for int(handle) >= len(t.entries) {
		t.entries = append(t.entries, nil)
	}
	t.entries[handle] = v
}

func (t *table[T]) remove(handle int32) { t.entries[handle] = nil }
