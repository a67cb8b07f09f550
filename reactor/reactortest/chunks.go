package reactortest

import "math/rand/v2"

// Chunks says in what pieces bytes are delivered: it is given the number of bytes that are there, 1 or more, and returns
// how many of them come next; less than 1 means 1, too many means all. One Chunks is asked for one connection after
// another; it may keep state.
type Chunks func(available int) int

// Whole delivers what there is.
func Whole() Chunks { return func(available int) int { return available } }

// Sizes delivers pieces of these sizes, over and over.
func Sizes(sizes ...int) Chunks {
	next := 0
	return func(int) int {
		n := sizes[next%len(sizes)]
		next++
		return n
	}
}

// Random delivers pieces of random sizes from 1 to largest, the same ones for the same seed.
func Random(seed uint64, largest int) Chunks {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(int) int { return 1 + r.IntN(largest) }
}

// CutAt delivers the bytes before offset and then the rest.
func CutAt(offset int) Chunks {
	first := true
	return func(available int) int {
		if first && offset > 0 {
			first = false
			return offset
		}
		return available
	}
}

func (c Chunks) next(available int) int {
	if c == nil {
		return available
	}
	return min(max(c(available), 1), available)
}
