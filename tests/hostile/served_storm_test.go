package hostile

import (
	"strconv"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

// testDialStorm sees that dials under way are bounded, and that they end with the instance.
func testDialStorm(t *testing.T, g *guest) {
	resolver := &hanging{asked: make(chan struct{}, 1), release: make(chan struct{})}
	a := newArena(t, resolving(resolver))
	m := a.load(g)
	t.Run("dials that take for ever", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "forever", Limits: host.Limits{Dials: 7},
			Grants: grants(t, "dial=tcp:*:80"), Config: map[string]string{"target": "tcp:slow.example:80"}})
		p := connect(t, s.address)
		defer p.Close()
		p.send("x")
		if n := p.number(); n != 7 {
			t.Errorf("%d dials were taken, want 7", n)
		}
		s.breached("dials", 1)
		<-resolver.asked
		p.Close()
		a.quiet()
		a.neighbour.answers(10)
		resolver.mu.Lock()
		defer resolver.mu.Unlock()
		if resolver.most > 7 {
			t.Errorf("%d names were looked up at a time", resolver.most)
		}
	})
	close(resolver.release)
	t.Run("dials that fail at once", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "at once", Limits: host.Limits{Dials: 7},
			Grants: grants(t, "dial=tcp:loopback:*"), Config: map[string]string{"target": "tcp:127.0.0.1:1"}})
		p := connect(t, s.address)
		defer p.Close()
		p.send("x")
		if n := p.number(); n != 7 {
			t.Errorf("%d dials were taken, want 7", n)
		}
		a.eventually("a hundred dials", func() bool { return s.Stats().Dials > 100 })
		p.Close()
		end := a.log.wait(t, 1, "msg", "connection closed", "service", s.name)[0]
		if n, err := strconv.Atoi(end["bill.dials"]); err != nil || n < 100 {
			t.Errorf("%q dials are on the bill", end["bill.dials"])
		}
		// Its peer is gone, and with the dials that were under way ends the instance.
		a.eventually("the end of the instance", func() bool { return s.Stats().Recycled > 0 })
	})
}

func testResolveStorm(t *testing.T, g *guest) {
	resolver := &hanging{asked: make(chan struct{}, 1), release: make(chan struct{})}
	a := newArena(t, resolving(resolver))
	m := a.load(g)
	denied := a.serve(m, host.ServiceConfig{Name: "denied"})
	p := denied.dial()
	p.send("victim.example")
	if taken, code := p.number(), p.number(); taken != 0 || abi.Code(code) != abi.Denied {
		t.Errorf("without the grant: %d taken and then %d, want none and DENIED", taken, code)
	}
	p.Close()
	granted := a.serve(m, host.ServiceConfig{Name: "granted", Grants: grants(t, "resolve"), Limits: host.Limits{Handles: 20}})
	p = granted.dial()
	a.neighbour.while(func() {
		p.send("victim.example")
		if taken, code := p.number(), p.number(); taken != 20 || abi.Code(code) != abi.Limit {
			t.Errorf("with the grant: %d taken and then %d, want 20 and LIMIT", taken, code)
		}
	})
	granted.breached("handles", 1)
	<-resolver.asked
	a.neighbour.answers(10)
	p.Close()
	a.quiet()
	close(resolver.release)
}
