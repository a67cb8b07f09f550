package guesttest_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build makes a guest of a program in testdata.
func build(t testing.TB, name string) []byte {
	t.Helper()
	return guestbuild.C(t, filepath.Join("testdata", name), "-I../../guest-sdk/c")
}

// greeter is in service on a reactor of its own.
func greeter(t testing.TB, cfg host.ServiceConfig) *guesttest.Guest {
	t.Helper()
	return guesttest.New(t, build(t, "greeter.c"), cfg)
}

func TestGreeter(t *testing.T) {
	g := greeter(t, host.ServiceConfig{})
	peer := g.Connect()
	peer.Send("wor")
	peer.Send("ld\nmoon\n")
	if got := peer.Take(); got != "hello, world\nhello, moon\n" {
		t.Errorf("it answered %q", got)
	}
	if got := g.TakePrinted(); got != "world\nmoon\n" || g.Printed() != "" {
		t.Errorf("it printed %q", got)
	}
	g.Advance(time.Minute - 1)
	if got := peer.Take(); got != "" || peer.Lost() != nil {
		t.Errorf("after less than a minute: %q, %v", got, peer.Lost())
	}
	g.Advance(1)
	if got := peer.Take(); got != "bye\n" || protocol.ReasonOf(peer.Lost()) != protocol.ErrConnectionDone {
		t.Errorf("after a minute: %q, %v", got, peer.Lost())
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "greeter.wasm")
	if err := os.WriteFile(file, build(t, "greeter.c"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := guesttest.Open(t, file, host.ServiceConfig{Stdout: io.Discard})
	if g.Service.Name() != "greeter.wasm" {
		t.Errorf("the service is %s", g.Service.Name())
	}
	peer := g.Connect()
	peer.Send("you\n")
	peer.Close()
	if peer.Take() != "hello, you\n" || g.Printed() != "" {
		t.Errorf("printed %q", g.Printed())
	}
}

func TestCheckChunks(t *testing.T) {
	g := greeter(t, host.ServiceConfig{})
	g.CheckChunks(t, []byte("world\nmoon\n\n"+strings.Repeat("x", 64)+"\nstars"))
	g.CheckChunks(t, []byte(strings.Repeat("x", 65)))
	// However many reactors there were, few sandboxes are left, and all are of the same few machines.
	if s := g.Service.Stats(); s.Instances > 8 || s.Built > 16 || s.Connections < 60 {
		t.Errorf("%d instances and %d machines for %d connections", s.Instances, s.Built, s.Connections)
	}
}

// TestCheckChunksFindsDifferences has a guest that tells how many events it took.
func TestCheckChunksFindsDifferences(t *testing.T) {
	found := &failures{TB: t}
	g := guesttest.New(t, build(t, "counter.c"), host.ServiceConfig{})
	g.CheckChunks(found, []byte("two"))
	if found.count == 0 {
		t.Error("the ways of cutting were all the same")
	}
}

// failures counts the errors of a test that is to fail.
type failures struct {
	testing.TB
	count int
}

func (f *failures) Errorf(string, ...any) { f.count++ }

func FuzzGreeter(f *testing.F) {
	f.Add([]byte("world\n"))
	f.Add([]byte("\n\n\xff"))
	g := greeter(f, host.ServiceConfig{})
	f.Fuzz(func(t *testing.T, input []byte) { g.CheckChunks(t, input) })
}

// TestLimitsHold lets the time of the test run out a limit of the operator's, and a guest write more than it may.
func TestLimitsHold(t *testing.T) {
	g := greeter(t, host.ServiceConfig{Limits: host.Limits{Idle: 10 * time.Second}})
	peer := g.Connect()
	g.Pump(9*time.Second, 2*time.Second)
	if protocol.ReasonOf(peer.Lost()) != protocol.ErrConnectionLost || peer.Guest.Lost() == nil {
		t.Errorf("idle for 11 s: %v, %v", peer.Lost(), peer.Guest.Lost())
	}
	g = greeter(t, host.ServiceConfig{Limits: host.Limits{Output: 1024}})
	peer = g.Connect()
	peer.Send(strings.Repeat("you\n", 200))
	if protocol.ReasonOf(peer.Lost()) != protocol.ErrConnectionLost || strings.Contains(peer.Take(), "hello") {
		t.Errorf("2 KiB of output in one event: %v", peer.Lost())
	}
}

// TestStringTransport plays the transport by hand.
func TestStringTransport(t *testing.T) {
	g := greeter(t, host.ServiceConfig{})
	p, wire := g.Protocol(), reactortest.NewStringTransport()
	p.ConnectionMade(wire)
	p.DataReceived([]byte("you\n"))
	if got := wire.Take(); got != "hello, you\n" {
		t.Errorf("it answered %q", got)
	}
	wire.Clock.Advance(time.Minute)
	if got := wire.Take(); got != "bye\n" || !wire.Disconnecting() {
		t.Errorf("after a minute %q, and disconnecting is %v", got, wire.Disconnecting())
	}
	p.ConnectionLost(protocol.ErrConnectionDone)
}

// TestServiceIsAFactory listens with the service behind a policy, and dials it.
func TestServiceIsAFactory(t *testing.T) {
	g := greeter(t, host.ServiceConfig{})
	one := policy.NewLimitTotalConnectionsFactory(g.Service, 1, nil)
	if _, err := g.Listen("tcp:80", one); err != nil {
		t.Fatal(err)
	}
	first, second := &reactortest.Recorder{}, &reactortest.Recorder{}
	for _, r := range []*reactortest.Recorder{first, second} {
		if _, err := g.Reactor.Connect("tcp:localhost:80", protocol.FactoryFunc(
			func(protocol.Address) protocol.Protocol { return r })); err != nil {
			t.Fatal(err)
		}
		g.Settle()
	}
	first.Transport.Write([]byte("you\n"))
	g.Settle()
	if got := first.Take(); got != "hello, you\n" || first.Reason != nil || second.Reason == nil {
		t.Errorf("the first: %q, %v; the second: %v", got, first.Reason, second.Reason)
	}
}

// TestProgram runs one program that is over at once, and one that dials and waits.
func TestProgram(t *testing.T) {
	var cfg host.ServiceConfig
	if err := cfg.Grants.Set("dial=tcp:loopback:80"); err != nil {
		t.Fatal(err)
	}
	cfg.Program = true
	server := &reactortest.Recorder{}
	g := guesttest.New(t, build(t, "program.c"), cfg)
	if _, err := g.Listen("tcp:80", protocol.FactoryFunc(
		func(protocol.Address) protocol.Protocol { return server })); err != nil {
		t.Fatal(err)
	}
	run := g.Exec()
	if got := server.Take(); got != "hello" || over(run) {
		t.Errorf("the server was sent %q, and the program is over: %v", got, over(run))
	}
	server.Transport.Write([]byte("!"))
	g.Settle()
	if !over(run) {
		t.Fatal("the program goes on after its answer")
	}
	if status, err := run.Wait(t.Context()); status != 7 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
}

func over(p *host.Program) bool {
	select {
	case <-p.Done():
		return true
	default:
		return false
	}
}
