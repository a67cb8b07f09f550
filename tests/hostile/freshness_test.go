package hostile

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// testFreshness fills instances with secrets, ends them in every way, and looks for what the next ones see.
func testFreshness(t *testing.T, g *guest) {
	limits := host.Limits{Fuel: 20_000_000, FuelRate: host.Unlimited, Output: 4 << 20, Stack: 64 << 10}
	endings := []string{".", "l", "a", "t", "s", "x", "w", "r"}
	testFresh(t, g, limits, "gf", endings, 6)
}

// testFresh runs connections that leave secrets and end in each of these ways ("r": the peer resets), and compares the
// memory that a fresh instance dumps after each with what the first one dumped: one after the other, and then many at a
// time.
func testFresh(t *testing.T, g *guest, limits host.Limits, leave string, endings []string, rounds int) {
	t.Run("one after the other", func(t *testing.T) {
		a := newArena(t)
		s := a.attack(g, host.ServiceConfig{Limits: limits})
		pristine := s.dump(t)
		for range rounds {
			for _, end := range endings {
				s.soil(t, leave, end)
				if dump := s.dump(t); !bytes.Equal(dump, pristine) {
					t.Fatalf("after the ending %q: %s", end, difference(dump, pristine))
				}
			}
		}
		if st := s.Stats(); st.Recycled == 0 || st.Built < 2 {
			t.Errorf("%d instances recycled and %d built, want some of both", st.Recycled, st.Built)
		}
	})
	t.Run("under load", func(t *testing.T) {
		a := newArena(t, func(_ *host.Config, rc *reactor.Config) { rc.Loops = 2 })
		s := a.attack(g, host.ServiceConfig{Limits: limits})
		pristine := s.dump(t)
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(uint64(n), 0))
				for range rounds {
					s.soil(t, leave, endings[random.IntN(len(endings))])
					if dump := s.dump(t); !bytes.Equal(dump, pristine) {
						t.Error(difference(dump, pristine))
						return
					}
				}
			})
		}
		a.neighbour.while(wg.Wait)
	})
}

// soil leaves secrets in an instance and ends its connection.
func (s *service) soil(t testing.TB, leave, end string) {
	p, err := s.try()
	if err != nil {
		t.Error(err)
		return
	}
	defer p.Close()
	if end == "r" {
		p.SetLinger(0)
	} else {
		leave += end
	}
	if _, err := io.WriteString(p, leave); err != nil {
		t.Error(err)
	}
	switch end {
	case "r":
		// Of the reset the guest hears before or after it has done what it was told.
	case ".":
		p.CloseWrite()
		fallthrough
	default:
		_, _ = io.Copy(io.Discard, p) // to the end, whichever it is
	}
}

// dump has an instance send all of its memory.
func (s *service) dump(t testing.TB) []byte {
	p, err := s.try()
	if err != nil {
		t.Error(err)
		return nil
	}
	defer p.Close()
	if _, err := io.WriteString(p, "d"); err != nil {
		t.Error(err)
	}
	p.CloseWrite()
	b, err := io.ReadAll(p)
	if err != nil || len(b) < 4 {
		t.Errorf("a dump of %d bytes: %v", len(b), err)
	}
	return b
}

// difference says where two dumps differ first, and where one holds the secret.
func difference(dump, pristine []byte) string {
	if len(dump) != len(pristine) {
		return fmt.Sprintf("a fresh instance dumps %d bytes, want %d", len(dump), len(pristine))
	}
	different, first := 0, -1
	for n := range dump {
		if dump[n] != pristine[n] {
			if different++; first < 0 {
				first = n
			}
		}
	}
	secret := bytes.Index(dump, bytes.Repeat([]byte{0xa5}, 16))
	return fmt.Sprintf("%d bytes of a fresh instance are not the image's, the first at %d: %x, want %x; the secret is at %d",
		different, first, dump[first:min(first+16, len(dump))], pristine[first:min(first+16, len(dump))], secret)
}
