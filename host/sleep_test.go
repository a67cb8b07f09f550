package host

import (
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// counter is a guest that counts its messages in memory and in a global, and answers with both.
const counter = `(module
	(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
	(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
	(memory (export "memory") 4 16)
	(global $messages (mut i32) (i32.const 48))
	(data (i32.const 100000) "00")
	(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 0) (i32.const 4096)))
	(func (export "data_received") (param $conn i32) (param $n i32)
		(local $kind i32)
		(local.set $kind (i32.load8_u (i32.const 0)))
		(if (i32.eq (local.get $kind) (i32.const 103)) ;; g: grow, and write to the new pages
			(then (i32.store8 (i32.add (i32.mul (memory.grow (i32.const 2)) (i32.const 65536)) (i32.const 77)) (i32.const 1))))
		(if (i32.eq (local.get $kind) (i32.const 116)) ;; t: trap
			(then (unreachable)))
		(if (i32.eq (local.get $kind) (i32.const 102)) ;; f: fill most of the memory
			(then (memory.fill (i32.const 110000) (local.get $n) (i32.const 100000))))
		(global.set $messages (i32.add (global.get $messages) (i32.const 1)))
		(i32.store8 (i32.const 100000) (i32.add (i32.load8_u (i32.const 100000)) (i32.const 1)))
		(i32.store8 (i32.const 100001) (global.get $messages))
		(i32.store8 (i32.const 100002) (i32.add (memory.size) (i32.const 48)))
		(drop (call $write (local.get $conn) (i32.const 100000) (i32.const 3)))))`

// lull lets so much time pass that whoever hears nothing sleeps.
func (s *stub) lull(sh *shard) {
	for range mostPatience + 2 {
		s.second(sh)
	}
}

// A guest that slept goes on as if it had not: its memory, its globals, and what it grew are what they were, whichever
// machine it wakes on.
func TestGuestsSleep(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, counter))
	a, p := open(s, tr)
	b, q := open(s, tr)
	sh := a.shard
	expect := func(p protocol.Protocol, say1, want string) {
		t.Helper()
		tr.written.Reset()
		say(p, say1)
		if got := tr.written.String(); got != want {
			t.Fatalf("answer %q, want %q", got, want)
		}
	}
	expect(p, "x", "114")
	expect(q, "x", "114")
	expect(q, "x", "224")
	tr.second(sh)
	if a.inst.machine == nil || s.asleep.Load() != 0 {
		t.Fatal("a lively guest went to sleep")
	}
	expect(p, "x", "224")
	tr.second(sh)
	if a.inst.machine == nil || b.inst.machine != nil || s.asleep.Load() != 1 || len(sh.list) != 1 {
		t.Fatal("the lively guest should be awake and the quiet one asleep")
	}
	if n := s.memory.Load(); n < 1 || n > 100 {
		t.Errorf("%d bytes of private memory", n)
	}
	tr.lull(sh)
	if again := tr.second(sh); s.asleep.Load() != 2 || again != 0 {
		t.Errorf("%d guests asleep; looked at again in %d ticks", s.asleep.Load(), again)
	}
	// b first, on the machine that was a's.
	expect(q, "x", "334")
	expect(p, "grow", "336")
	expect(q, "x", "444")
	tr.lull(sh)
	if s.asleep.Load() != 2 {
		t.Fatal("a grown guest does not sleep")
	}
	if n := a.inst.memorySize(); n != 6<<16 {
		t.Errorf("size %d asleep", n)
	}
	expect(q, "x", "554") // on the machine that had grown
	expect(p, "x", "446")
	if n := s.memory.Load(); n != 2<<16 {
		t.Errorf("%d bytes of private memory, want two pages' growth", n)
	}
	if got := a.inst.memory.Size(); got != 6<<16 {
		t.Errorf("size %d after waking", got)
	}
	p.ConnectionLost(protocol.ErrConnectionDone)
	q.ConnectionLost(protocol.ErrConnectionDone)
	if s.memory.Load() != 0 || s.asleep.Load() != 0 || s.totals.Woken.Load()+sh.tally.Woken != 4 {
		t.Errorf("left: %d bytes, %d asleep; woken %d times", s.memory.Load(), s.asleep.Load(), s.totals.Woken.Load()+sh.tally.Woken)
	}
	_, p = open(s, tr)
	expect(p, "x", "114")
	p.ConnectionLost(protocol.ErrConnectionDone)
}

// A guest that is woken soon after it fell asleep waits longer before it sleeps again, unless memory is short.
func TestShortSleepsDoNotPay(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, counter))
	c, p := open(s, tr)
	expect := func(when string, want int) {
		t.Helper()
		say(p, "x")
		seconds := 0
		for c.inst.machine != nil && seconds < 100 {
			tr.second(c.shard)
			seconds++
		}
		if seconds != want {
			t.Errorf("%s: asleep after %d seconds, want %d", when, seconds, want)
		}
	}
	for n, want := range []int{2, 3, 5, mostPatience + 2, mostPatience + 2} {
		expect("sleep "+strconv.Itoa(n), want)
	}
	tr.now = tr.now.Add(longSleep)
	expect("after a long sleep", 2)
	expect("after a short one", 3)
	say(p, "x")
	c.inst.weigh()
	s.limits.MemoryTotal = s.memory.Load() * 3 / 2
	expect("when memory is short", 2)
	p.ConnectionLost(protocol.ErrConnectionDone)
}

// What becomes of a sleeping guest: it is lost, traps, outgrows its limit, or its service ends.
func TestSleepersEnd(t *testing.T) {
	for _, how := range []string{"lost", "trap", "aborted by the host", "not woken", "limit of instances", "service closed"} {
		t.Run(how, func(t *testing.T) {
			s, tr := stubService(t, guestbuild.WatText(t, counter))
			c, p := open(s, tr)
			say(p, "x")
			if how == "limit of instances" {
				s.limits.Instances = 1
			}
			tr.lull(c.shard)
			if s.asleep.Load() != 1 {
				t.Fatal("not asleep")
			}
			i := c.inst
			switch how {
			case "trap":
				say(p, "t")
				if _, ok := i.end.(*Trap); !ok {
					t.Errorf("ended by %v", i.end)
				}
			case "aborted by the host":
				i.fail(protocol.ErrShutdown)
				i.idle()
			case "not woken":
				i.asleep.memory = []byte{0, 1}
				say(p, "x")
				if i.end == nil || !strings.Contains(i.end.Error(), "cannot be woken") {
					t.Errorf("ended by %v", i.end)
				}
			case "limit of instances":
				if n := len(c.shard.pool.free); n != 0 || s.instances.Load() != 1 {
					t.Errorf("%d machines in the pool, %d instances", n, s.instances.Load())
				}
				if _, err := s.fresh(c.shard); err == nil {
					t.Error("a sleeping guest does not count")
				}
				say(p, "x")
				if i.end != nil || i.machine == nil {
					t.Error("it had a place and did not get it")
				}
			case "service closed":
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if st := s.Stats(); st.Asleep != 0 || st.Instances != 0 || st.Memory != 0 {
					t.Errorf("left: %d asleep of %d, %d bytes", st.Asleep, st.Instances, st.Memory)
				}
			}
			p.ConnectionLost(protocol.ErrConnectionDone)
			if s.asleep.Load() != 0 || s.memory.Load() != 0 || !i.gone {
				t.Errorf("left: %d asleep, %d bytes", s.asleep.Load(), s.memory.Load())
			}
			if n, pooled := s.instances.Load(), len(c.shard.pool.free); n != int64(pooled) {
				t.Errorf("%d instances, %d of them in the pool", n, pooled)
			}
		})
	}
}

// A guest that would need much while it sleeps stays awake, and is not tried again until something happens to it.
func TestFullGuestsStayAwake(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, counter))
	c, p := open(s, tr)
	say(p, "full")
	tr.lull(c.shard)
	if s.asleep.Load() != 0 || c.inst.quiet != still || c.inst.dispatch != nil {
		t.Fatalf("%d asleep, quiet %d", s.asleep.Load(), c.inst.quiet)
	}
	if again := tr.second(c.shard); again != 0 {
		t.Errorf("looked at again in %d ticks", again)
	}
	say(p, "x")
	if c.inst.quiet != lively {
		t.Error("an event has not made it lively")
	}
	p.ConnectionLost(protocol.ErrConnectionDone)
}

// Many guests that go quiet at once do not hold up the loop: a turn ends when its time is over.
func TestManyGoToSleepInTurns(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, counter))
	s.limits.PerPeer = 0
	var all []protocol.Protocol
	for n := range 1000 {
		_, p := open(s, tr)
		say(p, strings.Repeat("x", 1+n%7))
		all = append(all, p)
	}
	sh := s.shardOf(tr.stub)
	tr.second(sh)
	sh.Due(0)
	if n := s.asleep.Load(); n == 0 || n == 1000 || len(tr.turns) != 1 {
		t.Fatalf("%d asleep after one turn, and %d to come", n, len(tr.turns))
	}
	say(all[0], "x") // between the turns
	say(all[999], "x")
	for len(tr.turns) > 0 {
		f := tr.turns[0]
		tr.turns = tr.turns[1:]
		f()
	}
	if n := s.asleep.Load(); n < 998 {
		t.Errorf("%d asleep", n)
	}
	if n := len(sh.pool.free); n > spares {
		t.Errorf("%d machines wait for them", n)
	}
	for n, p := range all {
		tr.written.Reset()
		say(p, "x")
		want := byte('2')
		if n == 0 || n == 999 {
			want = '3'
		}
		if got := tr.written.Bytes(); len(got) != 3 || got[0] != want {
			t.Fatalf("guest %d answered %q", n, got)
		}
	}
	for _, p := range all {
		p.ConnectionLost(protocol.ErrConnectionDone)
	}
}

// BenchmarkSleep is a guest going to sleep and being woken by a message.
func BenchmarkSleep(b *testing.B) {
	for name, wasm := range map[string][]byte{"C": guestbuild.Wat(b, "testdata/echo.wat")} {
		b.Run(name, func(b *testing.B) {
			s, tr := stubService(b, wasm)
			c, p := open(s, tr)
			say(p, "x")
			for b.Loop() {
				if !c.inst.sleep() {
					b.Fatal("not asleep")
				}
				say(p, "x")
			}
			p.ConnectionLost(protocol.ErrConnectionDone)
		})
	}
}

// The machines that many sleepers leave are garbage that is collected without waiting for the runtime to notice.
func TestSleepersGarbageIsCollected(t *testing.T) {
	s, tr := stubService(t, guestbuild.WatText(t, counter))
	s.limits.PerPeer = 0
	var sh *shard
	for range 700 {
		c, p := open(s, tr)
		say(p, "x")
		defer p.ConnectionLost(protocol.ErrConnectionDone)
		sh = c.shard
	}
	var before, after debug.GCStats
	debug.ReadGCStats(&before)
	tr.lull(sh)
	if n := s.asleep.Load(); n != 700 {
		t.Fatalf("%d asleep", n)
	}
	s.host.garbage.running.Wait()
	debug.ReadGCStats(&after)
	if after.NumGC == before.NumGC {
		t.Error("nothing was collected")
	}
	if n := s.host.garbage.bytes.Load(); n >= muchGarbage {
		t.Errorf("%d bytes are still to be collected", n)
	}
}
