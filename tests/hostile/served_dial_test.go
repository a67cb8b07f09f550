package hostile

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// names is a resolver that answers from a table: what an attacker's name server says.
type names map[string][]string

// LookupNetIP implements reactor.Resolver.
func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var list []netip.Addr
	for _, a := range n[host] {
		list = append(list, netip.MustParseAddr(a))
	}
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return list, nil
}

func resolving(r reactor.Resolver) option {
	return func(_ *host.Config, rc *reactor.Config) { rc.Resolver = r }
}

// grants reads grants in their text form.
func grants(t testing.TB, texts ...string) (g host.Grants) {
	t.Helper()
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// trap is a listener that no guest must reach.
func trap(t testing.TB) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Errorf("a guest has reached %s", l.Addr())
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

const (
	failedDenied = 1000 + 14
	failedDNS    = 1000 + 5
	dialled      = 2000
)

// inside are addresses that only a grant of their own covers.
var inside = []string{
	"127.0.0.1", "127.8.9.10", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1",
	"169.254.169.254", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00:ec2::254", "100.64.0.1",
}

// testDialDenied asks for what is not granted: by name, by address, and by a name that leads inside.
func testDialDenied(t *testing.T, g *guest) {
	port := trap(t)
	table := names{"evil.example": {"127.0.0.1"}}
	for _, a := range inside {
		table[strings.NewReplacer(":", "-", ".", "-").Replace(a)+".evil.example"] = []string{a}
	}
	table["both.evil.example"] = []string{"127.0.0.1", "::1", "169.254.169.254"}
	a := newArena(t, resolving(table))
	m := a.load(g)

	t.Run("nothing is granted", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "nothing"})
		for _, text := range []string{
			"tcp:127.0.0.1:" + port, "tcp:localhost:" + port, "tcp:evil.example:" + port, `tcp:\:\:1:` + port, "tcp:0:" + port,
			"udp:127.0.0.1:" + port, "tls:127.0.0.1:" + port, "unix:/var/run/docker.sock", "unix:@/abstract",
		} {
			s.dials(t, text, int(abi.Denied))
		}
		if n := s.Stats().Dials; n != 0 {
			t.Errorf("%d dials were begun", n)
		}
		denied := a.log.wait(t, 1, "msg", "denied", "service", "nothing")[0]
		if denied["grant"] != "dial" || denied["conn"] == "" || denied["module"] != g.name {
			t.Errorf("logged as %q", denied)
		}
	})
	t.Run("names are granted", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "names", Grants: grants(t, "dial=tcp:*.evil.example:*", "dial=tcp:evil.example:*")})
		s.dials(t, "tcp:evil.example:"+port, failedDenied)
		for name := range table {
			s.dials(t, "tcp:"+name+":"+port, failedDenied)
			s.dials(t, "tls:"+name+":"+port, failedDenied)
		}
		s.dials(t, "tcp:nowhere.evil.example:"+port, failedDNS)
		for _, literal := range inside {
			s.dials(t, "tcp:"+strings.ReplaceAll(literal, ":", `\:`)+":"+port, int(abi.Denied))
		}
	})
	t.Run("everything is granted, and inside is not", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "star", Grants: grants(t, "dial=*:*:*")})
		for name := range table {
			s.dials(t, "tcp:"+name+":"+port, failedDenied)
		}
		for _, literal := range inside {
			s.dials(t, "tcp:"+strings.ReplaceAll(literal, ":", `\:`)+":"+port, int(abi.Denied))
		}
		s.dials(t, "unix:/var/run/docker.sock", int(abi.Denied))
		for _, file := range []string{"ssl:%s:privateKey", "ssl:%s:certKey", "ssl:%s:caCertsDir", "tls:%s:certificate", "tls:%s:trustRoots"} {
			s.dials(t, fmt.Sprintf(file, "192.0.2.1:443")+"=/etc/passwd", int(abi.Denied))
		}
	})
	t.Run("inside is granted by name and class", func(t *testing.T) {
		friendly, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer friendly.Close()
		_, port, _ := net.SplitHostPort(friendly.Addr().String())
		s := a.serve(m, host.ServiceConfig{Name: "granted", Grants: grants(t, "dial=tcp:evil.example:*", "dial=tcp:loopback:*")})
		s.dials(t, "tcp:evil.example:"+port, dialled)
		s.dials(t, "tcp:127.0.0.1:"+port, dialled)
		s.dials(t, "tcp:169-254-169-254.evil.example:"+port, int(abi.Denied))
	})
	a.neighbour.answers(3)
}

// dials has the guest dial an endpoint, and wants this to come of it.
func (s *service) dials(t testing.TB, text string, want int) {
	t.Helper()
	p := connect(t, s.address)
	defer p.Close()
	p.send(text)
	got := p.number()
	if got > 0 {
		got = p.number()
	}
	if got != want {
		t.Errorf("%s: %d, want %d", text, got, want)
	}
}

// A hanging resolver answers when it is told to.
type hanging struct {
	mu      sync.Mutex
	waiting int
	most    int
	asked   chan struct{}
	release chan struct{}
}

// LookupNetIP implements reactor.Resolver.
func (h *hanging) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	h.mu.Lock()
	h.waiting++
	h.most = max(h.most, h.waiting)
	h.mu.Unlock()
	select {
	case h.asked <- struct{}{}:
	default:
	}
	defer func() {
		h.mu.Lock()
		h.waiting--
		h.mu.Unlock()
	}()
	select {
	case <-h.release:
		return nil, errors.New("the name server failed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

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

func testListenDenied(t *testing.T, g *guest) {
	a := newArena(t)
	m := a.load(g)
	ask := func(t *testing.T, s *service, text string) (first, last abi.Code) {
		p := connect(t, s.address)
		defer p.Close()
		p.send(text)
		return abi.Code(p.number()), abi.Code(p.number())
	}
	s := a.serve(m, host.ServiceConfig{Name: "nothing"})
	for _, text := range []string{
		"tcp:0", "tcp:0:interface=127.0.0.1", "tcp6:0", "udp:0", "unix:/tmp/hostile.sock", "unix:@hostile", "tcp:22",
	} {
		if first, _ := ask(t, s, text); first != abi.Denied {
			t.Errorf("%s: %d, want DENIED", text, first)
		}
	}
	for text, want := range map[string]abi.Code{"fd:0": abi.Denied, "stdio:": abi.Denied, "": abi.Invalid, "systemd:domain=INET:index=0": abi.Denied} {
		if text == "" {
			text = "nonsense"
		}
		if first, _ := ask(t, s, text); first != want {
			t.Errorf("%s: %d, want %d", text, first, want)
		}
	}
	if r := a.log.wait(t, 1, "msg", "denied", "service", "nothing")[0]; r["grant"] != "listen" || r["conn"] == "" {
		t.Errorf("logged as %q", r)
	}
	granted := a.serve(m, host.ServiceConfig{Name: "granted", Grants: grants(t, "listen=tcp:127.0.0.1:*"), Limits: host.Limits{Handles: 10}})
	if first, last := ask(t, granted, "tcp:0:interface=127.0.0.1"); first <= 0 || last != abi.Limit {
		t.Errorf("granted: %d and then %d, want a handle and then LIMIT", first, last)
	}
	if first, _ := ask(t, granted, "tcp:0"); first != abi.Denied {
		t.Errorf("every interface: %d, want DENIED", first)
	}
	a.quiet()
	granted.breached("handles", 1)
	a.neighbour.answers(3)
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
