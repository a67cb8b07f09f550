package hostile

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// testMemoryFill has many instances fill the memory they have from the start, one after the other and all at once, on their
// loop and beside it. At no time do they hold more than they may and what those write that are at it: one on the loop
// and one beside it.
func testMemoryFill(t *testing.T, g *guest) {
	const total, guests, each = 256 << 20, 12, 48 << 20
	const slack = total/16 + 2*each
	fill := func(p *peer) {
		p.send("x")
		_, _ = io.ReadFull(p, make([]byte, 4)) // or it is ended
	}
	for name, c := range map[string]struct {
		options []option
		attack  func([]*peer)
	}{
		"one after the other": {nil, func(all []*peer) {
			for _, p := range all {
				fill(p)
			}
		}},
		"at once":                  {nil, together(fill)},
		"at once, beside the loop": {[]option{leavingAtOnce}, together(fill)},
	} {
		t.Run(name, func(t *testing.T) {
			a := newArena(t, c.options...)
			s := a.attack(g, host.ServiceConfig{Limits: host.Limits{MemoryTotal: total}})
			var peers []*peer
			for range guests {
				peers = append(peers, s.dial())
			}
			var over atomic.Bool
			var most int64
			var watching sync.WaitGroup
			watching.Go(func() {
				for !over.Load() {
					most = max(most, residentImages(t))
				}
			})
			a.neighbour.while(func() { c.attack(peers) })
			over.Store(true)
			watching.Wait()
			if most = max(most, residentImages(t)); most > total+slack {
				t.Errorf("the guests held %d MiB, and may hold %d", most>>20, total>>20)
			}
			a.log.wait(t, 1, "msg", "limit exceeded", "limit", "memory-total", "service", s.name)
			if st := s.Stats(); st.Breaches["memory-total"] == 0 || st.Memory > total+total/16 {
				t.Errorf("%d breaches are counted, and %d bytes", st.Breaches["memory-total"], st.Memory)
			}
			for _, p := range peers {
				p.Close()
			}
		})
	}
}

// together makes a function for one peer one for many at once.
func together(f func(*peer)) func([]*peer) {
	return func(all []*peer) {
		var wg sync.WaitGroup
		for _, p := range all {
			wg.Go(func() { f(p) })
		}
		wg.Wait()
	}
}

// testTableGrow has one guest grow its table to the limit, and then many. All that their tables may grow to counts as
// memory, with the memory of guests that change their tables and so cannot begin as a copy.
func testTableGrow(t *testing.T, g *guest) {
	a := newArena(t, func(hc *host.Config, _ *reactor.Config) { hc.Limits.Table = 5000 })
	s := a.attack(g, host.ServiceConfig{})
	p := s.dial()
	p.send("x")
	if n := p.number(); n > 5000 || n < 4001 {
		t.Errorf("the table grew to %d entries by 1000 at a time, want close to 5000", n)
	}
	p.echoesNothing()

	const total, each = 8 << 20, 5000*8 + 64<<10
	many := a.attack(g, host.ServiceConfig{Name: "many", Limits: host.Limits{MemoryTotal: total}})
	out := 0
	a.neighbour.while(func() {
		for range 2 * total / each {
			p := many.dialReset()
			if p == nil {
				out++
				continue
			}
			_, _ = p.Write([]byte("x")) // which fails if it is turned away
			if n, _ := io.ReadFull(p, make([]byte, 4)); n < 4 {
				out++
			}
			if st := many.Stats(); st.Open > total/each || st.Memory > total {
				t.Fatalf("%d guests have a table, and all together %d bytes", st.Open, st.Memory)
			}
		}
	})
	if n := many.Stats().Breaches["memory-total"]; out == 0 || n < uint64(out) {
		t.Errorf("%d guests were turned away or ended, and %d breaches are counted", out, n)
	}
}
