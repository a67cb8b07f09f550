package host

import (
	"log/slog"
	"sync/atomic"
)

// A Bill is what one connection has cost.
type Bill struct {
	Fuel     uint64 // units of fuel
	Calls    uint64 // of the guest
	BytesIn  uint64
	BytesOut uint64
	Timers   uint64 // started on its behalf
	Dials    uint64 // likewise
	Memory   uint64 // size of its instance's memory, which only grows, when it was closed
}

func (b *Bill) attr() slog.Attr {
	return slog.Group("bill", "fuel", b.Fuel, "calls", b.Calls, "in", b.BytesIn, "out", b.BytesOut,
		"timers", b.Timers, "dials", b.Dials, "memory", b.Memory)
}

// Totals are what a service has cost and done since it started.
type Totals struct {
	Connections uint64 // made
	Refused     uint64 // turned away, for a limit or because the shared instance was not to be had
	Calls       uint64 // of guests
	Fuel        uint64
	BytesIn     uint64
	BytesOut    uint64
	Timers      uint64
	Dials       uint64
	Tasks       uint64 // run off the loop by defer_to_thread
	Detached    uint64 // calls that left their loop because they took long
	Recycled    uint64 // instances made fresh again
	Built       uint64 // instances made anew
	Woken       uint64 // instances woken from sleep by an event
	Traps       uint64 // instances ended by a trap
	Dropped     uint64 // datagrams that did not fit a receive buffer
}

// totals are Totals that several loops add to.
type totals struct {
	Connections, Refused, Calls, Fuel, BytesIn, BytesOut, Timers, Dials, Tasks, Detached, Recycled, Built, Woken,
	Traps, Dropped atomic.Uint64
}

func (t *totals) add(d *Totals) {
	for _, p := range []struct {
		sum  *atomic.Uint64
		more uint64
	}{
		{&t.Connections, d.Connections}, {&t.Refused, d.Refused}, {&t.Calls, d.Calls}, {&t.Fuel, d.Fuel},
		{&t.BytesIn, d.BytesIn}, {&t.BytesOut, d.BytesOut}, {&t.Timers, d.Timers}, {&t.Dials, d.Dials},
		{&t.Tasks, d.Tasks}, {&t.Detached, d.Detached}, {&t.Recycled, d.Recycled}, {&t.Built, d.Built}, {&t.Woken, d.Woken},
		{&t.Traps, d.Traps}, {&t.Dropped, d.Dropped},
	} {
		if p.more != 0 {
			p.sum.Add(p.more)
		}
	}
}

func (t *totals) read() Totals {
	return Totals{
		Connections: t.Connections.Load(), Refused: t.Refused.Load(), Calls: t.Calls.Load(), Fuel: t.Fuel.Load(),
		BytesIn: t.BytesIn.Load(), BytesOut: t.BytesOut.Load(), Timers: t.Timers.Load(), Dials: t.Dials.Load(),
		Tasks: t.Tasks.Load(), Detached: t.Detached.Load(), Recycled: t.Recycled.Load(), Built: t.Built.Load(), Woken: t.Woken.Load(),
		Traps: t.Traps.Load(), Dropped: t.Dropped.Load(),
	}
}

// Stats are a reading of a service's counters. They are of about the same moment: each loop adds what it counted
// whenever a connection closes, and once a second while it has any.
type Stats struct {
	Totals
	Open      int64             // connections now, those the guests dialled and accepted themselves included
	Instances int64             // now, pooled and sleeping ones included
	Asleep    int64             // of them, those that gave up their memory until their next event
	Memory    int64             // bytes of memory private to instances, as far as it is known; see Limits.MemoryTotal
	Breaches  map[string]uint64 // how often each limit was breached; those that never were are left out
	Metrics   []Metric          // recorded by guests
	Circuit   string            // why connections are refused until the shared instance is rebuilt; empty if it works
}

// Stats reads the service's counters. Any goroutine may call it.
func (s *Service) Stats() Stats {
	st := Stats{
		Totals:    s.totals.read(),
		Open:      s.open.Load(),
		Instances: s.instances.Load(),
		Asleep:    s.asleep.Load(),
		Memory:    s.memory.Load(),
		Breaches:  map[string]uint64{},
		Metrics:   s.metrics.read(),
		Circuit:   s.circuit(),
	}
	for n := range s.breaches.counters {
		if count := s.breaches.counters[n].count.Load(); count > 0 {
			st.Breaches[limitTable[n].name] = count
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		st.Instances, st.Asleep, st.Memory = 0, 0, 0
	}
	return st
}
