package host

import (
	"math"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

func TestBucket(t *testing.T) {
	b := newBucket(1000, 0)
	if b.spend(1000, 0) {
		t.Error("a second's worth is a debt")
	}
	if !b.spend(500, 0) || b.debt() != 500 {
		t.Errorf("debt %d, want 500", b.debt())
	}
	if b.refill(4); b.debt() != 100 {
		t.Errorf("debt %d after 0.4 s, want 100", b.debt())
	}
	if b.refill(4); b.debt() != 100 {
		t.Error("a tick is counted twice")
	}
	if b.refill(1_000_000); b.have != 1000 {
		t.Errorf("%d after a long time, want a second's worth", b.have)
	}
	none := newBucket(Unlimited, 0)
	for range 3 {
		if none.spend(math.MaxInt64, 0) {
			t.Error("an unlimited bucket has an end")
		}
	}
	huge := newBucket(math.MaxInt64, 0)
	for now := range int64(100) {
		if huge.spend(1<<40, now*now); huge.have < 0 {
			t.Fatal("a huge rate overflows")
		}
	}
	slow := newBucket(1, 0)
	slow.spend(3, 0)
	for now := int64(1); now <= 30; now++ {
		slow.refill(now)
	}
	if slow.have < 0 {
		t.Errorf("a rate of one a second pays nothing back in ticks: %d", slow.have)
	}
}

func TestMetrics(t *testing.T) {
	var m metrics
	for _, v := range []float64{1, 2, 1.5, 0, -3, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		if code := m.record(abi.MetricHistogram, "h", v); code != abi.OK {
			t.Errorf("record %v: %v", v, code)
		}
	}
	h := m.read()[0]
	sum := uint64(0)
	for _, n := range h.Buckets {
		sum += n
	}
	if h.Count != 7 || sum != 7 || h.Buckets[metricExponent] != 1 || h.Buckets[metricExponent+1] != 2 {
		t.Errorf("histogram %+v", h)
	}
	for n := range maxMetrics + 1 {
		code := m.record(abi.MetricGauge, "g"+string(rune('a'+n/26))+string(rune('a'+n%26)), 1)
		if want := n < maxMetrics-1; (code == abi.OK) != want && n != maxMetrics-1 {
			t.Errorf("metric %d: %v", n, code)
		}
	}
}
