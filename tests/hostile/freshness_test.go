package hostile

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// A stain is how a guest is made to leave secrets, and what a fresh one is asked for.
type stain struct {
	limits  host.Limits
	leave   string   // what is sent for the secrets
	endings []string // what is sent after that, ways to end: "." the peer closes, "!" it resets, others are commands
	dump    string   // what is sent for all of memory
	own     int      // words of memory that may differ between any two instances
	rounds  int
}

// stains are of the guests that can be asked.
var stains = map[string]stain{
	"freshness": {
		limits:  host.Limits{Fuel: 20_000_000, FuelRate: host.Unlimited, Output: 4 << 20, Stack: 64 << 10},
		leave:   "gf",
		endings: []string{".", "l", "a", "t", "s", "x", "e", "w", "!", "h.", "hl", "ha", "ht", "hx", "he", "h!"},
		dump:    "d",
		rounds:  2,
	},
	"gopher": {
		limits:  host.Limits{Fuel: 20_000_000, FuelRate: host.Unlimited, Output: 64 << 20, Memory: 32 << 20},
		leave:   "ft",
		endings: []string{".", "l", "a", "p", "P", "n", "r", "s", "d", "w", "x", "!", "h.", "hl", "ha", "hp", "hs", "hx", "h!"},
		dump:    "D",
		own:     100,
		rounds:  1,
	},
}

// Fresh instances of a guest are what the first one was, whatever those before have left.
func TestFreshness(t *testing.T) {
	for name, st := range stains {
		t.Run(name, func(t *testing.T) {
			for where, options := range map[string][]option{"on the loop": nil, "beside the loop": {leavingAtOnce}} {
				t.Run("one after the other "+where, func(t *testing.T) { st.oneByOne(t, named(t, name), options...) })
			}
			t.Run("under load", func(t *testing.T) { st.underLoad(t, named(t, name)) })
		})
	}
}

// oneByOne runs connections that leave secrets and end in each way, and compares the memory that a fresh instance dumps
// after each with what the first one dumped.
func (st stain) oneByOne(t *testing.T, g *guest, options ...option) {
	a := newArena(t, options...)
	s := a.attack(g, host.ServiceConfig{Limits: st.limits})
	pristine := st.pristine(t, s)
	for range st.rounds {
		for _, end := range st.endings {
			st.soil(t, s, end)
			if err := pristine.compare(st.ask(t, s)); err != nil {
				t.Fatalf("after the ending %q: %v", end, err)
			}
		}
	}
	if st := s.Stats(); st.Recycled == 0 || st.Built < 2 {
		t.Errorf("%d instances recycled and %d built, want some of both", st.Recycled, st.Built)
	}
	if n := s.Stats().Detached; len(options) > 0 && n == 0 {
		t.Error("no call has left the loop")
	}
}

// underLoad does it with many at a time.
func (st stain) underLoad(t *testing.T, g *guest) {
	a := newArena(t, func(_ *host.Config, rc *reactor.Config) { rc.Loops = 2 })
	s := a.attack(g, host.ServiceConfig{Limits: st.limits})
	pristine := st.pristine(t, s)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 0))
			for range 4 * st.rounds {
				st.soil(t, s, st.endings[random.IntN(len(st.endings))])
				if err := pristine.compare(st.ask(t, s)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	a.neighbour.while(wg.Wait)
}

// soil leaves secrets in an instance and ends its connection.
func (st stain) soil(t testing.TB, s *service, end string) {
	p, err := s.try()
	if err != nil {
		t.Error(err)
		return
	}
	defer p.Close()
	commands, resets := strings.CutSuffix(end, "!")
	commands, closes := strings.CutSuffix(commands, ".")
	if resets {
		p.SetLinger(0)
	}
	if _, err := io.WriteString(p, st.leave+commands); err != nil {
		t.Error(err)
	}
	if resets {
		return // of which the guest hears before or after it has done what it was told
	}
	if closes {
		p.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, p) // to the end, whichever it is
}

// ask has an instance send all of its memory.
func (st stain) ask(t testing.TB, s *service) []byte {
	p, err := s.try()
	if err != nil {
		t.Error(err)
		return nil
	}
	defer p.Close()
	if _, err := io.WriteString(p, st.dump); err != nil {
		t.Error(err)
	}
	p.CloseWrite()
	b, err := io.ReadAll(p)
	if err != nil || len(b) < 1<<16 {
		t.Errorf("a dump of %d bytes: %v", len(b), err)
	}
	return b
}

// A memory is what a service's instances begin with. A guest that keeps the time, its peer's address or a seed of its own
// has these in some words, which are not the same in any two instances.
type memory struct {
	bytes   []byte
	differs map[int]bool // the words, by their number
}

const word = 8

// pristine is the memory of a service's first instances, before any other was there.
func (st stain) pristine(t testing.TB, s *service) memory {
	t.Helper()
	m := memory{st.ask(t, s), map[int]bool{}}
	found := map[int]bool{}
	for range 8 {
		b := st.ask(t, s)
		if len(b) != len(m.bytes) {
			t.Fatalf("the first dump has %d bytes, another one %d", len(m.bytes), len(b))
		}
		for n := range m.unequal(b) {
			found[n] = true
		}
	}
	if len(found) > st.own {
		t.Fatalf("%d words are not the same in all instances, want %d at most", len(found), st.own)
	}
	for n := range found { // the seconds of a time are beside its nanoseconds
		m.differs[n-1], m.differs[n], m.differs[n+1] = true, true, true
	}
	return m
}

// unequal are the numbers of the words in which b, of the same length, differs.
func (m memory) unequal(b []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		const block = 512 * word // mostly equal as a whole
		for at := 0; at < len(b); {
			if to := min(at+block, len(b)); at%block == 0 && bytes.Equal(b[at:to], m.bytes[at:to]) {
				at = to
				continue
			}
			if to := min(at+word, len(b)); !bytes.Equal(b[at:to], m.bytes[at:to]) && !yield(at/word) {
				return
			}
			at += word
		}
	}
}

// compare wants a dump to be the memory.
func (m memory) compare(b []byte) error {
	if len(b) != len(m.bytes) {
		return fmt.Errorf("a fresh instance dumps %d bytes, want %d", len(b), len(m.bytes))
	}
	for n := range m.unequal(b) {
		if at := n * word; !m.differs[n] {
			return fmt.Errorf("a fresh instance is not the image at %#x: %x, want %x", at, b[at:min(at+16, len(b))], m.bytes[at:min(at+16, len(b))])
		}
	}
	if at := bytes.Index(b, bytes.Repeat([]byte{0xa5}, 16)); at >= 0 {
		return fmt.Errorf("a secret is at %#x", at)
	}
	return nil
}
