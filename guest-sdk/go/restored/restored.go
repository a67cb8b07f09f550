//go:build wasip1

// Package restored runs functions in every fresh sandbox, before its first event: where a guest makes new what must not
// be the same in all copies of its image, such as the seeds of generators of random numbers. It is a package of its own
// because the event that it handles is one more call for each connection of a guest that imports it.
package restored

var functions []func()

// On has f called in every fresh instance. It is called from an init function or while the service starts. f must not
// open, dial or start timers.
func On(f func()) { functions = append(functions, f) }

//go:wasmexport restored
func export() {
	for _, f := range functions {
		f()
	}
}
