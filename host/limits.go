package host

import (
	"fmt"
	"sort"
	"strings"
	"time"
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
		if v < Unlimited || v > lim.max || v == Unlimited && lim.needed() {
			return fmt.Errorf("limit %s: %s: want 1 to %s", lim.name, lim.format(v), lim.format(lim.max))
		}
	}
	return nil
}
