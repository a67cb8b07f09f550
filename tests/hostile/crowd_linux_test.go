package hostile

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// goEchoGuest is the Go guest that echoes.
var goEchoGuest = sync.OnceValues(func() (*guest, error) {
	wasm, err := compileGo("echo-go", filepath.Join("..", "..", "guest-sdk", "go", "examples", "echo"))
	return &guest{name: "echo-go", wasm: wasm}, err
})

// Ten thousand connections, each with a sandbox of its own, echo, fall asleep, and wake to echo again. A sleeping one takes
// little, and what the kernel allows a process of mappings is not used up.
func TestTenThousandSandboxes(t *testing.T) {
	for name, c := range map[string]struct {
		guest func() (*guest, error)
		saved int64 // bytes that a sleeping guest may take of the limit "memory-total"
		held  int64 // bytes by which the process may be larger for it, with its connection
		raced int   // how many of them under the race detector, which makes start-up and waking slow
	}{
		"C":  {echoGuest, 1 << 10, 16 << 10, 10_000},
		"Go": {goEchoGuest, 16 << 10, 48 << 10, 3_000},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := c.guest()
			if err != nil {
				t.Fatal(err)
			}
			n := crowdSize(t)
			if underRace {
				n = min(n, c.raced)
			}
			a := newArena(t, laconic, func(_ *host.Config, rc *reactor.Config) { rc.Loops = 2 })
			s := a.attack(g, host.ServiceConfig{Name: "crowded", Limits: host.Limits{MemoryTotal: 4 << 30}})
			before := resident(t)
			peers := s.gather(n)
			for round := range 2 {
				a.neighbour.while(func() { peers.do("echo", round) })
			}
			most := mapsOfProcess(t)
			a.eventually("all of them to sleep", func() bool { return s.Stats().Asleep == int64(n) })
			st := s.Stats()
			if st.Open != int64(n) || st.Memory > int64(n)*c.saved {
				t.Errorf("%d connections are open, and their guests take %d bytes each", st.Open, st.Memory/int64(n))
			}
			if held := (resident(t) - before) / int64(n); held > c.held && !underRace {
				t.Errorf("the process is larger by %d bytes for each, want %d at most", held, c.held)
			}
			a.neighbour.while(func() { peers.do("echo", 2) })
			most = max(most, mapsOfProcess(t))
			if limit := maxMaps(t); most > limit/2 {
				t.Errorf("the process has %d mappings of %d", most, limit)
			}
			a.eventually("the waking of all", func() bool { return s.Stats().Woken >= uint64(n) })
			peers.leave()
			a.eventually("the end of all", func() bool { return s.Stats().Open == 0 })
			s.uneventful()
		})
	}
}

// crowdSize is ten thousand, or as many as the descriptors of a process suffice for.
func crowdSize(t *testing.T) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	const wanted, others = 10_000, 500
	if limit.Cur >= wanted+others {
		return wanted
	}
	t.Logf("this process may have %d descriptors: raise ulimit -Hn for %d connections", limit.Cur, wanted)
	return int(limit.Cur) - others
}

// laconic keeps lines of level debug out of the journal.
func laconic(hc *host.Config, _ *reactor.Config) { hc.Logger = slog.New(terse{hc.Logger.Handler()}) }

type terse struct{ slog.Handler }

// Enabled implements slog.Handler.
func (t terse) Enabled(_ context.Context, l slog.Level) bool { return l > slog.LevelDebug }

// WithAttrs implements slog.Handler.
func (t terse) WithAttrs(attrs []slog.Attr) slog.Handler { return terse{t.Handler.WithAttrs(attrs)} }

// resident is how many bytes of memory the process has, without what it could give back at once.
func resident(t *testing.T) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(text)[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// mapsOfProcess counts all mappings of memory, and maxMaps is how many the kernel allows.
func mapsOfProcess(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte{'\n'})
}

func maxMaps(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
