package hostile

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// servedTests are the guests that nothing ends, each with what its peer sees.
var servedTests map[string]func(*testing.T, *guest)

func init() {
	servedTests = map[string]func(*testing.T, *guest){
		"close_in_event":      testCloseInEvent,
		"debug_sections_lie":  testEchoes,
		"detach":              testDetach,
		"dial_denied":         testDialDenied,
		"dial_storm":          testDialStorm,
		"freshness":           testFreshTasks,
		"gopher":              testGopher,
		"handles":             testHandles,
		"listen_denied":       testListenDenied,
		"log_flood":           testLogFlood,
		"manifest_twice":      testEchoes,
		"memory_fill":         testMemoryFill,
		"memory_grow":         testMemoryGrow,
		"memory_grow_at_once": testMemoryGrowAtOnce,
		"metric_flood":        testMetricFlood,
		"name_section_lies":   testEchoes,
		"random":              testRandom,
		"resolve_storm":       testResolveStorm,
		"restored_slow":       testRestoredSlow,
		"stdout_flood":        testStdoutFlood,
		"stdout_newlines":     testStdoutNewlines,
		"table_grow":          testTableGrow,
		"task_storm":          testTaskStorm,
		"wasi_fds":            testWASIDescriptors,
		"wasi_poll":           testWASIPoll,
	}
}

// testEchoes is for modules that lie in places that nobody believes.
func testEchoes(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	s.dial().echoes("hello")
	if asks := s.Ungranted(); len(asks) != 0 {
		t.Errorf("the module asks for %q", asks)
	}
	s.uneventful()
}

// uneventful wants nothing to be counted or logged that went wrong with the service.
func (s *service) uneventful() {
	s.arena.Helper()
	if st := s.Stats(); st.Traps != 0 || len(st.Breaches) != 0 || st.Refused != 0 {
		s.arena.Errorf("%d traps, breaches %v, %d connections refused", st.Traps, st.Breaches, st.Refused)
	}
	for _, level := range []string{"WARN", "ERROR"} {
		for _, r := range s.arena.log.all("service", s.name, "level", level) {
			s.arena.Errorf("logged: %q", r)
		}
	}
}

// testMemoryGrow has one guest take what the limit of an instance gives it, and then many what all together may have.
func testMemoryGrow(t *testing.T, g *guest) {
	a := newArena(t)
	m := a.load(g)
	alone := a.serve(m, host.ServiceConfig{Name: "alone"})
	p := alone.dial()
	a.neighbour.while(func() { p.send("x") })
	if pages := p.number(); int64(pages) != alone.Limits().Memory>>16 {
		t.Errorf("one instance got %d pages, want as many as its limit has", pages)
	}
	breach := alone.breached("memory", 1)
	if breach["peer"] != p.local() {
		t.Errorf("the breach is logged as %q, want peer %s", breach, p.local())
	}
	p.echoesNothing()

	const total, peers = 8 << 20, 20
	many := a.serve(m, host.ServiceConfig{Name: "many", Limits: host.Limits{Memory: 2 << 20, MemoryTotal: total}})
	got := 0
	for range peers {
		p := many.dial()
		p.send("x")
		got += p.number() - 1 // page 1 is of the image
		if used := many.Stats().Memory; used > total+total/16 {
			t.Errorf("the instances have %d bytes, want at most %d", used, total)
		}
	}
	if got > total>>16 || got < total>>17 {
		t.Errorf("%d instances got %d pages beyond their image, want about %d and no more", peers, got, total>>16)
	}
	if b := many.Stats().Breaches; b["memory-total"] == 0 || b["memory"] == 0 {
		t.Errorf("breaches: %v, want memory and memory-total", b)
	}
	a.log.wait(t, 1, "msg", "limit exceeded", "limit", "memory-total", "service", "many", "value", "8MiB")
	a.neighbour.answers(3)
}

// echoesNothing wants nothing to come before the connection is closed cleanly by both ends.
func (p *peer) echoesNothing() {
	p.Helper()
	p.CloseWrite()
	p.ends(closed)
}

func testMemoryGrowAtOnce(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	p := s.dial()
	a.neighbour.while(func() {
		p.send("x")
		if n := p.number(); n != -1 {
			t.Errorf("memory.grow returned %d, want -1", n)
		}
	})
	p.echoesNothing()
	if used := s.Stats().Memory; used != 0 {
		t.Errorf("%d bytes are counted", used)
	}
}

// testMetricFlood sees that names are bounded over all connections together.
func testMetricFlood(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	taken := 0
	for n := range 2 {
		p := s.dial()
		a.neighbour.while(func() {
			p.send("x")
			if got := p.number(); n == 0 {
				taken = got
			} else if got != taken {
				t.Errorf("the second connection records %d names, want the %d that are known", got, taken)
			}
		})
		p.Close()
	}
	if n := len(s.Stats().Metrics); n != taken || n == 0 || n > 1000 {
		t.Errorf("%d metrics are kept and %d were taken", n, taken)
	}
}

func testWASIDescriptors(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	p := s.dial()
	p.send("x")
	if n := p.number(); n != 8 {
		t.Errorf("answered %d, want 8 (BADF)", n)
	}
	p.echoesNothing()
	s.uneventful()
}

func testWASIPoll(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	for data, want := range map[string]int{"\x00": 3, "\x01": 1028, "\x02": 1028} {
		p := s.dial()
		p.send(data)
		if n := p.number(); n != want {
			t.Errorf("%q is answered with %d, want %d", data, n, want)
		}
		p.echoesNothing()
	}
	s.uneventful()
}

// testTaskStorm sees that tasks are bounded, that each ends with its budget, and that the loop does not wait for them.
func testTaskStorm(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{Limits: host.Limits{Fuel: 1_000_000, Handles: 100}})
	p := s.dial()
	a.neighbour.while(func() {
		p.send("x")
		taken := p.number()
		if taken != 100 {
			t.Errorf("%d tasks were taken, want as many as there may be handles", taken)
		}
		for range taken {
			if status := p.number(); status != -4 {
				t.Errorf("a task completed with %d, want LIMIT (-4)", status)
			}
		}
	})
	p.echoesNothing()
	if b := s.Stats().Breaches; b["handles"] != 1 || b["fuel"] != 100 {
		t.Errorf("breaches: %v, want 1 of handles and 100 of fuel", b)
	}
}

// printable wants a guest's line to be one line of printable text.
func printable(t testing.TB, line string) {
	t.Helper()
	if at := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }); at >= 0 {
		t.Errorf("a line of the log holds %q", line[at])
	}
}

func testLogFlood(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{Limits: host.Limits{Fuel: 5_000_000_000, LogRate: 10}})
	p := s.dial()
	var taken uint64
	a.neighbour.while(func() {
		taken = allocated(func() {
			p.send("x")
			if n := p.number(); n != 100_000 {
				t.Errorf("%d lines were taken, want all", n)
			}
		})
	})
	lines := a.log.all("service", s.name, "source", "guest")
	dropped := s.Stats().Breaches["log-rate"]
	if len(lines) == 0 || uint64(len(lines))+dropped != 100_000 {
		t.Errorf("%d lines are logged and %d counted as dropped, want 100000 together", len(lines), dropped)
	}
	for _, r := range lines {
		printable(t, r["msg"])
		if r["conn"] == "" || len(r["msg"]) > 64<<10 {
			t.Errorf("a line of %d bytes is logged without its connection", len(r["msg"]))
		}
	}
	if n := len(a.log.all("msg", "limit exceeded", "limit", "log-rate")); n == 0 || n > len(lines) {
		t.Errorf("the breach is logged %d times", n)
	}
	if taken > 64<<20 {
		t.Errorf("the flood allocated %d bytes", taken)
	}
	p.echoesNothing()
}

func testStdoutFlood(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{Limits: host.Limits{Fuel: 20_000_000_000, FuelRate: host.Unlimited}})
	p := s.dial()
	a.neighbour.while(func() {
		p.send("x")
		if n := p.number(); n != 1000*65536 {
			t.Errorf("%d bytes were taken, want all", n)
		}
	})
	p.echoesNothing()
	if lines := a.log.all("service", s.name, "source", "guest"); len(lines) != 0 {
		t.Errorf("%d empty lines are logged", len(lines))
	}
}
