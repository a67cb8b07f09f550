package behaviour

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/tests/internal/puppet"
	"github.com/wasmnet/wasmnet/tests/internal/sandbox"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// A behaviour is two puppets on one connection, and what they have to tell: natively and in sandboxes, in memory and on
// sockets, the same.
type behaviour struct {
	name           string
	server, client string   // scripts; a client dials if nothing else is said for its start. Without a server there is none
	tellsServer    []string // what is told, in this order; nil: that is left open
	tellsClient    []string
	unordered      bool // the client's in any order
	proxied        bool // the server expects PROXY protocol headers

	only func(w world) bool // the worlds that have it; nil: all
}

// A world is where a behaviour is played.
type world struct {
	sockets        bool
	server, client bool // are in a sandbox
}

func (w world) String() string {
	name := "memory"
	if w.sockets {
		name = "sockets"
	}
	for _, end := range []struct {
		name      string
		sandboxed bool
	}{{"server", w.server}, {"client", w.client}} {
		if end.sandboxed {
			name += ", " + end.name + " in a sandbox"
		}
	}
	return name
}

func worlds() (all []world) {
	for _, sockets := range []bool{false, true} {
		all = append(all, world{sockets, false, false}, world{sockets, true, false}, world{sockets, false, true},
			world{sockets, true, true})
	}
	return all
}

func inMemory(w world) bool  { return !w.sockets }
func onSockets(w world) bool { return w.sockets }

// play plays behaviours in all worlds that have them.
func play(t *testing.T, all []behaviour) {
	t.Helper()
	pki := newIdentities(t)
	for _, w := range worlds() {
		t.Run(w.String(), func(t *testing.T) {
			for _, b := range all {
				if b.only != nil && !b.only(w) || w.server && b.server == "" {
					continue
				}
				t.Run(b.name, func(t *testing.T) {
					p := &performance{behaviour: b, world: w, pki: pki, gate: sandbox.NewGate()}
					if w.sockets {
						p.onSockets(t)
					} else {
						p.inMemory(t)
					}
				})
			}
		})
	}
}

// A performance is a behaviour that is played in a world.
type performance struct {
	behaviour
	world
	pki    *identities
	gate   *sandbox.Gate
	folder string // for sockets

	serverTape, clientTape *sandbox.Tape
}

// prepare makes the tapes and gives the client its start, and a folder for sockets whose name is short.
func (p *performance) prepare(t *testing.T) {
	t.Helper()
	var err error
	if p.folder, err = os.MkdirTemp("", "behaviour"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(p.folder); err != nil {
			t.Error(err)
		}
	})
	p.behaviour.client = strings.ReplaceAll(p.behaviour.client, "$dir", p.folder)
	p.serverTape, p.clientTape = p.gate.NewTape(), p.gate.NewTape()
	if !strings.Contains(p.behaviour.client, "start:") {
		p.behaviour.client += "\nstart: dial $to"
	}
}

// over reports whether everything was told that is expected.
func (p *performance) over() bool {
	return len(p.serverTape.All()) >= len(p.tellsServer) && len(p.clientTape.All()) >= len(p.tellsClient)
}

// compare is called when nothing happens any more.
func (p *performance) compare(t *testing.T) {
	t.Helper()
	for _, end := range []struct {
		name   string
		told   []string
		wanted []string
	}{{"server", p.serverTape.All(), p.tellsServer}, {"client", p.clientTape.All(), p.tellsClient}} {
		if end.wanted == nil {
			continue
		}
		var wanted []string
		for _, line := range end.wanted {
			wanted = append(wanted, p.expand(line))
		}
		if p.unordered {
			slices.Sort(end.told)
			slices.Sort(wanted)
		}
		if !slices.Equal(end.told, wanted) {
			t.Errorf("the %s told\n\t%s\nwant\n\t%s", end.name, strings.Join(end.told, "\n\t"), strings.Join(wanted, "\n\t"))
		}
	}
}

// expand replaces what is written in braces in an expected line: {N} is the hash of the first N bytes that producers
// write, {server} and {client} are what the other end sees of a certificate, which TLS in memory only plays.
func (p *performance) expand(line string) string {
	start, end := strings.IndexByte(line, '{'), strings.IndexByte(line, '}')
	if start < 0 {
		return line
	}
	word := line[start+1 : end]
	var value string
	switch n, err := strconv.Atoi(word); {
	case err == nil:
		value = pattern(n)
	case !p.sockets:
		value = "peer=nobody verified=" + strconv.FormatBool(word == "client")
	default:
		value = "peer=" + puppet.Fingerprint(p.pki.certificates[word].Certificate[0]) + " verified=true"
	}
	return line[:start] + value + line[end+1:]
}

// pattern is the hash of what a puppet writes.
func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// settings are the service of a puppet that may do everything, with a script.
func (p *performance) settings(t *testing.T, script, to string, tells *sandbox.Tape) host.ServiceConfig {
	t.Helper()
	cfg := host.ServiceConfig{
		Name: "puppet", Stdout: tells, Config: map[string]string{"script": script, "to": to}, TLS: p.pki.guests(),
		Limits: host.Limits{Fuel: 100_000_000, FuelRate: host.Unlimited},
	}
	for _, grant := range []string{"dial=*:loopback:*", "listen=*:loopback:*", "resolve",
		"dial=unixgram:" + p.folder + "/*", "listen=unixgram:" + p.folder + "/*"} {
		if err := cfg.Grants.Set(grant); err != nil {
			t.Fatal(err)
		}
	}
	return cfg
}

func (p *performance) inMemory(t *testing.T) {
	p.prepare(t)
	r := reactortest.NewReactor()
	defer r.Close()
	wasm := sandbox.Puppet(t)
	const to = "tcp:127.0.0.1:7"
	if p.behaviour.server != "" {
		var factory protocol.Factory = native(r, p.behaviour.server, "", p.serverTape)
		if p.world.server {
			factory = guesttest.On(t, r, wasm, p.settings(t, p.behaviour.server, "", p.serverTape)).Service
		}
		if p.proxied {
			factory = policy.NewProxyFactory(factory, time.Second)
		}
		if _, err := r.Listen("tcp:7:interface=127.0.0.1", factory); err != nil {
			t.Fatal(err)
		}
	}
	if p.world.client {
		cfg := p.settings(t, p.behaviour.client, to, p.clientTape)
		cfg.Program = true
		guesttest.On(t, r, wasm, cfg).Exec()
	} else {
		r.CallFromThread(native(r, p.behaviour.client, to, p.clientTape).Start)
	}
	r.Settle()
	for late := r.Now().Add(2 * time.Minute); !p.over() && r.Now().Before(late); {
		d, ok := r.Next()
		if !ok {
			break
		}
		r.Advance(d)
	}
	p.compare(t)
}

// native is a puppet without a sandbox.
func native(r protocol.Reactor, script, to string, tells *sandbox.Tape) puppet.Factory {
	return puppet.Factory{Stage: &puppet.Stage{Reactor: r, Script: puppet.Parse(script, to), Tell: tells.Add}}
}

func (p *performance) onSockets(t *testing.T) {
	p.prepare(t)
	r := trial.Start(t, reactor.Config{Resolver: names{}, Identities: p.pki.natives()})
	sandboxes, module := sandbox.Host(t)
	loop := r.Loops()[0]
	to := "tcp:127.0.0.1:1"
	var services []*host.Service
	serve := func(script, to string, tells *sandbox.Tape, program bool) *host.Service {
		cfg := p.settings(t, script, to, tells)
		cfg.Program, cfg.Logger = program, slog.New(slog.NewTextHandler(t.Output(), nil))
		s, err := sandboxes.NewService(module, r.Reactor, cfg)
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, s)
		return s
	}
	if p.behaviour.server != "" {
		var factory protocol.Factory = native(loop, p.behaviour.server, "", p.serverTape)
		if p.world.server {
			factory = serve(p.behaviour.server, "", p.serverTape, false)
		}
		at := trial.Localhost
		if p.proxied {
			at = "haproxy:" + at
		}
		to = trial.To(r.MustListen(at, factory).Host())
	}
	if p.world.client {
		if _, err := serve(p.behaviour.client, to, p.clientTape, true).StartExec(); err != nil {
			t.Fatal(err)
		}
	} else {
		r.OnLoop(func(*reactor.Loop) { native(loop, p.behaviour.client, to, p.clientTape).Start() })
	}
	if !p.gate.Wait(p.over) {
		t.Error("it does not come to an end")
	}
	r.OnLoop(func(*reactor.Loop) {})
	p.compare(t)
	if r.Drain(0) == nil {
		_ = r.Drain(0) // the second call does not wait for output; Run may have returned by now
	}
	r.Ended()
	for _, s := range services {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// names is a resolver that knows one name.
type names struct{}

// LookupNetIP implements [reactor.Resolver].
func (names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if host == "localhost" {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}
	return nil, protocol.ErrDNSLookup
}
