package hostile

import (
	"flag"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

var soak = flag.Duration("soak", 3*time.Second, "how long TestSoak goes on")

// soakData is what peers send to the guests that attack together, by guest.
var soakData = map[string][]string{
	"loop": {"x"}, "import_loop": {"x"}, "exponential": {"x"}, "bulk_fill": {"x"}, "recursion": {"x"}, "mutual_recursion": {"x"},
	"memory_grow": {"x"}, "table_grow": {"x"}, "write_flood": {"x"}, "write_flood_timers": {"x"}, "timer_storm": {"x"},
	"traps": {"\x00", "\x01", "\x05", "\x07", "\x0c"}, "wasi_exit": {"x"}, "wasi_fds": {"x"}, "stdout_flood": {"x"},
	"restored_slow": {"x"}, "freshness": {"gft", "gfs", "gfl", "gfa", "gf"}, "detach": {"wsq", "tsa", "su", "sbl"},
	"gopher": {"p", "n", "r", "x", "f", "ehello"},
}

// All of it together, for as long as -soak says. Whoever leaves does so in some way or other.
func TestSoak(t *testing.T) {
	a := newArena(t, func(_ *host.Config, rc *reactor.Config) { rc.Loops = 2 })
	over := time.Now().Add(*soak)
	var wg sync.WaitGroup
	for name, data := range soakData {
		s := a.attack(named(t, name), host.ServiceConfig{Limits: host.Limits{Fuel: 10_000_000, MemoryTotal: 256 << 20}})
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(len(name)), 1))
			for time.Now().Before(over) {
				c, err := s.try()
				if err != nil {
					continue // the guest may have reset it already
				}
				_, _ = io.WriteString(c, data[random.IntN(len(data))])
				if random.IntN(3) == 0 {
					c.SetLinger(0)
				} else {
					c.CloseWrite()
					_, _ = io.Copy(io.Discard, c)
				}
				c.Close()
				if used := s.Stats().Memory; used > 272<<20 {
					t.Errorf("%s: %d bytes", name, used)
				}
			}
		})
	}
	a.neighbour.while(wg.Wait)
	a.quiet()
}
