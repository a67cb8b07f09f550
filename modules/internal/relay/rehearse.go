package relay

import "github.com/wasmnet/wasmnet/reactor/protocol"

// Rehearse asks f what a reactor asks a factory when it dials, and returns how many of its powers it has. Go's runtime
// finds the answers for a type by its methods' names, and notes them: asked at start-up, they are in the image of every
// sandbox, where each would find and note them again.
func Rehearse(f protocol.Factory) (powers int) {
	for _, has := range [...]bool{is[protocol.Starter](f), is[protocol.Stopper](f), is[protocol.ClientFactory](f)} {
		if has {
			powers++
		}
	}
	return powers
}

func is[Power any](f protocol.Factory) bool {
	_, ok := f.(Power)
	return ok
}
