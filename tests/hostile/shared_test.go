package hostile

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// A shared instance that traps is made anew while its port stays open, and connections are refused in between.
func TestSharedInstancesAreRebuilt(t *testing.T) {
	for _, isolation := range []host.Isolation{host.PerLoop, host.PerService} {
		t.Run(isolation.String(), func(t *testing.T) {
			a := newArena(t)
			s := a.attack(shared(named(t, "detach")), host.ServiceConfig{Isolation: isolation})
			for round := range 2 {
				bystander, p := s.dial(), s.dial()
				bystander.send("w")
				bystander.sees("w")
				a.neighbour.while(func() {
					p.send("u")
					p.ends(reset)
					bystander.ends(reset)
				})
				a.log.wait(t, round+1, "msg", "guest failed", "service", s.name)
				if why := s.Stats().Circuit; !strings.Contains(why, "unreachable") {
					t.Errorf("the circuit is %q, want the trap", why)
				}
				// It is refused at once, without a byte, and nothing waits for it.
				if q := s.dialReset(); q != nil {
					if b, _ := q.rest(); len(b) > 0 {
						t.Errorf("a refused connection received %q", b)
					}
				}
				a.eventually("a new instance", func() bool { return s.Stats().Circuit == "" })
				again := s.dial()
				again.send("w")
				again.sees("w")
				again.Close()
			}
			pauses := a.log.wait(t, 2, "msg", "connections are refused", "service", s.name)
			if !strings.Contains(pauses[0]["reason"], "in 1s") {
				t.Errorf("the first pause is logged as %q, want a second", pauses[0]["reason"])
			}
			if st := s.Stats(); st.Traps != 2 || st.Refused == 0 {
				t.Errorf("%d traps, %d connections refused, want 2 and some", st.Traps, st.Refused)
			}
		})
	}
}
