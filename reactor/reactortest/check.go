package reactortest

import (
	"fmt"
	"hash/fnv"
	"math"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Result is what came of feeding a protocol.
type Result struct {
	Output string // what it wrote
	Closed bool   // it closed or lost the connection
	Reason error  // what its ConnectionLost was given; nil while the connection lives
}

func (r Result) String() string {
	s := fmt.Sprintf("wrote %q", r.Output)
	if r.Closed {
		s += ", closed"
	}
	if r.Reason != nil {
		s += fmt.Sprintf(", lost (%v)", r.Reason)
	}
	return s
}

// Feed connects p to a peer that sends input, which reaches p cut as chunks says, and returns what came of it. The peer
// reads everything and leaves the connection open. No time passes.
func Feed(p protocol.Protocol, input []byte, chunks Chunks) Result {
	peer := &Recorder{}
	pair := NewPair(peer, p)
	defer pair.Close()
	pair.Server.Chunks = chunks
	pair.HardCap = math.MaxInt
	pair.Client.Write(input)
	pair.Settle()
	return Result{Output: string(peer.Received), Closed: pair.Server.Disconnecting(), Reason: pair.Server.Lost()}
}

// CheckChunks fails the test if it can be told from what a protocol does how its input was cut into chunks: whole, in
// chunks of 1, 2, 3 and of mixed sizes, at random and cut once at many places. What it compares is what the protocol
// writes, whether it closes the connection, and what seen returns at the end (what its user got to see, as text).
//
// build makes a new protocol for each way of cutting; seen may be nil. Nothing may depend on the time of day or on
// chance.
func CheckChunks(t testing.TB, input []byte, build func() (p protocol.Protocol, seen func() string)) {
	t.Helper()
	run := func(chunks Chunks) string {
		p, seen := build()
		outcome := Feed(p, input, chunks).String()
		if seen != nil {
			outcome += "\nseen: " + seen()
		}
		return outcome
	}
	whole := run(Whole())
	for _, c := range cuts(input) {
		if got := run(c.chunks); got != whole {
			t.Errorf("%s make a difference for input %q\nwhole: %s\nin %s: %s", c.name, input, whole, c.name, got)
		}
	}
}

// cut is one way of cutting an input.
type cut struct {
	name   string
	chunks Chunks
}

// cuts are the ways in which CheckChunks cuts an input. The random ones depend on nothing but the input.
func cuts(input []byte) []cut {
	all := []cut{
		{"chunks of 1 byte", Sizes(1)},
		{"chunks of 2 bytes", Sizes(2)},
		{"chunks of 3 bytes", Sizes(3)},
		{"chunks of 1 and 64 bytes in turn", Sizes(1, 64)},
	}
	h := fnv.New64a()
	h.Write(input)
	for i, largest := range []int{2, 5, 17, 1000} {
		name := fmt.Sprintf("random chunks of up to %d bytes", largest)
		all = append(all, cut{name, Random(h.Sum64()+uint64(i), largest)})
	}
	// Every place in a short input, a choice of places in a long one.
	step := 1 + len(input)/32
	for at := 1; at < len(input); at += step {
		all = append(all, cut{fmt.Sprintf("two chunks cut at byte %d", at), CutAt(at)})
	}
	return all
}
