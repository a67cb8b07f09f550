package host_test

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A stillness is a service in memory, where time passes when the test says so.
type stillness struct {
	testing.TB
	*reactortest.Reactor
	*host.Service
	log *logbook.Book
}

// still starts a guest from testdata.
func still(t testing.TB, file string, cfg host.ServiceConfig) *stillness {
	t.Helper()
	w := newWorld(t)
	r := reactortest.NewReactor()
	t.Cleanup(r.Close)
	s, err := w.NewServiceOn(w.load(file, wat(t, file)), r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &stillness{t, r, s, w.log}
}

// dial connects to the service.
func (s *stillness) dial() (*reactortest.Recorder, protocol.Transport) {
	s.Helper()
	to := &reactortest.Recorder{}
	p := s.Join(to, s.BuildProtocol(protocol.TCPAddress{}))
	p.Settle()
	return to, p.Client
}

// breached holds that one limit was breached, so many times.
func (s *stillness) breached(limit string, n uint64) {
	s.Helper()
	if b := s.Stats().Breaches; len(b) != 1 || b[limit] != n {
		s.Errorf("breaches %v, want %d of %s", b, n, limit)
	}
}

// A peer that sends a byte a second is not idle. The limit of its lifetime ends it, and not a second earlier.
func TestOneByteASecond(t *testing.T) {
	s := still(t, "echo.wat", host.ServiceConfig{Limits: host.Limits{Idle: 2 * time.Second, Lifetime: time.Minute}})
	got, to := s.dial()
	for second := range 60 {
		s.Advance(time.Second)
		to.Write([]byte{byte(second)})
		s.Settle()
		if b := got.Take(); b != string([]byte{byte(second)}) || got.Reason != nil {
			t.Fatalf("after %d seconds: %q, lost for %v", second, b, got.Reason)
		}
	}
	s.Advance(time.Second)
	if got.Reason == nil {
		t.Error("it outlives its lifetime")
	}
	s.breached("lifetime", 1)
	s.log.Wait(t, "limit exceeded", "limit=lifetime", "value=1m0s")
}

func TestTimesAreHeldExactly(t *testing.T) {
	for limit, limits := range map[string]host.Limits{
		"idle":       {Idle: 30 * time.Second},
		"first-byte": {FirstByte: 30 * time.Second},
		"lifetime":   {Lifetime: 30 * time.Second},
	} {
		t.Run(limit, func(t *testing.T) {
			s := still(t, "echo.wat", host.ServiceConfig{Limits: limits})
			got, _ := s.dial()
			if s.Advance(30 * time.Second); got.Reason != nil {
				t.Error("it has ended before its time")
			}
			if s.Advance(time.Second); got.Reason == nil {
				t.Error("it has not ended in time")
			}
			s.breached(limit, 1)
		})
	}
}

// What a peer sends too fast is read when it is due, a second's worth at a time. The last piece of a second is read on
// credit.
func TestRateInIsHeld(t *testing.T) {
	const rate, piece, seconds = 100_000, 64 << 10, 5
	s := still(t, "echo.wat", host.ServiceConfig{Limits: host.Limits{RateIn: rate}})
	got, to := s.dial()
	to.Write(make([]byte, rate*seconds))
	s.Settle()
	for second := 1; ; second++ {
		n := len(got.Received)
		if n > rate*second+piece {
			t.Fatalf("after %d seconds %d bytes were read", second-1, n)
		}
		if n == rate*seconds {
			if second < seconds-1 {
				t.Errorf("all was read in %d seconds", second)
			}
			break
		}
		if second > seconds+1 {
			t.Fatalf("after %d seconds only %d bytes were read", second, n)
		}
		s.Pump(100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond,
			100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond)
	}
	s.breached("rate-in", 1)
	s.log.Wait(t, "limit exceeded", "limit=rate-in", "value=100000")
}

// A guest in debt is not given data until it is out of it, and then all that has come.
func TestFuelRateIsHeld(t *testing.T) {
	s := still(t, "echo.wat", host.ServiceConfig{Limits: host.Limits{FuelRate: 10_000}})
	s.Chunks = reactortest.Sizes(1)
	got, to := s.dial()
	const pieces = 1000
	to.Write(make([]byte, pieces))
	s.Settle()
	seconds := 0
	for ; len(got.Received) < pieces && got.Reason == nil; seconds++ {
		s.Advance(time.Second)
	}
	fuel := s.Stats().Fuel // of the seconds before the last
	if got.Reason != nil || len(got.Received) != pieces {
		t.Fatalf("%d of %d bytes in %d seconds, lost for %v", len(got.Received), pieces, seconds, got.Reason)
	}
	if fuel < 20_000 || uint64(seconds+3) < fuel/10_000 {
		t.Errorf("%d units were used in %d seconds", fuel, seconds)
	}
}
