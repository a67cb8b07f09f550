package host

import (
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/wasmnet/wasmnet/abi"
)

// A Metric is a measurement that guests record.
type Metric struct {
	Name  string
	Kind  string  // counter, gauge, histogram
	Value float64 // a counter's sum, a gauge's last value, a histogram's sum
	Count uint64  // how often it was recorded
	// Buckets of a histogram: how many values were at most [MetricBound] of the index, and more than that of the index
	// before. The last one has no bound.
	Buckets []uint64
}

const (
	maxMetrics     = 256 // of a service
	maxMetricName  = 64
	metricBuckets  = 64
	metricExponent = 20
)

var metricKinds = [...]string{abi.MetricCounter: "counter", abi.MetricGauge: "gauge", abi.MetricHistogram: "histogram"}

// metrics are those of one service.
type metrics struct {
	mu   sync.Mutex
	name map[string]*Metric
}

// record takes one measurement.
func (m *metrics) record(kind int32, name string, value float64) abi.Code {
	if kind < 0 || int(kind) >= len(metricKinds) || !validMetricName(name) || math.IsNaN(value) || math.IsInf(value, 0) ||
		kind == abi.MetricCounter && value < 0 {
		return abi.Invalid
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.name[name]
	if x == nil {
		if len(m.name) >= maxMetrics {
			return abi.Limit
		}
		x = &Metric{Name: name, Kind: metricKinds[kind]}
		if m.name == nil {
			m.name = map[string]*Metric{}
		}
		m.name[name] = x
	}
	if x.Kind != metricKinds[kind] {
		return abi.Conflict
	}
	x.Count++
	switch kind {
	case abi.MetricGauge:
		x.Value = value
	case abi.MetricHistogram:
		if x.Buckets == nil {
			x.Buckets = make([]uint64, metricBuckets)
		}
		x.Buckets[bucketOf(value)]++
		x.Value += value
	default:
		x.Value += value
	}
	return abi.OK
}

// MetricBound is the bound of a histogram's bucket: 2^(index-20).
func MetricBound(index int) float64 { return math.Ldexp(1, index-metricExponent) }

func bucketOf(value float64) int {
	if value <= 0 {
		return 0
	}
	fraction, exponent := math.Frexp(value)
	if fraction == 0.5 {
		exponent-- // an exact power of two is in its own bucket
	}
	return min(max(exponent+metricExponent, 0), metricBuckets-1)
}

// validMetricName takes small letters, digits and underscores, beginning with a letter.
func validMetricName(s string) bool {
	if s == "" || len(s) > maxMetricName || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	}) < 0
}

func (m *metrics) read() []Metric {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Metric
	for _, name := range sortedKeys(m.name) {
		x := *m.name[name]
		x.Buckets = slices.Clone(x.Buckets)
		all = append(all, x)
	}
	return all
}
