package host

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// filler is a guest with 16 MiB from the start, that writes to as many KiB of it as its data has bytes, in the order of
// its memory, and goes on from there with the next data; "!" fills 12 MiB.
const filler = `(module
	(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
	(memory (export "memory") 256)
	(global $at (mut i32) (i32.const 65536))
	(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 0) (i32.const 4096)))
	(func (export "data_received") (param $conn i32) (param $n i32)
		(if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 33))
			(then (local.set $n (i32.const 12288))))
		(memory.fill (global.get $at) (i32.const 1) (i32.shl (local.get $n) (i32.const 10)))
		(global.set $at (i32.add (global.get $at) (i32.shl (local.get $n) (i32.const 10))))))`

// Pages of the image that guests write to count, although nobody is told when they are written: at once if they are many.
func TestMemoryTotalCountsWrittenPages(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, filler))
	s.limits.MemoryTotal = 20 << 20
	a, p := open(s, tr)
	b, q := open(s, tr)
	say(p, "!")
	if private := s.memory.Load(); private < 12<<20 || private > 13<<20 {
		t.Errorf("private memory of %d bytes, want about 12 MiB", private)
	}
	sinner := b.inst
	say(q, "!")
	var limit *LimitError
	if !errors.As(sinner.end, &limit) || limit.Limit != "memory-total" || a.inst.end != nil {
		t.Errorf("the second guest was ended by %v, the first by %v", sinner.end, a.inst.end)
	}
	if private := s.memory.Load(); private > 20<<20 {
		t.Errorf("private memory of %d bytes", private)
	}
	if n := s.Stats().Breaches["memory-total"]; n != 1 {
		t.Errorf("%d breaches are counted", n)
	}
	p.ConnectionLost(protocol.ErrConnectionAborted)
	q.ConnectionLost(protocol.ErrConnectionAborted)
	if private := s.memory.Load(); private != 0 {
		t.Errorf("private memory of %d bytes with no instance in use", private)
	}
}

// However guests go about it, what they hold for themselves is at no time much more than they may, without a second
// passing: in large steps and in small ones, a few guests or many, or one connection after the other.
func TestFastGuestsDoNotOvershoot(t *testing.T) {
	const total = 64 << 20
	for _, c := range []struct {
		guests, kib int
		again       bool // each guest is followed by another one
	}{{20, 12 << 10, false}, {100, 2 << 10, false}, {200, 512, false}, {500, 64, false}, {8, 12 << 10, true}, {20, 2 << 10, true}} {
		t.Run(fmt.Sprintf("%d guests, %d KiB at a time, %v", c.guests, c.kib, c.again), func(t *testing.T) {
			s, tr := stubService(t, guestbuild.WatText(t, filler))
			s.limits.MemoryTotal, s.limits.PerPeer = total, 0
			all := make([]protocol.Protocol, c.guests)
			for n := range all {
				_, all[n] = open(s, tr)
			}
			most := int64(0)
			for range max(3, 4*(total>>10)/(c.guests*c.kib)) {
				for n, p := range all {
					if p.(*conn).live() != nil {
						spread(p, c.kib)
					}
					if c.again || p.(*conn).live() == nil {
						p.ConnectionLost(protocol.ErrConnectionDone)
						_, all[n] = open(s, tr)
					}
					tr.run()
				}
				most = max(most, holdings(s))
			}
			if most > total*5/4 {
				t.Errorf("the guests held %d MiB, and may hold %d", most>>20, total>>20)
			}
			if n := s.Stats().Breaches["memory-total"]; n == 0 && !c.again {
				t.Error("no breach is counted")
			}
			for _, p := range all {
				p.ConnectionLost(protocol.ErrConnectionDone)
			}
			if private := s.memory.Load(); private != 0 {
				t.Errorf("private memory of %d bytes with no instance in use", private)
			}
		})
	}
}

// spread has a guest write to so many KiB of its memory.
func spread(p protocol.Protocol, kib int) {
	if kib == 12<<10 {
		say(p, "!")
		return
	}
	for ; kib > 0; kib -= 2048 {
		say(p, strings.Repeat("x", min(kib, 2048)))
	}
}

// holdings is what the machines of the service hold, those that wait included.
func holdings(s *Service) (sum int64) {
	for m := range s.all {
		sum += int64(m.linear.Measure())
	}
	return sum
}
