package host

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/host/internal/handle"
)

// Unlimited switches a limit off. In text it is "none".
const Unlimited = -1

// Limits bound what a module, its instances and their peers may use. A field that is zero has the default of
// [DefaultLimits]; [Unlimited] switches a limit off. Sizes are bytes, rates are per second.
//
// Limits is a flag.Value: Set takes "name=value", with the names of the fields' comments.
type Limits struct {
	// What one event, one start-up or one task may use.

	Fuel  int64 // fuel: units, about one per executed instruction. Start-up may use ten times as much.
	Stack int64 // stack: bytes of call stack; a call takes some tens to some hundreds

	// What one instance may use.

	Memory  int64 // memory: size of its linear memory
	Table   int64 // table: entries of each of its tables
	Handles int64 // handles: connections it dialled or accepted itself, listeners, requests
	Timers  int64 // timers: timers under way
	Dials   int64 // dials: connection attempts under way
	Output  int64 // output: bytes queued on one of its connections
	LogRate int64 // log-rate: lines a second; all instances of a service together may write a hundred times that

	// What one connection may use.

	Idle      time.Duration // idle: longest time without a byte in either direction
	FirstByte time.Duration // first-byte: longest time until the peer sends something
	Lifetime  time.Duration // lifetime: longest time from connecting to the end
	RateIn    int64         // rate-in: bytes read; a faster peer is made to wait
	RateOut   int64         // rate-out: bytes written; a guest that outruns it by more than its output limit is stopped
	FuelRate  int64         // fuel-rate: units; a connection in debt is not read from, and stopped when it goes on

	// What a service may use.

	Connections int64 // connections: open connections
	PerPeer     int64 // per-peer: open connections from one address. The default spares loopback and UNIX sockets.
	Instances   int64 // instances: instances in use, pooled and working
	MemoryTotal int64 // memory-total: private memory and tables of all its instances; growth ends there, writing a sixteenth beyond
	FuelTotal   int64 // fuel-total: units a second of all its instances; beyond it data and timers wait

	// What loading a module may use. They count in [Config.Limits].

	ModuleSize  int64         // module-size: bytes of wasm
	CompileTime time.Duration // compile-time: time the compiler may take
}

const maxHandles = handle.Max

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// DefaultLimits are the limits of a service that faces the internet and sets none. Instances of loop and service
// isolation serve many connections, so they may have more timers and dials.
func DefaultLimits(isolation Isolation) Limits {
	l := Limits{
		Fuel:        500_000_000,
		Stack:       mib,
		Memory:      64 * mib,
		Table:       100_000,
		Handles:     1024,
		Timers:      256,
		Dials:       16,
		Output:      mib,
		LogRate:     20,
		Idle:        5 * time.Minute,
		FirstByte:   Unlimited,
		Lifetime:    Unlimited,
		RateIn:      Unlimited,
		RateOut:     Unlimited,
		FuelRate:    500_000_000,
		Connections: 16 * kib,
		PerPeer:     256,
		Instances:   20_000,
		MemoryTotal: 2 * gib,
		FuelTotal:   Unlimited,
		ModuleSize:  32 * mib,
		CompileTime: 2 * time.Minute,
	}
	if isolation == PerLoop || isolation == PerService {
		l.Handles, l.Timers, l.Dials = 16*kib, 16*kib, 256
	}
	return l
}

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
	field func(*Limits) *int64
}

// maxMemory keeps a memory one page below 4 GiB, so that no offset plus length of 32 bits can wrap.
const maxMemory = 4*gib - 64*kib

var limitTable = []limit{
	{"fuel", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.Fuel }},
	{"stack", byteSize, 16 * mib, func(l *Limits) *int64 { return &l.Stack }},
	{"memory", byteSize, maxMemory, func(l *Limits) *int64 { return &l.Memory }},
	{"table", plainNumber, 1 << 24, func(l *Limits) *int64 { return &l.Table }},
	{"handles", plainNumber, maxHandles, func(l *Limits) *int64 { return &l.Handles }},
	{"timers", plainNumber, maxHandles, func(l *Limits) *int64 { return &l.Timers }},
	{"dials", plainNumber, maxHandles, func(l *Limits) *int64 { return &l.Dials }},
	{"output", byteSize, math.MaxInt64, func(l *Limits) *int64 { return &l.Output }},
	{"log-rate", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.LogRate }},
	{"idle", duration, math.MaxInt64, func(l *Limits) *int64 { return (*int64)(&l.Idle) }},
	{"first-byte", duration, math.MaxInt64, func(l *Limits) *int64 { return (*int64)(&l.FirstByte) }},
	{"lifetime", duration, math.MaxInt64, func(l *Limits) *int64 { return (*int64)(&l.Lifetime) }},
	{"rate-in", byteSize, math.MaxInt64, func(l *Limits) *int64 { return &l.RateIn }},
	{"rate-out", byteSize, math.MaxInt64, func(l *Limits) *int64 { return &l.RateOut }},
	{"fuel-rate", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.FuelRate }},
	{"connections", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.Connections }},
	{"per-peer", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.PerPeer }},
	{"instances", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.Instances }},
	{"memory-total", byteSize, math.MaxInt64, func(l *Limits) *int64 { return &l.MemoryTotal }},
	{"fuel-total", plainNumber, math.MaxInt64, func(l *Limits) *int64 { return &l.FuelTotal }},
	{"module-size", byteSize, gib, func(l *Limits) *int64 { return &l.ModuleSize }},
	{"compile-time", duration, math.MaxInt64, func(l *Limits) *int64 { return (*int64)(&l.CompileTime) }},
}

// LimitNames lists the limits in the order of [Limits].
func LimitNames() []string {
	names := make([]string, len(limitTable))
	for i, l := range limitTable {
		names[i] = l.name
	}
	return names
}

func limitByName(name string) (limit, bool) {
	for _, l := range limitTable {
		if l.name == name {
			return l, true
		}
	}
	return limit{}, false
}

// Set reads one limit, "name=value", and sets it. Sizes take the suffixes KiB, MiB and GiB, durations Go's form
// ("90s"), and every limit that can be switched off takes "none". The error names what is wrong.
func (l *Limits) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("limit %q: want NAME=VALUE", s)
	}
	return l.set(name, value)
}

func (l *Limits) set(name, value string) error {
	lim, ok := limitByName(name)
	if !ok {
		return fmt.Errorf("limit %q: unknown name (have %s)", name, strings.Join(sortedLimitNames(), ", "))
	}
	v, err := lim.parse(value)
	if err != nil {
		return fmt.Errorf("limit %s: %w", name, err)
	}
	*lim.field(l) = v
	return nil
}

func sortedLimitNames() []string {
	names := LimitNames()
	sort.Strings(names)
	return names
}

func (l limit) parse(s string) (int64, error) {
	if s == "none" {
		if l.max < math.MaxInt64 {
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
		return 0, fmt.Errorf("%q is not %s", s, [...]string{"a number", "a size (like 64KiB)", "a duration (like 90s)"}[l.unit])
	}
	if v <= 0 {
		return 0, fmt.Errorf("%q: must be above zero", s)
	}
	if v > l.max {
		return 0, fmt.Errorf("%q: at most %s", s, l.format(l.max))
	}
	return v, nil
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

// Get returns the text of the limit called name, as Set takes it; ok is false if there is no such limit.
func (l *Limits) Get(name string) (text string, ok bool) {
	lim, ok := limitByName(name)
	if !ok {
		return "", false
	}
	return lim.format(*lim.field(l)), true
}

// String lists the limits that are set, in Set's form, separated by commas.
func (l *Limits) String() string {
	var set []string
	for _, lim := range limitTable {
		if v := *lim.field(l); v != 0 {
			set = append(set, lim.name+"="+lim.format(v))
		}
	}
	return strings.Join(set, ",")
}

// Type implements the flag value of common command-line packages.
func (l *Limits) Type() string { return "name=value" }

// over returns l with the fields it leaves zero taken from base.
func (l Limits) over(base Limits) Limits {
	for _, lim := range limitTable {
		if *lim.field(&l) == 0 {
			*lim.field(&l) = *lim.field(&base)
		}
	}
	return l
}

// check refuses values that Set would refuse.
func (l Limits) check() error {
	for _, lim := range limitTable {
		v := *lim.field(&l)
		if v < Unlimited || v > lim.max || v == Unlimited && lim.max < math.MaxInt64 {
			return fmt.Errorf("limit %s: %s: want 1 to %s", lim.name, lim.format(v), lim.format(lim.max))
		}
	}
	return nil
}
