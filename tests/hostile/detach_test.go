package hostile

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// plenty is more fuel than any test lives to see the end of.
const plenty = 1 << 50

// testDetach has a guest stay in its events for long, and looks at what becomes of everything else meanwhile.
func testDetach(t *testing.T, g *guest) {
	t.Run("imports from beside the loop", func(t *testing.T) {
		a := newArena(t, leavingAtOnce)
		s := a.attack(g, host.ServiceConfig{Grants: grants(t, "resolve"), Limits: host.Limits{Fuel: plenty}})
		p := connect(t, s.address)
		defer p.Close()
		a.neighbour.while(func() {
			p.send("siwltdorsw")
			p.sees(p.local() + "\nww")
			// Timer and request were asked for beside the loop, and come in some order.
			if got := string(p.read(3)); strings.Count(got, "T") != 1 || strings.Count(got, "C") != 2 {
				t.Errorf("received %q, want T and CC", got)
			}
			p.send("q")
			p.ends(closed)
		})
		a.quiet()
		for _, line := range []string{"from the side", "one", "two"} {
			if r := a.log.once(t, "msg", line, "source", "guest"); r["conn"] == "" {
				t.Errorf("logged as %q, want the connection", r)
			}
		}
		if trail := s.trails(1)[0]; len(trail) != 7 || trail[:2] != "MD" || trail[5:] != "DL" {
			t.Errorf("events %s, want M, D, then T and two C, then D and L", trail)
		}
		s.uneventful()
		st := s.Stats()
		if st.Detached == 0 || st.Timers != 1 || st.Tasks != 1 || st.BytesOut != uint64(len(p.local())+1+2+3) {
			t.Errorf("%d calls detached, %d timers, %d tasks, %d bytes out", st.Detached, st.Timers, st.Tasks, st.BytesOut)
		}
		end := a.log.once(t, "msg", "connection closed", "service", s.name)
		if fuel, err := strconv.Atoi(end["bill.fuel"]); err != nil || fuel < 100_000 || end["bill.timers"] != "1" {
			t.Errorf("the bill is %q", end)
		}
	})
	t.Run("much output from beside the loop", func(t *testing.T) {
		a := newArena(t, leavingAtOnce)
		s := a.attack(g, host.ServiceConfig{Limits: host.Limits{Output: 16 << 20, Fuel: plenty}})
		p := connect(t, s.address)
		defer p.Close()
		a.neighbour.while(func() {
			p.send("sbsbsq")
			if b, how := p.rest(); len(b) != 2*40*65536 || how != closed {
				t.Errorf("received %d bytes and then it was %s", len(b), how)
			}
		})
		s.uneventful()
	})
	t.Run("events wait in order", testDetachedOrder(g))
	t.Run("ends", testDetachedEnds(g))
	t.Run("shared instance", testDetachedShared(g))
	t.Run("garbage collection", testDetachedCollection(g))
}

// trails waits for n guests to log which events they had, and returns that.
func (s *service) trails(n int) (list []string) {
	s.arena.Helper()
	var found []record
	s.arena.log.until(s.arena, "the guests' trails", func() bool {
		found = found[:0]
		for _, r := range s.arena.log.all("service", s.name, "source", "guest") {
			if strings.HasPrefix(r["msg"], "M") {
				found = append(found, r)
			}
		}
		return len(found) >= n
	})
	for _, r := range found {
		list = append(list, r["msg"])
	}
	return list
}

// testDetachedOrder lets things happen to a connection whose guest is busy beside the loop. It writes a byte first, which
// leaves for the peer when the loop goes on without it.
func testDetachedOrder(g *guest) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t, leavingAtOnce)
		m := a.load(g)
		for name, c := range map[string]struct {
			first  string
			then   func(*peer)
			trails []string // one of these
		}{
			"data":                   {"ws", func(p *peer) { p.send("w"); p.sees("w"); p.echoesNothing() }, []string{"MDDL"}},
			"a timer":                {"wts", func(p *peer) { p.sees("T"); p.echoesNothing() }, []string{"MDTL"}},
			"a timer before data":    {"wts", func(p *peer) { p.send("w"); p.sees("Tw"); p.echoesNothing() }, []string{"MDTDL"}},
			"a peer that has left":   {"ws", func(p *peer) { p.Close() }, []string{"MDL"}},
			"one that says good bye": {"ws", func(p *peer) { p.send("w"); p.Close() }, []string{"MDDL"}},
			"one that resets":        {"ws", (*peer).abort, []string{"MDL"}},
			"a timer and a reset":    {"wts", (*peer).abort, []string{"MDTL"}},
			"closed from the side":   {"wtsq", func(p *peer) { p.ends(closed) }, []string{"MDTL", "MDL"}},
			"aborted from the side":  {"wtsa", func(p *peer) { p.ends(reset) }, []string{"MDTL", "MDL"}},
		} {
			t.Run(name, func(t *testing.T) {
				s := a.serve(m, host.ServiceConfig{Name: name, Limits: host.Limits{Fuel: plenty}})
				p := connect(t, s.address)
				defer p.Close()
				p.send(c.first)
				p.sees("w")
				a.neighbour.while(func() {
					c.then(p)
					if got := s.trails(1)[0]; !slices.Contains(c.trails, got) {
						t.Errorf("events %s, want one of %s", got, c.trails)
					}
				})
				a.quiet()
				if st := s.Stats(); st.Detached != 1 || st.Traps != 0 {
					t.Errorf("%d calls detached, %d traps, want 1 and none", st.Detached, st.Traps)
				}
			})
		}
	}
}

// testDetachedEnds sees that a call beside the loop ends as it would have on it.
func testDetachedEnds(g *guest) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t, leavingAtOnce)
		m := a.load(g)
		for name, c := range map[string]struct {
			commands string
			limits   host.Limits
			log      []string
		}{
			"fuel":   {"wx", host.Limits{Fuel: 100_000_000}, []string{"msg", "limit exceeded", "limit", "fuel", "value", "100000000"}},
			"trap":   {"wsu", host.Limits{Fuel: plenty}, []string{"msg", "guest failed", "error", "~trap in data_received: unreachable"}},
			"output": {"wsbbbbbbbb", host.Limits{Output: 64 << 10, Fuel: plenty}, []string{"msg", "limit exceeded", "limit", "output", "value", "64KiB"}},
		} {
			t.Run(name, func(t *testing.T) {
				s := a.serve(m, host.ServiceConfig{Name: name, Limits: c.limits})
				p := connect(t, s.address)
				defer p.Close()
				p.send(c.commands)
				p.sees("w")
				a.neighbour.while(func() {
					r := a.log.once(t, append(c.log, "service", name)...)
					if r["peer"] != p.local() || r["conn"] == "" {
						t.Errorf("logged as %q, want peer %s", r, p.local())
					}
					if _, how := p.rest(); how != reset {
						t.Errorf("the connection was %s, want %s", how, reset)
					}
				})
				a.quiet()
				if st := s.Stats(); st.Detached != 1 {
					t.Errorf("%d calls detached, want 1", st.Detached)
				}
				s.dial().Close() // it still serves
			})
		}
	}
}

// testDetachedShared has one connection's event hold those of others that share its instance, and of nobody else.
func testDetachedShared(g *guest) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t, leavingAtOnce)
		s := a.attack(shared(g), host.ServiceConfig{Isolation: host.PerService, Limits: host.Limits{Fuel: plenty}})
		slow, old := s.dial(), s.dial()
		old.send("w")
		old.sees("w")
		slow.send("wst")
		slow.sees("w")
		a.neighbour.while(func() {
			young, leaving := s.dial(), s.dial()
			old.send("w")
			young.send("w")
			leaving.abort()
			old.sees("w")
			young.sees("w")
			slow.sees("T")
			slow.send("w")
			slow.sees("w")
			for _, p := range []*peer{slow, old, young} {
				p.Close()
			}
		})
		a.quiet()
		s.uneventful()
	}
}

// testDetachedCollection sees that the garbage collector does not wait for a guest that spins on.
func testDetachedCollection(g *guest) func(*testing.T) {
	return func(t *testing.T) {
		a := newArena(t)
		s := a.attack(g, host.ServiceConfig{Limits: host.Limits{Fuel: plenty}})
		p := s.dial()
		p.send("wx")
		p.sees("w")
		a.neighbour.while(func() {
			for range 10 {
				runtime.GC()
			}
		})
		a.neighbour.answers(100)
		if st := s.Stats(); st.Open != 1 || len(st.Breaches) != 0 {
			t.Errorf("the guest has ended: %d connections, breaches %v", st.Open, st.Breaches)
		}
		a.spinning = true // what ends it is the end of the reactor
	}
}
