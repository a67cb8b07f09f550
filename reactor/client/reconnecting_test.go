package client

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const endpointText = "tcp:127.0.0.1:1"

// recorders builds a Recorder for each connection and keeps them.
type recorders struct {
	built  []*reactortest.Recorder
	calls  []string
	refuse bool
}

func (f *recorders) BuildProtocol(protocol.Address) protocol.Protocol {
	if f.refuse {
		return nil
	}
	p := &reactortest.Recorder{}
	f.built = append(f.built, p)
	return p
}

func (f *recorders) StartedConnecting(protocol.Connector) { f.calls = append(f.calls, "connecting") }
func (f *recorders) ClientConnectionFailed(_ protocol.Connector, reason error) {
	f.calls = append(f.calls, "failed")
}
func (f *recorders) ClientConnectionLost(_ protocol.Connector, reason error) {
	f.calls = append(f.calls, "lost")
}

// last is the newest connection.
func (f *recorders) last() *reactortest.Recorder { return f.built[len(f.built)-1] }

// attempts is the number of attempts so far.
func (f *recorders) attempts() int {
	n := 0
	for _, call := range f.calls {
		if call == "connecting" {
			n++
		}
	}
	return n
}

// reconnecting dials an endpoint where nobody listens, without jitter.
func reconnecting(t *testing.T) (*reactortest.Reactor, *recorders, *ReconnectingFactory) {
	t.Helper()
	r, inner := reactortest.NewReactor(), &recorders{}
	f := NewReconnectingFactory(r, inner)
	f.Jitter = 0
	if _, err := r.Connect(endpointText, f); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	return r, inner, f
}

// serve listens where they dial, and keeps the servers' ends.
func serve(t *testing.T, r *reactortest.Reactor) (*recorders, protocol.Port) {
	t.Helper()
	f := &recorders{}
	port, err := r.Listen("tcp:1:interface=127.0.0.1", f)
	if err != nil {
		t.Fatal(err)
	}
	return f, port
}

// Each wait is e times the one before, up to the maximum, and the first is e already.
func TestReconnectingDelays(t *testing.T) {
	r, inner, _ := reconnecting(t)
	delay := 1.0
	for i := range 12 {
		delay = min(delay*math.E, 3600)
		wait, ok := r.Next()
		if want := seconds(delay); !ok || wait-want > time.Microsecond || want-wait > time.Microsecond {
			t.Fatalf("wait %d is %v, want %v", i+1, wait, want)
		}
		r.Advance(wait - 1)
		if got := inner.attempts(); got != i+1 {
			t.Fatalf("%d attempts before the wait was over", got)
		}
		r.Advance(1)
		if got := inner.attempts(); got != i+2 {
			t.Fatalf("%d attempts after %d waits", got, i+1)
		}
	}
}

// The jitter is normally distributed, and compounds. A wait is never negative.
func TestReconnectingJitter(t *testing.T) {
	r, inner := reactortest.NewReactor(), &recorders{}
	f := NewReconnectingFactory(r, inner)
	if f.Jitter != 0.119626565582 || f.InitialDelay != time.Second || f.MaxDelay != time.Hour ||
		f.Factor != math.E || f.MaxRetries != 0 {
		t.Errorf("defaults %+v", f)
	}
	f.MaxRetries = 3
	normal := []float64{1, -2, -1000}
	f.normal = func() float64 {
		n := normal[0]
		normal = normal[1:]
		return n
	}
	if _, err := r.Connect(endpointText, f); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	first := math.E * (1 + f.Jitter)
	second := first * math.E * (1 - 2*f.Jitter)
	for i, want := range []time.Duration{seconds(first), seconds(second)} {
		wait, _ := r.Next()
		if diff := wait - want; diff > time.Microsecond || diff < -time.Microsecond {
			t.Errorf("wait %d is %v, want %v", i, wait, want)
		}
		r.Advance(wait)
	}
	if got := inner.attempts(); got != 4 || r.Pending() != 0 {
		t.Errorf("%d attempts, %d timers are left", got, r.Pending())
	}
}

func TestReconnectingMaxRetries(t *testing.T) {
	r, inner := reactortest.NewReactor(), &recorders{}
	f := NewReconnectingFactory(r, inner)
	f.MaxRetries = 2
	if _, err := r.Connect(endpointText, f); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		r.Advance(time.Hour)
	}
	if got := inner.attempts(); got != 3 || r.Pending() != 0 {
		t.Errorf("%d attempts, %d timers are left", got, r.Pending())
	}
}

// A connection that is lost is made again; the wrapped factory hears of everything.
func TestReconnectingLost(t *testing.T) {
	r, inner, f := reconnecting(t)
	server, _ := serve(t, r)
	r.Advance(seconds(math.E))
	if len(inner.built) != 1 {
		t.Fatalf("%d connections", len(inner.built))
	}
	f.ResetDelay()
	server.last().Transport.LoseConnection()
	r.Settle()
	if wait, _ := r.Next(); wait != seconds(math.E) {
		t.Errorf("after ResetDelay the wait is %v", wait)
	}
	r.Advance(seconds(math.E))
	if got := fmt.Sprint(inner.calls); got != "[connecting failed connecting lost connecting]" || len(inner.built) != 2 {
		t.Errorf("%v, %d connections", got, len(inner.built))
	}
	// A connection that is up stays up.
	f.StopTrying()
	r.Settle()
	if inner.last().Reason != nil {
		t.Errorf("lost by %v", inner.last().Reason)
	}
	server.last().Transport.LoseConnection()
	r.Advance(time.Hour)
	if len(inner.built) != 2 || r.Pending() != 0 {
		t.Errorf("%d connections, %d timers are left", len(inner.built), r.Pending())
	}
}

func TestReconnectingStopTrying(t *testing.T) {
	// In a wait.
	r, inner, f := reconnecting(t)
	f.StopTrying()
	r.Advance(time.Hour)
	if got := inner.attempts(); got != 1 || r.Pending() != 0 {
		t.Errorf("%d attempts, %d timers are left", got, r.Pending())
	}
	// In an attempt.
	r, inner = reactortest.NewReactor(), &recorders{}
	r.Unreachable("127.0.0.1:1", protocol.ErrTimeout)
	f = NewReconnectingFactory(r, inner)
	if _, err := r.Connect(endpointText, f); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	f.StopTrying()
	r.Advance(time.Hour)
	if got := fmt.Sprint(inner.calls); got != "[connecting failed]" || r.Pending() != 0 {
		t.Errorf("%v, %d timers are left", got, r.Pending())
	}
	// Before anything.
	NewReconnectingFactory(r, inner).StopTrying()
}
