package wasmnet_test

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

// All but the first of an event's writes to a connection reach the host together, in time for whatever depends on them.
func TestWritesGather(t *testing.T) {
	const wrote, closed = "wrote 1, <nil>", "wrote 0, connection is closed or closing"
	many := strings.Repeat("x", 4<<10)
	for _, c := range []struct {
		name, command string
		said          []string
	}{
		{"until the event ends", "write a;write b;write c", []string{`write 1 "a"`, wrote, wrote, wrote, `write 1 "bc"`}},
		{"until closing", "write a;write b;transport lose;write c",
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, "lose_connection 1", "disconnecting true", closed}},
		{"until half-closing", "write a;write b;transport losewrite",
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, "lose_write_connection 1"}},
		{"and are dropped by aborting", "write a;write b;transport abort", []string{`write 1 "a"`, wrote, wrote, "abort_connection 1"}},
		{"until the queue is asked for", "write a;write b;transport buffered;write c",
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, "buffered 0", `write 1 "c"`, wrote}},
		{"until options change", "write a;write b;pull",
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, "set_option 1 3 1", "register: <nil>"}},
		{"until they are many", "write a;write b;write " + many,
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, `write 1 "` + many + `"`, "wrote 4096, <nil>"}},
		{"until another connection is written to", "write a;write b;tofirst c;write d;write e",
			[]string{`write 1 "a"`, wrote, wrote, `write 1 "b"`, `write 2 "c"`, wrote, `write 1 "d"`, wrote, wrote, `write 1 "e"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := connected(t, "case", "gather")
			f.info(2, abi.InfoPeer, "192.0.2.1:2")
			f.event(abi.ConnectionMade, 2)
			f.data(2, "first")
			f.data(1, c.command)
			f.expect(c.said...)
			f.data(2, "write next")
			f.expect(`write 2 "next"`, "wrote 4, <nil>")
		})
	}
}

// A limit that what has gathered breaches is told to the next write, and there is none after it.
func TestGatheredWritesBreachTheLimit(t *testing.T) {
	f := connected(t, "case", "gather")
	f.answers["write b"] = int32(abi.Limit)
	f.data(1, "write a;write b;write "+strings.Repeat("x", 4<<10)+";write c")
	f.expect(`write 1 "a"`, "wrote 1, <nil>", "wrote 1, <nil>", `write 1 "b"`, "wrote 0, limit exceeded",
		"wrote 0, connection is closed or closing")
	f.data(1, "write d") // it is closing
	f.expect()
}
