package hostile

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// pieceSize is how much of its memory a task gives as its result.
const pieceSize = 2048

// testFreshTasks has tasks leave secrets, and looks at what later ones find in their memory.
func testFreshTasks(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{Limits: stains[g.name].limits})
	pristine := s.dumpTasks(t)
	for _, end := range []string{"", "h", "t", "s", "x", "e"} {
		for range 2 {
			p := connect(t, s.address)
			p.send("kgf" + end)
			a.neighbour.while(func() { p.number() }) // the status
			p.Close()
		}
		if dump := s.dumpTasks(t); dump != pristine {
			t.Errorf("after %q the memory of a task is not the image; the secret is at %d", end, strings.Index(dump, "\xa5\xa5\xa5\xa5"))
		}
	}
	if n := s.Stats().Tasks; n < 12 {
		t.Errorf("%d tasks", n)
	}
}

// dumpTasks puts together what tasks say of their memory, a piece each.
func (s *service) dumpTasks(t *testing.T) string {
	t.Helper()
	p := connect(t, s.address)
	defer p.Close()
	var all strings.Builder
	for piece, pages := 0, 1; piece < pages<<16/pieceSize; piece++ {
		p.send(string(binary.LittleEndian.AppendUint16([]byte("kd"), uint16(piece))))
		if pages = p.number(); pages <= 0 {
			t.Fatalf("piece %d: %d", piece, pages)
		}
		all.Write(p.read(pieceSize))
	}
	return all.String()
}

// An instance that connections share is as fresh after it was made anew.
func TestSharedInstancesAreFresh(t *testing.T) {
	for isolation, end := range map[host.Isolation]string{host.PerLoop: "t", host.PerService: "x"} {
		t.Run(isolation.String(), func(t *testing.T) {
			a := newArena(t)
			st := stains["freshness"]
			s := a.attack(shared(named(t, "freshness")), host.ServiceConfig{Isolation: isolation, Limits: st.limits})
			pristine := memory{bytes: st.ask(t, s)}
			st.soil(t, s, end)
			a.eventually("a new instance", func() bool { return s.Stats().Built > 1 && s.Stats().Circuit == "" })
			if err := pristine.compare(st.ask(t, s)); err != nil {
				t.Error(err)
			}
		})
	}
}
