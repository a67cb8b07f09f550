package host

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A stub is a loop and a transport that do nothing, so that what remains is the sandbox's own cost.
type stub struct {
	Loop
	now   time.Time
	peer  protocol.Address
	out   int
	held  int // bytes that the transport says are queued
	turns []func()

	written bytes.Buffer // the first part of it
}

func (s *stub) Now() time.Time { return s.now }

// CallLater keeps what is for the next turn. Nothing else ever comes.
func (s *stub) CallLater(after time.Duration, f func()) protocol.DelayedCall {
	if after == 0 {
		s.turns = append(s.turns, f)
	}
	return nil
}

// second has the shard look at its guests, in as many turns as that takes, and returns in how many ticks it wants to look
// again.
func (s *stub) second(sh *shard) int64 {
	again := sh.Due(0)
	s.run()
	return again
}

// run has the turns come that were asked for.
func (s *stub) run() {
	for len(s.turns) > 0 {
		next := s.turns
		s.turns = nil
		for _, f := range next {
			f()
		}
	}
}

// pass lets time pass on the clock of the shard.
func (s *stub) pass(sh *shard, d time.Duration) {
	s.now = s.now.Add(d)
	sh.clock.tick()
	s.run()
}

type stubTransport struct {
	protocol.Transport
	*stub
}

func (t *stubTransport) Write(p []byte) (int, error) {
	t.out += len(p)
	if t.written.Len() < 16<<10 {
		t.written.Write(p)
	}
	return len(p), nil
}
func (t *stubTransport) Buffered() int                                  { return t.held }
func (t *stubTransport) Peer() protocol.Address                         { return t.peer }
func (t *stubTransport) Host() protocol.Address                         { return t.peer }
func (t *stubTransport) Reactor() protocol.Reactor                      { return t.stub }
func (t *stubTransport) ID() uint64                                     { return 1 }
func (t *stubTransport) RegisterProducer(protocol.Producer, bool) error { return nil }
func (t *stubTransport) UnregisterProducer()                            {}
func (t *stubTransport) AbortConnection()                               {}
func (t *stubTransport) PauseReading()                                  {}
func (t *stubTransport) ResumeReading()                                 {}

// stubService starts a guest from testdata on a stub.
func stubService(t testing.TB, wasm []byte) (*Service, *stubTransport) {
	t.Helper()
	return stubServiceWith(t, wasm, nil)
}

// stubServiceWith is stubService with configuration for the guest.
func stubServiceWith(t testing.TB, wasm []byte, config map[string]string) (*Service, *stubTransport) {
	t.Helper()
	h, err := New(Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	m, err := h.Load(t.Context(), "guest", wasm)
	if err != nil {
		t.Fatal(err)
	}
	loop := &stub{now: time.Now(), peer: protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("192.0.2.1:1")}}
	s, err := h.NewServiceOn(m, loop, ServiceConfig{Config: config, Limits: Limits{FuelRate: Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	return s, &stubTransport{stub: loop}
}

// connectOnce takes a connection through its life: made, one chunk of data, lost.
func connectOnce(s *Service, t *stubTransport, p []byte) {
	c := s.BuildProtocol(t.peer)
	c.ConnectionMade(t)
	c.DataReceived(c.(protocol.BufferProvider).ReadBuffer()[:copy(c.(protocol.BufferProvider).ReadBuffer(), p)])
	c.ConnectionLost(protocol.ErrConnectionDone)
}

// BenchmarkFreshImage is BenchmarkFresh for guests that have written to so much of their memory when they start.
func BenchmarkFreshImage(b *testing.B) {
	for _, kib := range []int{64, 1 << 10, 16 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			s, t := stubService(b, guestbuild.WatText(b, fmt.Sprintf(`(module
  (import "wasmnet_v1" "set_receive_buffer" (func $set_receive_buffer (param i32 i32) (result i32)))
  (import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
  (memory (export "memory") %d)
  (func (export "wasmnet_start") (result i32)
    (memory.fill (i32.const 0) (i32.const 0x5a) (i32.const %d))
    (call $set_receive_buffer (i32.const 4096) (i32.const 4096)))
  (func (export "data_received") (param $conn i32) (param $len i32)
    (drop (call $write (local.get $conn) (i32.const 4096) (local.get $len)))))`, kib/64, kib<<10)))
			message := make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				connectOnce(s, t, message)
			}
		})
	}
}

// goEcho builds the smallest server in Go.
func goEcho(t testing.TB) []byte {
	t.Helper()
	return guestbuild.Go(t, "../guest-sdk/go/examples/echo")
}

// BenchmarkEvent is the price of one message: the buffer, the call, the write.
func BenchmarkEvent(b *testing.B) {
	s, t := stubService(b, guestbuild.Wat(b, "testdata/echo.wat"))
	c := s.BuildProtocol(t.peer)
	c.ConnectionMade(t)
	buffers := c.(protocol.BufferProvider)
	b.ReportAllocs()
	for b.Loop() {
		c.DataReceived(buffers.ReadBuffer()[:64])
	}
	if t.out == 0 {
		b.Fatal("nothing was echoed")
	}
	c.ConnectionLost(protocol.ErrConnectionDone)
}

func TestEventsDoNotAllocate(t *testing.T) {
	s, tr := stubService(t, guestbuild.Wat(t, "testdata/echo.wat"))
	c := s.BuildProtocol(tr.peer)
	c.ConnectionMade(tr)
	buffers := c.(protocol.BufferProvider)
	if n := testing.AllocsPerRun(100, func() { c.DataReceived(buffers.ReadBuffer()[:64]) }); n != 0 {
		t.Errorf("an event allocates %v times", n)
	}
	if tr.out != 101*64 {
		t.Errorf("%d bytes echoed", tr.out)
	}
	c.ConnectionLost(protocol.ErrConnectionDone)
}
