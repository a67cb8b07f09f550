package host

import (
	"crypto/rand"
	"math"

	"github.com/wasmnet/wasmnet/abi"
)

func setReceiveBuffer(i *instance, s []uint64) {
	i.view(s[0], s[1])
	ptr, n := uint32(s[0]), uint32(s[1])
	if n < abi.MinReceiveBuffer {
		ret(s, abi.Invalid)
		return
	}
	i.receive = span{ptr, n}
	ret(s, abi.OK)
}

func logLine(i *instance, s []uint64) {
	level, line := int32(s[0]), i.view(s[1], s[2])
	level = min(max(level, abi.LogDebug), abi.LogError)
	i.chargeBytes(s[2])
	i.say(logLevels[level], line)
}

func recordMetric(i *instance, s []uint64) {
	kind, name, value := int32(s[0]), i.view(s[1], s[2]), math.Float64frombits(s[3])
	if len(name) > maxMetricName {
		ret(s, abi.Invalid)
		return
	}
	ret(s, i.svc.metrics.record(kind, string(name), value))
}

const maxConfigKey = 256

func readConfig(i *instance, s []uint64) {
	key, to := i.view(s[0], s[1]), i.view(s[2], s[3])
	if len(key) > maxConfigKey {
		ret(s, abi.Invalid)
		return
	}
	value, ok := i.svc.config[string(key)]
	if !ok {
		ret(s, abi.NotFound)
		return
	}
	i.chargeBytes(uint64(len(value)))
	copy(to, value)
	ret(s, int32(len(value)))
}

func readClock(i *instance, s []uint64) {
	switch int32(s[0]) {
	case abi.ClockMonotonic:
		s[0] = uint64(i.time().monotonic())
	case abi.ClockWall:
		s[0] = uint64(i.time().wall())
	default:
		invalid := int64(abi.Invalid)
		s[0] = uint64(invalid)
	}
}

// random fills in pieces, so that a guest that asks for all of its memory leaves the loop like any other slow one.
func random(i *instance, s []uint64) {
	const piece = 16 * kib
	for b := i.view(s[0], s[1]); len(b) > 0; {
		n := min(len(b), piece)
		rand.Read(b[:n])
		i.charge(int64(n) / randomAUnit)
		i.settle()
		b = b[n:]
	}
}

func stop(i *instance, s []uint64) {
	status := int32(s[0])
	switch {
	case i.exit == nil:
		ret(s, abi.Denied)
	case status < 0 || status > 255:
		ret(s, abi.Invalid)
	case i.exit.stopping:
		ret(s, abi.Closed)
	default:
		i.exit.stop(int(status))
		ret(s, abi.OK)
	}
}
