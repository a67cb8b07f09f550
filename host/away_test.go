package host_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

func oneLoop(_ *host.Config, rc *reactor.Config) { rc.Loops = 1 }

// long is a number of rounds that takes far more than a slice on the loop, and far less than the patience of a test.
const long = 20_000_000

func TestNeighboursGoOnWhileAGuestIsSlow(t *testing.T) {
	w := newWorld(t, oneLoop)
	p, s, address := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 1 << 40}})
	neighbour := newPuppet(t, dial(t, address))
	p.begin(command{op: opSpin, args: []int64{1 << 60}})
	// The guest spins without end; the neighbour on the same loop is served as often as it likes.
	for range 500 {
		neighbour.do(opCount)
	}
	neighbour.Close()
	w.log.Wait(t, "connection closed", neighbour.LocalAddr().String())
	if n := s.Stats().Detached; n != 1 {
		t.Errorf("%d calls have left the loop, want 1", n)
	}
}

func TestSlowCallIsMerged(t *testing.T) {
	w := newWorld(t, oneLoop)
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	p, s, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*", "listen=tcp:loopback:*"),
		Config: map[string]string{"k": "v"}})
	p.expect(abi.ConnectionMade)
	// All of these are carried out for a call that has left its loop.
	got := p.all(command{op: opSpin, args: []int64{long}}, p.texting("connect", endpointOf(echo)),
		p.texting("listen", "tcp:0:interface=127.0.0.1"), p.importing("call_later", 0), p.texting("config", "k"),
		p.texting("log", "from afar", 1), p.importing("random", int64(p.scratch), 1000), p.importing("write", 99, 0, 0),
		command{op: opGrow, args: []int64{3}}, command{op: opSize})
	if got[0] < long || got[1] <= 0 || got[2] <= 0 || got[3] <= 0 || got[4] != 1 || abi.Code(got[7]) != abi.Handle || got[9]-got[8] != 3 {
		t.Errorf("results %d", got)
	}
	w.log.Wait(t, "from afar", "conn=")
	if s.Stats().Detached != 0 {
		// Counted once a second or when a connection closes.
		t.Log("counted early")
	}
	kinds := []abi.Event{puppetEvents[p.event().kind], puppetEvents[p.event().kind]}
	slices.Sort(kinds)
	if want := []abi.Event{abi.ConnectionMade, abi.TimerFired}; !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	p.Close()
	w.log.Wait(t, "connection closed", p.LocalAddr().String())
	if n := s.Stats().Detached; n != 1 {
		t.Errorf("%d calls have left the loop, want 1", n)
	}
}

func TestEventsWaitForASlowCall(t *testing.T) {
	w := newWorld(t, oneLoop)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService})
	p.expect(abi.ConnectionMade)
	a := dial(t, address)
	conn := p.expect(abi.ConnectionMade).a
	p.do(opDoIn, 15, opSpin, 0, long) // when a timer fires, spin
	timer := p.call("call_later", 0)
	// While it spins: another timer, data, a new connection, and the end of the first one.
	later := p.call("call_later", int64(time.Millisecond))
	send(t, a, "one ")
	send(t, a, "two")
	b := dial(t, address)
	send(t, b, "three")
	a.(interface{ CloseWrite() error }).CloseWrite()
	var events []string
	seen := map[int32]string{conn: "a"}
	for ended := false; !ended; {
		e := p.event()
		switch kind := puppetEvents[e.kind]; kind {
		case abi.ConnectionMade:
			seen[e.a] = "b"
			events = append(events, "made")
		case abi.DataReceived:
			events = append(events, seen[e.a]+":"+e.data)
		case abi.ConnectionLost:
			ended = true
			events = append(events, "lost "+seen[e.a])
		case abi.TimerFired:
			if int64(e.a) != timer && int64(e.a) != later {
				t.Errorf("%v", e)
			}
		}
	}
	all := strings.Join(events, " ")
	// The order of one connection's events is kept; chunks may have been joined.
	if !strings.Contains(all, "made") || !strings.HasSuffix(all, "lost a") ||
		strings.ReplaceAll(strings.Join(only(events, "a:"), ""), "a:", "") != "one two" {
		t.Errorf("events %q", events)
	}
}

func only(events []string, prefix string) (some []string) {
	for _, e := range events {
		if strings.HasPrefix(e, prefix) {
			some = append(some, e)
		}
	}
	return some
}

func TestSlowCallEndsWithItsBudget(t *testing.T) {
	w := newWorld(t, oneLoop)
	p, s, address := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 50_000_000}})
	neighbour := newPuppet(t, dial(t, address))
	p.begin(command{op: opSpin, args: []int64{1 << 60}})
	line := w.log.Wait(t, "limit exceeded", "limit=fuel", "value=50000000", "conn=")
	drained(t, p)
	w.log.Wait(t, "connection closed", p.LocalAddr().String())
	neighbour.do(opCount)
	if !strings.Contains(line, "bill.fuel=5000") {
		t.Errorf("the bill: %s", line)
	}
	if st := s.Stats(); st.Detached != 1 || st.Breaches["fuel"] != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestSlowCallsEndWithTheReactor(t *testing.T) {
	// The world's cleanup stops the reactor while guests are away from its loop, in their own code and waiting for an
	// import; it must not take them as long as their budgets last.
	w := newWorld(t)
	for _, op := range []int{opSpin, opSpinImport} {
		p, _, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 1 << 50}})
		p.begin(command{op: op, args: []int64{1 << 60}})
	}
	p, _, _ := w.pull(host.ServiceConfig{Isolation: host.PerService, Limits: host.Limits{Fuel: 1 << 50}})
	p.do(opDoIn, 15, opSpin, 0, 1<<60)
	p.call("call_later", 0)
	echo := dial(t, w.serve(w.service(w.load("echo", wat(t, "echo.wat")), host.ServiceConfig{})))
	send(t, echo, "x")
	receive(t, echo, "x")
}
