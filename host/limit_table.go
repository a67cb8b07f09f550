package host

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/host/internal/handle"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

const maxHandles = handle.Max

type limitUnit byte

const (
	plainNumber limitUnit = iota
	byteSize
	duration
)

// A limit describes one field of Limits.
type limit struct {
	name  string
	unit  limitUnit
	max   int64 // largest value that makes sense; Unlimited above it is refused as well
	about string
	field func(*Limits) *int64
}

// maxMemory keeps a memory one page below 4 GiB, so that no offset plus length of 32 bits can wrap.
const maxMemory = 4*gib - 64*kib

var limitTable = []limit{
	{"fuel", plainNumber, math.MaxInt64, "units of work of an event, about one for each instruction",
		func(l *Limits) *int64 { return &l.Fuel }},
	{"stack", byteSize, 16 * mib, "bytes of call stack",
		func(l *Limits) *int64 { return &l.Stack }},
	{"memory", byteSize, maxMemory, "linear memory of an instance",
		func(l *Limits) *int64 { return &l.Memory }},
	{"table", plainNumber, 1 << 24, "entries of each of its tables",
		func(l *Limits) *int64 { return &l.Table }},
	{"handles", plainNumber, maxHandles, "connections that an instance dialled or accepted itself, listeners, requests",
		func(l *Limits) *int64 { return &l.Handles }},
	{"timers", plainNumber, maxHandles, "timers under way in an instance",
		func(l *Limits) *int64 { return &l.Timers }},
	{"dials", plainNumber, maxHandles, "connection attempts under way in an instance",
		func(l *Limits) *int64 { return &l.Dials }},
	{"output", byteSize, math.MaxInt64, "bytes queued on a connection of the guest's",
		func(l *Limits) *int64 { return &l.Output }},
	{"log-rate", plainNumber, math.MaxInt64, "log lines a second of an instance",
		func(l *Limits) *int64 { return &l.LogRate }},
	{"idle", duration, math.MaxInt64, "time without a byte in either direction",
		func(l *Limits) *int64 { return (*int64)(&l.Idle) }},
	{"first-byte", duration, math.MaxInt64, "time until the peer sends something",
		func(l *Limits) *int64 { return (*int64)(&l.FirstByte) }},
	{"lifetime", duration, math.MaxInt64, "time from connecting to the end",
		func(l *Limits) *int64 { return (*int64)(&l.Lifetime) }},
	{"rate-in", byteSize, math.MaxInt64, "bytes a second read from a connection; a faster peer waits",
		func(l *Limits) *int64 { return &l.RateIn }},
	{"rate-out", byteSize, math.MaxInt64, "bytes a second written to it",
		func(l *Limits) *int64 { return &l.RateOut }},
	{"fuel-rate", plainNumber, math.MaxInt64, "units of work a second for a connection",
		func(l *Limits) *int64 { return &l.FuelRate }},
	{"connections", plainNumber, math.MaxInt64, "open connections",
		func(l *Limits) *int64 { return &l.Connections }},
	{"per-peer", plainNumber, math.MaxInt64, "open connections from one address, spares loopback unless it is set",
		func(l *Limits) *int64 { return &l.PerPeer }},
	{"instances", plainNumber, math.MaxInt64, "instances in use",
		func(l *Limits) *int64 { return &l.Instances }},
	{"memory-total", byteSize, math.MaxInt64, "private memory of all instances",
		func(l *Limits) *int64 { return &l.MemoryTotal }},
	{"fuel-total", plainNumber, math.MaxInt64, "units of work a second of all instances",
		func(l *Limits) *int64 { return &l.FuelTotal }},
	{"module-size", byteSize, gib, "bytes of wasm",
		func(l *Limits) *int64 { return &l.ModuleSize }},
	{"compile-time", duration, math.MaxInt64, "time the compiler may take",
		func(l *Limits) *int64 { return (*int64)(&l.CompileTime) }},
}

// LimitNames lists the limits in the order of [Limits].
func LimitNames() []string {
	names := make([]string, len(limitTable))
	for i, l := range limitTable {
		names[i] = l.name
	}
	return names
}

// DescribeLimit says in a few words what the limit called name bounds. It is empty if there is no such limit.
func DescribeLimit(name string) string {
	l, _ := limitByName(name)
	return l.about
}

func limitByName(name string) (limit, bool) {
	for _, l := range limitTable {
		if l.name == name {
			return l, true
		}
	}
	return limit{}, false
}

func (l limit) parse(s string) (int64, error) {
	if s == "none" {
		if l.needed() {
			return 0, fmt.Errorf("cannot be switched off (at most %s)", l.format(l.max))
		}
		return Unlimited, nil
	}
	var v int64
	var err error
	switch l.unit {
	case duration:
		var d time.Duration
		d, err = time.ParseDuration(s)
		v = int64(d)
	case byteSize:
		v, err = parseSize(s)
	default:
		v, err = strconv.ParseInt(s, 10, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is not %s%s", s, [...]string{"a number", "a size (like 64KiB)", "a duration (like 90s)"}[l.unit], l.orNone())
	}
	if v <= 0 {
		return 0, fmt.Errorf("%q: must be above zero%s", s, l.orNone())
	}
	if v > l.max {
		return 0, fmt.Errorf("%q: at most %s", s, l.format(l.max))
	}
	return v, nil
}

// needed reports whether the limit cannot be switched off.
func (l limit) needed() bool { return l.max < math.MaxInt64 }

// orNone is a hint at how the limit is switched off.
func (l limit) orNone() string {
	if l.needed() {
		return ""
	}
	return " (none switches the limit off)"
}

var sizeSuffixes = []struct {
	text  string
	bytes int64
}{{"GiB", gib}, {"MiB", mib}, {"KiB", kib}}

func parseSize(s string) (int64, error) {
	factor := int64(1)
	for _, u := range sizeSuffixes {
		if digits, ok := strings.CutSuffix(s, u.text); ok {
			s, factor = digits, u.bytes
			break
		}
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, err
	}
	if v > math.MaxInt64/factor {
		return 0, strconv.ErrRange
	}
	return v * factor, nil
}

func (l limit) format(v int64) string {
	if v == Unlimited {
		return "none"
	}
	switch l.unit {
	case duration:
		return time.Duration(v).String()
	case byteSize:
		for _, u := range sizeSuffixes {
			if v >= u.bytes && v%u.bytes == 0 {
				return strconv.FormatInt(v/u.bytes, 10) + u.text
			}
		}
	}
	return strconv.FormatInt(v, 10)
}
