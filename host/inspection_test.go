package host

import (
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// open makes a connection to s and returns it with what the reactor would call.
func open(s *Service, t *stubTransport) (*conn, protocol.Protocol) {
	p := s.BuildProtocol(t.peer)
	p.ConnectionMade(t)
	return p.(*conn), p
}

func say(p protocol.Protocol, text string) {
	b := p.(protocol.BufferProvider).ReadBuffer()
	p.DataReceived(b[:copy(b, text)])
}

// Guests that cannot sleep give up their call stacks.
func TestQuietGuestsGiveUpTheirCallStacks(t *testing.T) {
	s, tr := stubService(t, guestbuild.Wat(t, "testdata/echo.wat"))
	s.code.recyclable = false
	c, p := open(s, tr)
	say(p, "hello")
	if c.inst.dispatch == nil {
		t.Fatal("there is no call engine after a call")
	}
	if again := tr.second(c.shard); c.inst.dispatch == nil || again == 0 {
		t.Fatalf("a guest that was lively gave up its call stack, or is not looked at again: %d ticks", again)
	}
	if tr.second(c.shard); c.inst.dispatch != nil {
		t.Fatal("a quiet guest has kept its call stack")
	}
	if again := tr.second(c.shard); again != 0 {
		t.Errorf("looked at again in %d ticks although nothing happens", again)
	}
	say(p, "again")
	if tr.out != len("helloagain") {
		t.Errorf("%d bytes echoed", tr.out)
	}
	p.ConnectionLost(protocol.ErrConnectionDone)
}

func TestPoolIsTrimmed(t *testing.T) {
	s, tr := stubService(t, guestbuild.Wat(t, "testdata/echo.wat"))
	var open100 []protocol.Protocol
	for range 100 {
		_, p := open(s, tr)
		open100 = append(open100, p)
	}
	sh := s.shardOf(tr.stub)
	for _, p := range open100 {
		p.ConnectionLost(protocol.ErrConnectionDone)
	}
	if n := len(sh.pool.free); n != 100 {
		t.Fatalf("%d machines in the pool, want 100", n)
	}
	looks := 0
	for tr.second(sh) != 0 {
		if looks++; looks > 100 {
			t.Fatalf("trimming does not come to an end: %d machines", len(sh.pool.free))
		}
	}
	if n := len(sh.pool.free); n != prewarmed || s.instances.Load() != prewarmed || len(sh.list) != 0 {
		t.Errorf("%d machines in the pool, %d instances in all, %d guests; want %d", n, s.instances.Load(), len(sh.list), prewarmed)
	}
	_, p := open(s, tr)
	say(p, "x")
	p.ConnectionLost(protocol.ErrConnectionDone)
}
