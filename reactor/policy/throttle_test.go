package policy

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// throttled connects a client to inner behind a throttle.
func throttled(inner, client protocol.Protocol, throttle Throttle) *reactortest.Pair {
	return reactortest.NewPair(client, build(NewThrottlingFactory(always(inner), throttle), "1.2.3.4:5"))
}

// What comes in too fast is left with the peer; what is taken is within the rate, and nothing is lost.
func TestThrottleRead(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &buffered{buf: make([]byte, 64)}
	pair := throttled(inner, client, Throttle{Read: PerConnection(1000, 100, nil)})
	sent := bytes.Repeat([]byte("0123456789"), 200)
	if _, err := client.Transport.Write(sent); err != nil {
		t.Fatal(err)
	}
	pair.Settle()
	for elapsed := time.Duration(0); len(inner.Received) < len(sent); elapsed += 10 * time.Millisecond {
		// One chunk, of 64 bytes at most, is taken before it is paid for.
		if got, most := len(inner.Received), 100+int(elapsed/time.Millisecond)+64; got > most || got < most-2*64 {
			t.Fatalf("after %v: %d bytes, want about %d", elapsed, got, most)
		}
		pair.Advance(10 * time.Millisecond)
	}
	if !bytes.Equal(inner.Received, sent) || inner.bad != nil {
		t.Errorf("what was received is not what was sent, %v", inner.bad)
	}
}

// A buffer larger than the burst is not filled.
func TestThrottleReadBuffer(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &buffered{buf: make([]byte, 64)}
	pair := throttled(inner, client, Throttle{Read: PerConnection(1000, 10, nil)})
	fmt.Fprint(client.Transport, strings.Repeat("x", 30))
	pair.Settle()
	if len(inner.Received) > 20 {
		t.Errorf("%d bytes were received at once", len(inner.Received))
	}
	pair.Pump(20*time.Millisecond, 20*time.Millisecond)
	if len(inner.Received) != 30 {
		t.Errorf("%d bytes were received", len(inner.Received))
	}
}

// The protocol's own pauses and the throttle's do not undo one another.
func TestThrottleReadPause(t *testing.T) {
	tr, inner := reactortest.NewStringTransport(), &buffered{buf: make([]byte, 64)}
	p := build(NewThrottlingFactory(always(inner), Throttle{Read: PerConnection(1000, 100, nil)}), "1.2.3.4:5")
	p.ConnectionMade(tr)
	chunk := func(n int) {
		buf := p.(protocol.BufferProvider).ReadBuffer()
		p.DataReceived(buf[:n])
	}
	check := func(paused bool) {
		t.Helper()
		if tr.ReadingPaused() != paused {
			t.Errorf("reading is paused: %v", tr.ReadingPaused())
		}
	}
	chunk(60)
	check(false)
	chunk(60)
	check(true) // by the throttle, for 20 ms
	inner.Transport.ResumeReading()
	check(true)
	tr.Clock.Advance(20 * time.Millisecond)
	check(false)
	chunk(50)
	inner.Transport.PauseReading()
	tr.Clock.Advance(time.Second)
	check(true) // by the protocol
	inner.Transport.ResumeReading()
	check(false)
	chunk(60)
	chunk(60)
	inner.buf = nil
	if p.(protocol.BufferProvider).ReadBuffer() != nil {
		t.Error("there is a buffer")
	}
	tr.Clock.Advance(time.Second)
	check(true) // until the protocol has a buffer again
	inner.Transport.ResumeReading()
	check(false)
	inner.buf = make([]byte, 64)
	chunk(60)
	chunk(60)
	chunk(60) // which a transport should not deliver
	tr.Clock.Advance(10 * time.Millisecond)
	check(true)
	inner.Transport.LoseConnection()
	tr.Clock.Advance(time.Second)
	check(true)
	p.ConnectionLost(protocol.ErrConnectionDone)
	if tr.Clock.Pending() != 0 {
		t.Errorf("%d timers are left", tr.Clock.Pending())
	}
}

// Output is held to the rate without a producer, in order, and the close waits for it.
func TestThrottleWrite(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := throttled(inner, client, Throttle{Write: PerConnection(1000, 100, nil)})
	var sent string
	for i := range 50 {
		s := fmt.Sprintf("message %08d,", i)
		sent += s
		if n, err := fmt.Fprint(inner.Transport, s); n != len(s) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	big := strings.Repeat("0123456789", 100)
	fmt.Fprint(inner.Transport, big)
	sent += big
	inner.Transport.LoseConnection()
	if _, err := inner.Transport.Write([]byte("x")); err != protocol.ErrClosed || !inner.Transport.Disconnecting() {
		t.Errorf("writing after the close: %v", err)
	}
	fmt.Fprint(client.Transport, "is not read any more")
	pair.Settle()
	if buffered := inner.Transport.Buffered(); buffered != len(sent)-len(client.Received) {
		t.Errorf("%d bytes are buffered, %d were received", buffered, len(client.Received))
	}
	for elapsed := time.Duration(0); inner.Reason == nil; elapsed += 10 * time.Millisecond {
		most := min(len(sent), 100+int(elapsed/time.Millisecond))
		if got := len(client.Received); got > most || got < most-100 {
			t.Fatalf("after %v: %d bytes, want about %d", elapsed, got, most)
		}
		pair.Advance(10 * time.Millisecond)
	}
	if string(client.Received) != sent || inner.Received != nil ||
		protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone {
		t.Errorf("lost by %v; received %d bytes of %d", inner.Reason, len(client.Received), len(sent))
	}
	if pair.Pending() != 0 {
		t.Errorf("%d timers are left", pair.Pending())
	}
}

// Many connections share one rate, and each gets its turn.
func TestThrottleShared(t *testing.T) {
	r := reactortest.NewReactor()
	root := NewBucket(1000, 100, nil)
	throttle := Throttle{Write: PerConnection(1e6, 50, root)}
	var clients []*reactortest.Recorder
	for range 4 {
		client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
		r.Join(client, build(NewThrottlingFactory(always(inner), throttle), "1.2.3.4:5"))
		fmt.Fprint(inner.Transport, strings.Repeat("x", 500))
		clients = append(clients, client)
	}
	r.Settle()
	for elapsed := time.Duration(0); elapsed <= 2*time.Second; elapsed += 10 * time.Millisecond {
		total, least, most := 0, 500, 0
		for _, client := range clients {
			n := len(client.Received)
			total, least, most = total+n, min(least, n), max(most, n)
		}
		if limit := min(2000, 100+int(elapsed/time.Millisecond)); total > limit || total < limit-200 {
			t.Fatalf("after %v: %d bytes, want about %d", elapsed, total, limit)
		}
		if most-least > 100 {
			t.Fatalf("after %v: one has %d bytes, another %d", elapsed, least, most)
		}
		r.Advance(10 * time.Millisecond)
	}
}

// A protocol that does not heed the limit loses its connection.
func TestThrottleHardCap(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := throttled(inner, client, Throttle{Write: PerConnection(1000, 100, nil), HardCap: 1000})
	if _, err := inner.Transport.Write(make([]byte, 1100)); err != nil {
		t.Errorf("at the cap: %v", err)
	}
	if _, err := inner.Transport.Write(make([]byte, 1)); protocol.ReasonOf(err) != protocol.ErrLimit {
		t.Errorf("beyond the cap: %v", err)
	}
	pair.Settle()
	if protocol.ReasonOf(inner.Reason) != protocol.ErrLimit || pair.Pending() != 0 {
		t.Errorf("lost by %v, %d timers are left", inner.Reason, pair.Pending())
	}
	if _, err := inner.Transport.Write([]byte("x")); err != protocol.ErrClosed {
		t.Errorf("writing after the loss: %v", err)
	}
}

// What a connection reserved and did not send is there for the others.
func TestThrottleAbort(t *testing.T) {
	root := NewBucket(1000, 100, nil)
	tr, inner := reactortest.NewStringTransport(), &reactortest.Recorder{}
	build(NewThrottlingFactory(always(inner), Throttle{Write: Shared(root)}), "1.2.3.4:5").ConnectionMade(tr)
	fmt.Fprint(inner.Transport, strings.Repeat("x", 190))
	if tr.Take() != strings.Repeat("x", 100) || inner.Transport.Buffered() != 90 {
		t.Errorf("%d bytes are buffered", inner.Transport.Buffered())
	}
	inner.Transport.AbortConnection()
	if !tr.Aborted() || inner.Transport.Buffered() != 0 || tr.Clock.Pending() != 0 {
		t.Errorf("%d bytes, %d timers are left", inner.Transport.Buffered(), tr.Clock.Pending())
	}
	if wait := root.take(tr.Clock.Now(), 1); wait != time.Millisecond {
		t.Errorf("the next waits %v", wait)
	}
}
