package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// slow lets 1000 bytes a second out, 100 at once.
func slow() Throttle { return Throttle{Write: PerConnection(1000, 100, nil), HardCap: 4000} }

// pass lets time pass in small steps, as it does: a bucket has no use for time beyond what its burst lasts.
func pass(pair *reactortest.Pair, d time.Duration) {
	for ; d > 0; d -= 10 * time.Millisecond {
		pair.Advance(10 * time.Millisecond)
	}
}

// A push producer is paused at the mark, a quarter of the cap, and goes on when a quarter of that is left.
func TestThrottlePushProducer(t *testing.T) {
	client, inner, p := &reactortest.Recorder{}, &reactortest.Recorder{}, &producer{}
	pair := throttled(inner, client, slow())
	if err := inner.Transport.RegisterProducer(p, true); err != nil {
		t.Fatal(err)
	}
	if err := inner.Transport.RegisterProducer(p, true); err != protocol.ErrProducerRegistered {
		t.Errorf("a second producer: %v", err)
	}
	fmt.Fprint(inner.Transport, strings.Repeat("x", 1100))
	pair.Settle()
	if got := p.String(); got != "" {
		t.Errorf("at the mark: %s", got)
	}
	fmt.Fprint(inner.Transport, "x")
	if got := p.String(); got != "" {
		t.Errorf("Write called the producer: %s", got)
	}
	pair.Settle()
	if got := p.String(); got != "pause" {
		t.Errorf("above the mark: %q", got)
	}
	pass(pair, 700*time.Millisecond)
	if got := p.String(); got != "" {
		t.Errorf("between the marks: %q", got)
	}
	pass(pair, 100*time.Millisecond)
	if got := p.String(); got != "resume" {
		t.Errorf("at the lower mark: %q", got)
	}
	inner.Transport.LoseConnection()
	fmt.Fprint(inner.Transport, "the last words")
	pass(pair, time.Second)
	if inner.Reason != nil {
		t.Fatalf("the producer was not waited for: %v", inner.Reason)
	}
	fmt.Fprint(inner.Transport, strings.Repeat("y", 200))
	inner.Transport.UnregisterProducer()
	pair.Settle()
	if inner.Reason != nil {
		t.Fatalf("the output was not waited for: %v", inner.Reason)
	}
	pass(pair, time.Second)
	end := "the last words" + strings.Repeat("y", 200)
	if inner.Reason == nil || p.String() != "" || !strings.HasSuffix(string(client.Received), end) {
		t.Errorf("lost by %v, producer %v", inner.Reason, p)
	}
}

// A producer that is registered when much is queued is paused; the transport below pauses it, too.
func TestThrottleProducerBelow(t *testing.T) {
	tr, inner, p := reactortest.NewStringTransport(), &reactortest.Recorder{}, &producer{}
	build(NewThrottlingFactory(always(inner), slow()), "1.2.3.4:5").ConnectionMade(tr)
	fmt.Fprint(inner.Transport, strings.Repeat("x", 2000))
	if err := inner.Transport.RegisterProducer(p, true); err != nil {
		t.Fatal(err)
	}
	tr.Clock.Advance(0)
	below, streaming := tr.Producer()
	if got := p.String(); got != "pause" || !streaming {
		t.Errorf("registered above the mark: %q", got)
	}
	below.PauseProducing()
	for range 30 {
		tr.Clock.Advance(100 * time.Millisecond)
	}
	if got := p.String(); got != "" || inner.Transport.Buffered() != 0 {
		t.Errorf("resumed while the transport below is full: %q", got)
	}
	below.ResumeProducing()
	if got := p.String(); got != "resume" {
		t.Errorf("%q", got)
	}
	below.PauseProducing()
	below.ResumeProducing()
	if got := p.String(); got != "pause resume" {
		t.Errorf("%q", got)
	}
	below.StopProducing()
	below.PauseProducing()
	if got := p.String(); got != "stop" {
		t.Errorf("%q", got)
	}
}

// A pull producer is asked for the next piece when the one before has gone out.
func TestThrottlePullProducer(t *testing.T) {
	client, inner, p := &reactortest.Recorder{}, &reactortest.Recorder{}, &producer{}
	pieces := 0
	p.piece = func() {
		if pieces++; pieces > 5 {
			inner.Transport.UnregisterProducer()
			inner.Transport.LoseConnection()
			return
		}
		fmt.Fprint(inner.Transport, strings.Repeat(fmt.Sprint(pieces), 100))
	}
	pair := throttled(inner, client, slow())
	if err := inner.Transport.RegisterProducer(p, false); err != nil {
		t.Fatal(err)
	}
	pair.Settle()
	for i := range 4 {
		if len(client.Received) != 100*(i+1) || pieces != i+2 {
			t.Fatalf("step %d: %d bytes, %d pieces", i, len(client.Received), pieces)
		}
		pair.Advance(100 * time.Millisecond)
	}
	want := ""
	for i := range 5 {
		want += strings.Repeat(fmt.Sprint(i+1), 100)
	}
	if string(client.Received) != want || inner.Reason == nil {
		t.Errorf("%d bytes, lost by %v", len(client.Received), inner.Reason)
	}
}

// The close of the sending side comes after the output.
func TestThrottleHalfClose(t *testing.T) {
	client, inner := &halfCloserProtocol{}, &halfCloserProtocol{}
	pair := throttled(inner, client, slow())
	fmt.Fprint(inner.Transport, strings.Repeat("x", 200))
	inner.Transport.LoseWriteConnection()
	if _, err := inner.Transport.Write([]byte("x")); err != protocol.ErrClosed {
		t.Errorf("writing after the close: %v", err)
	}
	pair.Settle()
	if client.events != nil || inner.events != nil {
		t.Errorf("too early: %v, %v", client.events, inner.events)
	}
	fmt.Fprint(client.Transport, "still read")
	pair.Advance(100 * time.Millisecond)
	if fmt.Sprint(client.events, inner.events) != "[read] [write]" ||
		inner.Take() != "still read" || len(client.Received) != 200 {
		t.Errorf("events %v, %v; received %q, %d bytes", client.events, inner.events, inner.Received, len(client.Received))
	}
}

// A peer that closes its side gets the answer all the same, from a protocol that does not know of that.
func TestThrottleHalfCloseUnknown(t *testing.T) {
	client, inner, p := &halfCloserProtocol{}, &reactortest.Recorder{}, &producer{}
	pair := throttled(inner, client, slow())
	if err := inner.Transport.RegisterProducer(p, true); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(inner.Transport, strings.Repeat("x", 300))
	client.Transport.LoseWriteConnection()
	pair.Settle()
	if got := p.String(); got != "stop" || inner.Reason != nil {
		t.Errorf("producer %q, lost by %v", got, inner.Reason)
	}
	pass(pair, time.Second)
	if len(client.Received) != 300 || protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone {
		t.Errorf("%d bytes, lost by %v", len(client.Received), inner.Reason)
	}
}

// What was written before StartTLS goes out before it.
func TestThrottleStartTLS(t *testing.T) {
	tr, inner := reactortest.NewStringTransport(), &reactortest.Recorder{}
	build(NewThrottlingFactory(always(inner), slow()), "1.2.3.4:5").ConnectionMade(tr)
	fmt.Fprint(inner.Transport, strings.Repeat("x", 400))
	if err := inner.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != nil {
		t.Fatal(err)
	}
	if got := tr.Take(); len(got) != 400 || tr.StartTLSOptions == nil {
		t.Errorf("%d bytes are out", len(got))
	}
	// It was charged for.
	fmt.Fprint(inner.Transport, "y")
	tr.Clock.Advance(300 * time.Millisecond)
	if got := tr.Take(); got != "" {
		t.Errorf("%q is out too early", got)
	}
	tr.Clock.Advance(time.Millisecond)
	if got := tr.Take(); got != "y" || tr.Clock.Pending() != 0 {
		t.Errorf("%q is out, %d timers are left", got, tr.Clock.Pending())
	}
}

// A connection that is lost leaves its output behind and no timer; the transport below may be gone before.
func TestThrottleLost(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := throttled(inner, client, slow())
	fmt.Fprint(inner.Transport, strings.Repeat("x", 400))
	client.Transport.AbortConnection()
	pair.Advance(time.Second)
	if inner.Reason == nil || pair.Pending() != 0 {
		t.Errorf("lost by %v, %d timers are left", inner.Reason, pair.Pending())
	}
}
