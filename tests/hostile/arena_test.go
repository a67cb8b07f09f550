package hostile

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// patience is how long a test waits for what must come. It only decides when a test that hangs has failed.
const patience = 60 * time.Second

// An arena is a reactor of one loop on which hostile services run beside a well-behaved one, the neighbour. When the
// test ends the neighbour must still answer, and nothing may be left of anything.
type arena struct {
	testing.TB
	*host.Host
	reactor   *reactor.Reactor
	log       *journal
	services  []*service
	neighbour *neighbour
	before    resources
	spinning  bool // a guest goes on until the reactor ends
}

// A service is a module that listens in an arena.
type service struct {
	*host.Service
	arena   *arena
	name    string
	address string
}

// An option changes how an arena is made.
type option func(*host.Config, *reactor.Config)

func newArena(t testing.TB, options ...option) *arena {
	t.Helper()
	a := &arena{TB: t, log: newJournal(), before: takeStock()}
	logger := slog.New(scribe{journal: a.log})
	// The race detector makes compiling a Go guest a matter of many seconds: all tests share what one has compiled.
	hc := host.Config{Logger: logger, CacheDir: filepath.Join(buildDir, "cache")}
	rc := reactor.Config{Logger: logger, Loops: 1}
	for _, o := range options {
		o(&hc, &rc)
	}
	var err error
	if a.Host, err = host.New(hc); err != nil {
		t.Fatal(err)
	}
	if a.reactor, err = reactor.New(rc); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- a.reactor.Run() }()
	t.Cleanup(func() { a.end(ran) })
	a.neighbour = a.newNeighbour()
	return a
}

// end takes the arena down and looks for what is left.
func (a *arena) end(ran chan error) {
	if !a.Failed() {
		a.neighbour.answers(3)
		a.neighbour.welcomes()
		if !a.spinning {
			a.quiet()
		}
	}
	a.neighbour.Close()
	a.stop()
	if err := <-ran; err != nil {
		a.Error(err)
	}
	if err := a.Host.Close(); err != nil {
		a.Error(err)
	}
	for _, s := range a.services {
		if st := s.Stats(); st.Open != 0 && !a.spinning || st.Instances != 0 || st.Memory != 0 {
			a.Errorf("%s: left behind: %d connections, %d instances, %d bytes", s.name, st.Open, st.Instances, st.Memory)
		}
	}
	for _, r := range a.log.all("level", "ERROR") {
		if r["msg"] != "guest failed" && r["source"] != "guest" {
			a.Errorf("the log has an error of the host: %q", r)
		}
	}
	a.before.compare(a)
	if a.Failed() {
		a.Logf("the log:\n%s", a.log)
	}
}

// stop ends the reactor, if the test has not.
func (a *arena) stop() {
	running := make(chan struct{})
	a.reactor.CallWhenRunning(func() { close(running) })
	select {
	case <-running:
		if err := a.reactor.Stop(); err != nil {
			a.Error(err)
		}
	case <-time.After(patience):
		a.Error("the reactor does not run")
	}
}

// quiet waits until the connections of all hostile services are closed.
func (a *arena) quiet() {
	a.Helper()
	for _, s := range a.services {
		a.log.until(a, "the end of the connections of "+s.name, func() bool { return s.Stats().Open == 0 })
	}
}

// eventually makes round trips with the neighbour until ok.
func (a *arena) eventually(what string, ok func() bool) {
	a.Helper()
	for over := time.Now().Add(patience); !ok(); a.neighbour.answers(1) {
		if time.Now().After(over) {
			a.Fatalf("waited for %s in vain; the log:\n%s", what, a.log)
		}
	}
}

// load loads a guest.
func (a *arena) load(g *guest) *host.Module {
	a.Helper()
	m, err := a.Load(a.Context(), g.name, g.wasm)
	if err != nil {
		a.Fatal(err)
	}
	return m
}

// service starts a module.
func (a *arena) service(m *host.Module, cfg host.ServiceConfig) *service {
	a.Helper()
	inner, err := a.NewService(m, a.reactor, cfg)
	if err != nil {
		a.Fatal(err)
	}
	s := &service{Service: inner, arena: a, name: inner.Name()}
	a.services = append(a.services, s)
	return s
}

// serve starts a module and opens a port for it.
func (a *arena) serve(m *host.Module, cfg host.ServiceConfig) *service {
	a.Helper()
	s := a.service(m, cfg)
	s.listen("tcp:0:interface=127.0.0.1")
	return s
}

// attack loads a guest and serves it.
func (a *arena) attack(g *guest, cfg host.ServiceConfig) *service {
	a.Helper()
	return a.serve(a.load(g), cfg)
}

// listen opens a port for the service.
func (s *service) listen(endpoint string) {
	s.arena.Helper()
	p, err := s.Service.Listen(endpoint)
	if err != nil {
		s.arena.Fatal(err)
	}
	s.address = p.Host().String()
}

// dial connects to the service.
func (s *service) dial() *peer { return newPeer(s.arena, s.address) }

// try connects to the service, on any goroutine.
func (s *service) try() (*net.TCPConn, error) { return try(s.address) }

// breached waits until the limit was breached n times, and holds that this was logged with its name and value, and that no
// others were but these.
func (s *service) breached(limit string, n uint64, others ...string) record {
	s.arena.Helper()
	s.arena.log.until(s.arena, "a breach of "+limit, func() bool { return s.Stats().Breaches[limit] >= n })
	for name, count := range s.Stats().Breaches {
		if name == limit && count != n || name != limit && !slices.Contains(others, name) {
			s.arena.Errorf("%d breaches of %s are counted, want %d of %s", count, name, n, limit)
		}
	}
	limits := s.Limits()
	value, _ := limits.Get(limit)
	r := s.arena.log.wait(s.arena, 1, "msg", "limit exceeded", "limit", limit, "service", s.name)[0]
	if r["value"] != value || r["level"] != "WARN" {
		s.arena.Errorf("the breach is logged as %q, want a warning with the value %s", r, value)
	}
	return r
}

// resources are what a test may not leave behind.
type resources struct {
	goroutines  goleak.Option
	descriptors int
	mappings    int
}

func takeStock() resources {
	// The first socket of a process brings descriptors of the runtime's own, which stay.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	return resources{goleak.IgnoreCurrent(), descriptors(), mappings()}
}

// compare fails the test if there is more than there was.
func (r resources) compare(t testing.TB) {
	t.Helper()
	goleak.VerifyNone(t, r.goroutines)
	if n := descriptors(); n > r.descriptors {
		t.Errorf("%d descriptors are open, %d were", n, r.descriptors)
	}
	if n := mappings(); n > r.mappings {
		t.Errorf("%d mappings of images are left, there were %d", n, r.mappings)
	}
}

// descriptors counts the open ones, where the system lists them.
func descriptors() int {
	list, _ := os.ReadDir("/dev/fd")
	return len(list)
}

// mappings counts those of images, where the system lists them.
func mappings() int {
	text, _ := os.ReadFile("/proc/self/maps")
	return strings.Count(string(text), "wasmnet-image")
}

// allocated is how many bytes f takes from the heap altogether, which is no less than what it holds at any moment.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// residentImages is how many bytes of the process's memory are private pages of images.
func residentImages(t testing.TB) (bytes int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	of := false
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, " ")
		switch {
		case !strings.HasSuffix(key, ":"):
			of = strings.Contains(line, "wasmnet-image")
		case of && key == "Private_Dirty:":
			n, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			bytes += n << 10
		}
	}
	return bytes
}
