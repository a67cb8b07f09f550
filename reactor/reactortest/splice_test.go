package reactortest

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// relayed is a relay between two connections, and the protocols at its outer ends.
type relayed struct {
	*Reactor
	left, right   *Recorder
	inner         [2]*Recorder // the protocols that were spliced
	first, second *Pair
}

func newRelayed(t *testing.T) *relayed {
	t.Helper()
	r := &relayed{Reactor: NewReactor(), left: &Recorder{}, right: &Recorder{}, inner: [2]*Recorder{{}, {}}}
	r.first, r.second = r.Join(r.left, r.inner[0]), r.Join(r.inner[1], r.right)
	if err := r.first.Server.Splice(r.second.Client); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSplice(t *testing.T) {
	r := newRelayed(t)
	r.left.Transport.Write([]byte("ping"))
	r.right.Transport.Write([]byte("pong"))
	r.Settle()
	if r.left.Take() != "pong" || r.right.Take() != "ping" {
		t.Errorf("%q, %q", r.left.Received, r.right.Received)
	}
	if _, err := r.first.Server.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("Write after Splice: %v", err)
	}
	r.left.Transport.LoseWriteConnection()
	r.Settle()
	if r.right.Reason == nil || r.left.Reason == nil || r.inner[0].Reason == nil || r.inner[1].Reason == nil {
		t.Error("the end of both directions does not end the relay")
	}
	if len(r.inner[0].Received)+len(r.inner[1].Received) > 0 {
		t.Error("spliced protocols were given data")
	}
}

func TestSpliceHoldsBackAFastSender(t *testing.T) {
	r := newRelayed(t)
	r.right.Transport.PauseReading()
	sent := 0
	for r.first.Client.Buffered() < 128<<10 {
		n, _ := r.left.Transport.Write([]byte(strings.Repeat("x", 32<<10)))
		sent += n
		r.Settle()
	}
	if n := r.second.Client.Buffered(); n > 256<<10 {
		t.Errorf("%d bytes are queued in the relay", n)
	}
	r.right.Transport.ResumeReading()
	r.Settle()
	if len(r.right.Received) != sent {
		t.Errorf("%d of %d bytes arrived", len(r.right.Received), sent)
	}
}

func TestSplicePassesALossOn(t *testing.T) {
	r := newRelayed(t)
	r.left.Transport.AbortConnection()
	r.Settle()
	if protocol.ReasonOf(r.right.Reason) != protocol.ErrConnectionLost {
		t.Errorf("the other end is lost with %v", r.right.Reason)
	}
}

func TestSpliceErrors(t *testing.T) {
	r := NewReactor()
	a, b := r.Join(&Recorder{}, &Recorder{}).Server, r.Join(&Recorder{}, &Recorder{}).Server
	if err := a.Splice(a); !errors.Is(err, protocol.ErrUnsupported) {
		t.Errorf("with itself: %v", err)
	}
	if err := a.Splice(NewStringTransport()); !errors.Is(err, protocol.ErrUnsupported) {
		t.Errorf("with something else: %v", err)
	}
	a.RegisterProducer(&spliced{}, true)
	if err := a.Splice(b); !errors.Is(err, protocol.ErrProducerRegistered) {
		t.Errorf("with a producer: %v", err)
	}
	a.UnregisterProducer()
	b.LoseConnection()
	if err := a.Splice(b); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("with one that closes: %v", err)
	}
}
