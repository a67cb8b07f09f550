package hostile

import (
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// A thousand recursions at once take a bounded stack each, and are gone afterwards.
func TestAThousandRecursionsAtOnce(t *testing.T) {
	const guests = 1000
	a := newArena(t)
	s := a.attack(named(t, "recursion"), host.ServiceConfig{Limits: host.Limits{PerPeer: 2 * guests}})
	var peers []*peer
	for range guests {
		p := connect(t, s.address)
		defer p.Close()
		peers = append(peers, p)
	}
	a.neighbour.while(func() {
		for _, p := range peers {
			p.send("x")
		}
		for _, p := range peers {
			p.ends(reset)
		}
	})
	a.quiet()
	s.breached("stack", guests)
	if st := s.Stats(); st.Traps != 0 || st.Memory != 0 {
		t.Errorf("%d traps, %d bytes", st.Traps, st.Memory)
	}
}
