package host

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// producer is a guest that answers 'w' with 1500 bytes, makes itself a pull producer for 'p' and a push producer for 'P',
// in the order of the data, and writes '-' when it is asked to pause and '+' when it may go on.
const producer = `(module
	(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
	(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
	(import "wasmnet_v1" "set_option" (func $option (param i32 i32 i64) (result i32)))
	(memory (export "memory") 1)
	(data (i32.const 8192) "-+")
	(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 0) (i32.const 1024)))
	(func (export "data_received") (param $conn i32) (param $n i32)
		(local $at i32)
		(loop $next
			(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 119))
				(then (drop (call $write (local.get $conn) (i32.const 16384) (i32.const 1500)))))
			(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 112))
				(then (drop (call $option (local.get $conn) (i32.const 3) (i64.const 1)))))
			(if (i32.eq (i32.load8_u (local.get $at)) (i32.const 80))
				(then (drop (call $option (local.get $conn) (i32.const 3) (i64.const 0)))))
			(local.set $at (i32.add (local.get $at) (i32.const 1)))
			(br_if $next (i32.lt_u (local.get $at) (local.get $n)))))
	(func (export "pause_producing") (param $conn i32)
		(drop (call $write (local.get $conn) (i32.const 8192) (i32.const 1))))
	(func (export "resume_producing") (param $conn i32)
		(drop (call $write (local.get $conn) (i32.const 8193) (i32.const 1)))))`

// A guest that outruns its rate is asked to pause until the debt is paid if it pushes, and if it is pulled it is not asked
// for more until then.
func TestRateOutOfProducers(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, producer))
	s.limits.RateOut = 1000
	flush := func(c *conn) { c.ResumeProducing() }
	fill := func(c *conn) { tr.held = 1500 }
	empty := func(c *conn) { tr.held = 0; c.ResumeProducing() }
	wait := func(d time.Duration) func(*conn) { return func(c *conn) { tr.pass(c.shard, d) } }
	for name, test := range map[string]struct {
		data string
		then []func(*conn)
		want []string // what it has been told after each of these
	}{
		"push":                      {"w", []func(*conn){wait(0), wait(time.Second)}, []string{"-", "-+"}},
		"push and pauses once":      {"ww", []func(*conn){wait(time.Second), wait(2 * time.Second)}, []string{"-", "-+"}},
		"pull":                      {"pw", []func(*conn){wait(0), wait(time.Second)}, []string{"", "+"}},
		"pull within its rate":      {"p", []func(*conn){flush, flush}, []string{"+", "++"}},
		"pull, flushed in debt":     {"pw", []func(*conn){flush, wait(time.Second)}, []string{"", "+"}},
		"pull, flushed afterwards":  {"pw", []func(*conn){fill, wait(time.Second), empty}, []string{"", "", "+"}},
		"becomes pulled":            {"wp", []func(*conn){wait(0), flush}, []string{"", "+"}},
		"pull again and in debt":    {"pwpw", []func(*conn){flush, wait(3 * time.Second)}, []string{"", "+"}},
		"pushes again and is asked": {"pwPw", []func(*conn){wait(0), wait(3 * time.Second)}, []string{"-", "-+"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr.held = 0
			c, p := open(s, tr)
			say(p, test.data)
			for n, do := range test.then {
				do(c)
				if got := told(tr); got != test.want[n] {
					t.Errorf("step %d: it was told %q, want %q", n+1, got, test.want[n])
				}
			}
			p.ConnectionLost(protocol.ErrConnectionDone)
			tr.written.Reset()
		})
	}
}

// told is what the guest has written besides zeros.
func told(tr *stubTransport) (signs string) {
	for _, b := range tr.written.Bytes() {
		if b != 0 {
			signs += string(b)
		}
	}
	return signs
}
