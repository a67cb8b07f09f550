package hostile

import (
	"encoding/hex"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

func testRandom(t *testing.T, g *guest) { testDraws(t, g, "rw") }

// Go guests draw with crypto/rand, and from a generator of their own that they seed in restored.
func TestGoGuestsDrawNothingTwice(t *testing.T) { testDraws(t, named(t, "gopher"), "RG") }

const drawn = 32 // bytes

// testDraws has many instances, new ones and recycled ones, draw with each of these commands, and wants nothing to come
// twice.
func testDraws(t *testing.T, g *guest, commands string) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	seen := map[string]bool{}
	for range 10 {
		var peers []*peer
		for range 20 {
			peers = append(peers, connect(t, s.address))
		}
		for range 2 {
			for _, p := range peers {
				p.send(commands)
			}
			for _, p := range peers {
				for _, command := range commands {
					bytes := string(p.read(drawn))
					if seen[bytes] {
						t.Errorf("%c drew %s, which had come before", command, hex.EncodeToString([]byte(bytes)))
					}
					seen[bytes] = true
				}
			}
		}
		for _, p := range peers {
			p.Close()
		}
		a.quiet()
	}
	if st := s.Stats(); st.Built < 20 || st.Recycled < 100 {
		t.Errorf("%d instances were built and %d recycled, want 20 and most of 200", st.Built, st.Recycled)
	}
}

// What the Go runtime has drawn at start-up is the image's: math/rand's global functions and the order of a map are the
// same in every sandbox of a service, and other ones when it starts again. The SDK tells this to whoever writes a
// guest.
func TestGoRuntimesAreSeededOnce(t *testing.T) {
	const letters = 64
	draw := func(s *service) string {
		p := connect(t, s.address)
		defer p.Close()
		p.send("M")
		return string(p.read(drawn + letters))
	}
	a := newArena(t)
	m := a.load(named(t, "gopher"))
	s := a.serve(m, host.ServiceConfig{Name: "first"})
	first := draw(s)
	for range 20 {
		if got := draw(s); got != first {
			t.Errorf("drawn: %x, in another sandbox %x: the documentation of guest-sdk/go says that these are the same", got, first)
		}
	}
	if got := draw(a.serve(m, host.ServiceConfig{Name: "second"})); got[:drawn] == first[:drawn] {
		t.Error("a service that is started anew draws the same")
	}
}
