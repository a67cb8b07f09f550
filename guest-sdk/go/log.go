//go:build wasip1

package wasmnet

import (
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
)

// Log writes one line at a level of the ABI (abi.LogDebug to abi.LogError). The host adds module, service and
// connection, and drops lines beyond the service's limit. Package guestlog has the same as a slog.Handler.
func Log(level int, text string) { hostLog(int32(level), stringPtr(text), int32(len(text))) }

// Counter adds value, 0 or above, to the counter called name, which is made of a-z, 0-9 and _ and begins with a letter.
func Counter(name string, value float64) error { return metric(abi.MetricCounter, name, value) }

// Gauge sets the gauge called name.
func Gauge(name string, value float64) error { return metric(abi.MetricGauge, name, value) }

// Observe records value in the histogram called name.
func Observe(name string, value float64) error { return metric(abi.MetricHistogram, name, value) }

func metric(kind int32, name string, value float64) error {
	if code := hostMetric(kind, stringPtr(name), int32(len(name)), value); code < 0 {
		return fmt.Errorf("metric %q = %v: %w", name, value, abi.Code(code))
	}
	return nil
}
