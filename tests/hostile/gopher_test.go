package hostile

import (
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// testGopher has a Go program do what it should not.
func testGopher(t *testing.T, g *guest) {
	a := newArena(t)
	m := a.load(g)
	t.Run("ends", func(t *testing.T) {
		for name, c := range map[string]struct {
			command string
			log     []string // of one line
		}{
			"panics":                 {"p", []string{"msg", "guest failed", "error", "~unreachable"}},
			"panics in a goroutine":  {"P", []string{"msg", "guest failed"}},
			"dereferences nil":       {"n", []string{"msg", "guest failed"}},
			"deadlocks":              {"d", []string{"msg", "guest failed"}},
			"allocates without end":  {"m", []string{"msg", "guest failed"}},
			"goroutines without end": {"g", []string{"msg", "limit exceeded", "limit", "fuel"}},
			"spins":                  {"s", []string{"msg", "limit exceeded", "limit", "fuel"}},
			"spins in a goroutine":   {"S", []string{"msg", "limit exceeded", "limit", "fuel"}},
			"spins beside the event": {"k", []string{"msg", "limit exceeded", "limit", "fuel"}},
			"recurs without end":     {"r", []string{"msg", "limit exceeded", "limit", "stack"}},
			"writes without end":     {"w", []string{"msg", "limit exceeded", "limit", "output"}},
			"exits":                  {"x", []string{"msg", "guest failed", "error", "~exited with status 3"}},
		} {
			t.Run(name, func(t *testing.T) {
				s := a.serve(m, host.ServiceConfig{Name: name, Limits: host.Limits{Memory: 32 << 20, Fuel: 100_000_000}})
				p := connect(t, s.address)
				defer p.Close()
				a.neighbour.while(func() {
					p.send(c.command)
					r := a.log.wait(t, 1, append(c.log, "service", name)...)[0]
					if r["peer"] != p.local() || r["module"] != g.name {
						t.Errorf("logged as %q, want peer %s", r, p.local())
					}
					if _, how := p.rest(); how != reset {
						t.Errorf("the connection was %s, want %s", how, reset)
					}
				})
				a.quiet()
				// The memory goes right after the connection, on the loop.
				a.eventually("no byte to be counted any more", func() bool { return s.Stats().Memory == 0 })
				again := connect(t, s.address)
				defer again.Close()
				again.send("egood morning")
				again.sees("good morning")
			})
		}
	})
}
