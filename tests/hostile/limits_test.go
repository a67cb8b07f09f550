package hostile

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// breachTests breach the limits, each under its name.
var breachTests = map[string]func(*testing.T){
	"fuel":         breachByData("loop", host.Limits{Fuel: 5_000_000}, "fuel", reset),
	"stack":        breachByData("recursion", host.Limits{Stack: 64 << 10}, "stack", reset),
	"output":       breachByData("write_flood", host.Limits{Output: 64 << 10}, "output", reset),
	"rate-out":     breachByData("write_flood", host.Limits{Output: 32 << 20, RateOut: 64 << 10}, "rate-out", reset),
	"fuel-rate":    breachByData("timer_storm", host.Limits{Fuel: 1_000_000, FuelRate: 1_000_000}, "fuel-rate", reset),
	"memory":       breachByData("memory_grow", host.Limits{Memory: 1 << 20}, "memory", closed),
	"memory-total": breachByData("memory_grow", host.Limits{MemoryTotal: 1 << 20}, "memory-total", closed),
	"log-rate":     breachByData("log_flood", host.Limits{LogRate: 1, Fuel: plenty, FuelRate: host.Unlimited}, "log-rate", closed),
	"timers":       breachByData("timer_storm", host.Limits{Timers: 10, FuelRate: 1_000_000, Fuel: 1_000_000}, "timers", reset),
	"handles":      breachByListening,
	"dials":        breachByDialling,
	"fuel-total":   breachOfAllFuel,
	"idle":         breachByWaiting(host.Limits{Idle: 200 * time.Millisecond}, "idle"),
	"first-byte":   breachByWaiting(host.Limits{FirstByte: 200 * time.Millisecond}, "first-byte"),
	"lifetime":     breachByWaiting(host.Limits{Lifetime: 200 * time.Millisecond}, "lifetime"),
	"rate-in":      breachByHurry,
	"connections":  breachByFlood(host.Limits{Connections: 5}, "connections"),
	"per-peer":     breachByFlood(host.Limits{PerPeer: 5}, "per-peer"),
	"instances":    breachByFlood(host.Limits{Instances: 5}, "instances"),
	"table":        breachOfTable,
	"module-size":  breachByLoading("echo", host.Limits{ModuleSize: 100}, "module-size"),
	"compile-time": breachByLoading("gopher", host.Limits{CompileTime: 1}, "compile-time"),
}

// Every limit there is has a test that breaches it.
func TestEveryLimitIsBreached(t *testing.T) {
	for _, name := range host.LimitNames() {
		t.Run(name, func(t *testing.T) {
			if breachTests[name] == nil {
				t.Fatal("nothing breaches this limit: breachTests wants a function of this name")
			}
			breachTests[name](t)
		})
	}
}

// breachByData sends a byte to a guest that then breaches a limit.
func breachByData(name string, limits host.Limits, limit string, how ending) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t)
		s := a.attack(named(t, name), host.ServiceConfig{Limits: limits})
		p := s.dial()
		a.neighbour.while(func() {
			p.send("x")
			s.counted(limit, p)
			if how == closed {
				p.CloseWrite()
			}
			if _, got := p.rest(); got != how {
				t.Errorf("the connection was %s, want %s", got, how)
			}
		})
	}
}

// counted waits for the breach of a limit to be logged, and holds that it names the connection and is counted.
func (s *service) counted(limit string, p *peer) {
	s.arena.Helper()
	r := s.arena.log.wait(s.arena, 1, "msg", "limit exceeded", "limit", limit, "service", s.name)[0]
	limits := s.Limits()
	if value, _ := limits.Get(limit); r["value"] != value || r["module"] == "" || p != nil && (r["peer"] != p.local() || r["conn"] == "") {
		s.arena.Errorf("logged as %q, want the value %s and the connection", r, value)
	}
	if s.Stats().Breaches[limit] == 0 {
		s.arena.Errorf("breaches counted: %v, want %s", s.Stats().Breaches, limit)
	}
}

// breachOfTable loads a module whose table begins too large, and has a guest grow its table too far.
func breachOfTable(t *testing.T) {
	breachByLoading("huge_table", host.Limits{}, "table")(t)
	a := newArena(t, func(hc *host.Config, _ *reactor.Config) { hc.Limits.Table = 5000 })
	s := a.attack(named(t, "table_grow"), host.ServiceConfig{})
	p := s.dial()
	a.neighbour.while(func() {
		p.send("x")
		if n := p.number(); n > 5000 {
			t.Errorf("the table grew to %d entries", n)
		}
		s.counted("table", p)
		p.echoesNothing()
	})
	s.breached("table", 1)
}

func breachByListening(t *testing.T) {
	a := newArena(t)
	s := a.attack(named(t, "listen_denied"), host.ServiceConfig{Grants: grants(t, "listen=tcp:127.0.0.1:*"),
		Limits: host.Limits{Handles: 3}})
	p := s.dial()
	p.send("tcp:0:interface=127.0.0.1")
	if first, last := p.number(), p.number(); first <= 0 || last != -4 {
		t.Errorf("%d and then %d, want a handle and LIMIT", first, last)
	}
	s.counted("handles", p)
	p.echoesNothing()
}

func breachByDialling(t *testing.T) {
	resolver := &hanging{asked: make(chan struct{}, 1), release: make(chan struct{})}
	a := newArena(t, resolving(resolver))
	s := a.attack(named(t, "dial_storm"), host.ServiceConfig{Limits: host.Limits{Dials: 2}, Grants: grants(t, "dial=tcp:*:80"),
		Config: map[string]string{"target": "tcp:slow.example:80"}})
	p := s.dial()
	p.send("x")
	if n := p.number(); n != 2 {
		t.Errorf("%d dials were taken, want 2", n)
	}
	s.counted("dials", p)
	p.Close()
	a.quiet()
	close(resolver.release)
}

// breachOfAllFuel has a service spend more than all of its guests together may: its guests wait, and nobody else does.
func breachOfAllFuel(t *testing.T) {
	a := newArena(t)
	s := a.attack(named(t, "timer_storm"), host.ServiceConfig{Limits: host.Limits{FuelTotal: 1_000_000, FuelRate: host.Unlimited}})
	p := s.dial()
	p.send("x")
	a.neighbour.while(func() { s.counted("fuel-total", nil) })
	p.abort()
}

// breachByWaiting has a peer say nothing.
func breachByWaiting(limits host.Limits, limit string) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t)
		g, err := echoGuest()
		if err != nil {
			t.Fatal(err)
		}
		s := a.attack(g, host.ServiceConfig{Name: "waits", Limits: limits})
		p := s.dial()
		if limit == "idle" {
			p.echoes("hello")
		}
		a.neighbour.while(func() { p.ends(reset) })
		s.counted(limit, p)
		a.log.once(t, "msg", "limit exceeded", "service", s.name)
		s.breached(limit, 1)
	}
}

// breachByHurry has a peer send faster than it may: it is made to wait, and gets all of its answer.
func breachByHurry(t *testing.T) {
	a := newArena(t)
	g, err := echoGuest()
	if err != nil {
		t.Fatal(err)
	}
	const rate = 64 << 10
	s := a.attack(g, host.ServiceConfig{Name: "hurried", Limits: host.Limits{RateIn: rate}})
	p := s.dial()
	data := strings.Repeat("x", 2*rate)
	a.neighbour.while(func() {
		p.send(data)
		s.counted("rate-in", p)
		p.sees(data)
	})
	p.echoesNothing()
	s.breached("rate-in", 1)
}

// breachByFlood opens more connections than there may be. Those that are in are served, the others closed without a byte.
func breachByFlood(limits host.Limits, limit string) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t, func(_ *host.Config, rc *reactor.Config) { rc.Loops = 1 })
		g, err := echoGuest()
		if err != nil {
			t.Fatal(err)
		}
		s := a.attack(g, host.ServiceConfig{Name: "flooded", Limits: limits})
		const most, tries = 5, 30
		var in []*peer
		for range most {
			p := s.dial()
			p.echoes("hello")
			in = append(in, p)
		}
		a.neighbour.while(func() {
			for range tries {
				if p := s.dialReset(); p != nil {
					if b, _ := p.rest(); len(b) > 0 {
						t.Errorf("a connection above the limit received %q", b)
					}
					p.Close()
				}
			}
		})
		s.counted(limit, nil)
		if n := s.Stats().Breaches[limit]; n != tries {
			t.Errorf("%d breaches are counted, want %d", n, tries)
		}
		for _, p := range in {
			p.echoes("still there")
			p.Close()
		}
		a.quiet()
		s.dial().echoes("there is room again")
	}
}

// breachByLoading has the host load what it should not. There is no service yet: the error says it.
func breachByLoading(name string, limits host.Limits, limit string) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t)
		g := guests(t)[name]
		if g == nil {
			var err error
			if g, err = echoGuest(); err != nil {
				t.Fatal(err)
			}
		}
		h, err := host.New(host.Config{Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		a.neighbour.while(func() { _, err = h.Load(t.Context(), g.name, g.wasm) })
		var breach *host.LimitError
		var refusal *host.ModuleError
		if !errors.As(err, &breach) || breach.Limit != limit || !errors.As(err, &refusal) || refusal.Module != g.name {
			t.Errorf("Load: %v, want a ModuleError that wraps a LimitError of %s", err, limit)
		}
	}
}
