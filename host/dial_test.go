package host_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// grants reads grants in their text form.
func grants(t testing.TB, texts ...string) host.Grants {
	t.Helper()
	var g host.Grants
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// endpointOf is the client endpoint string for an address.
func endpointOf(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return "tcp:" + host + ":" + port
}

func TestConnect(t *testing.T) {
	w := newWorld(t)
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	p, s, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*")})
	p.expect(abi.ConnectionMade)

	conn := p.callText("connect", endpointOf(echo))
	if e := p.expect(abi.ConnectionMade); int64(e.a) != conn || conn <= 0 {
		t.Fatalf("%v, want connection %d", e, conn)
	}
	if got := p.info(conn, abi.InfoPeer); got != echo {
		t.Errorf("peer %q, want %q", got, echo)
	}
	if got := p.info(conn, abi.InfoEndpoint); got != endpointOf(echo) {
		t.Errorf("endpoint %q", got)
	}
	p.callText("write", "hello", conn)
	if e := p.expect(abi.DataReceived); int64(e.a) != conn || e.data != "hello" {
		t.Errorf("%v", e)
	}
	p.call("lose_connection", conn)
	if e := p.expect(abi.ConnectionLost); int64(e.a) != conn || e.b != 0 {
		t.Errorf("%v", e)
	}
	p.Close()
	w.log.Wait(t, "connection closed", "bill.dials=1")
	if n := s.Stats().Dials; n != 1 {
		t.Errorf("%d dials", n)
	}
}

func TestConnectFails(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*", "dial=unix:/nowhere/*")})
	p.expect(abi.ConnectionMade)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := endpointOf(l.Addr().String())
	l.Close()
	for text, reason := range map[string]int32{nobody: 3, "unix:/nowhere/socket": 3} {
		conn := p.callText("connect", text)
		if e := p.expect(abi.ConnectFailed); int64(e.a) != conn || e.b != reason {
			t.Errorf("%s: %v, want reason %d", text, e, reason)
		}
		if code := p.callText("write", "x", conn); abi.Code(code) != abi.Handle {
			t.Errorf("%s: write to what failed: %d", text, code)
		}
	}
	for text, want := range map[string]abi.Code{
		"":                                abi.Invalid,
		"nonsense":                        abi.Invalid,
		"tcp:127.0.0.1:port":              abi.Invalid,
		strings.Repeat("x", 5000):         abi.Invalid,
		"tcp:192.0.2.1:80":                abi.Denied,
		"tcp:example.org:80:timeout=1":    abi.Denied,
		"udp:127.0.0.1:53":                abi.Denied,
		"unix:/etc/passwd":                abi.Denied,
		"unix:/nowhere/../etc/passwd":     abi.Denied,
		"tls:127.0.0.1:1:trustRoots=/etc": abi.Denied,
	} {
		if got := p.callText("connect", text); abi.Code(got) != want {
			t.Errorf("connect %q: %d, want %d", text, got, want)
		}
	}
	w.log.Wait(t, "denied", "grant=dial")
}

func TestConnectIsCancelled(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*")})
	p.expect(abi.ConnectionMade)
	for _, how := range []string{"lose_connection", "abort_connection"} {
		// The handle is the next one to be given, so that both happen in one event.
		probe := p.call("call_later", 1<<60)
		p.call("cancel_timer", probe)
		next := probe + 1
		got := p.all(p.texting("connect", "tcp:127.0.0.1:1"), p.importing(how, next))
		if got[0] != next || got[1] != 0 {
			t.Fatalf("connect, %s: %d, want %d, 0", how, got, next)
		}
		if e := p.expect(abi.ConnectFailed); int64(e.a) != next || e.b != 10 {
			t.Errorf("%v", e)
		}
	}
}

func TestDialsAndHandlesAreLimited(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{
		Grants: grants(t, "dial=tcp:loopback:*"), Limits: host.Limits{Dials: 2, Handles: 3}})
	got := p.all(p.texting("connect", "tcp:127.0.0.1:1"), p.texting("connect", "tcp:127.0.0.1:1"), p.texting("connect", "tcp:127.0.0.1:1"))
	if got[0] <= 0 || got[1] <= 0 || abi.Code(got[2]) != abi.Limit {
		t.Errorf("three of two dials: %d", got)
	}
	w.log.Wait(t, "limit exceeded", "limit=dials")
}

// names is a resolver with fixed answers.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := n[host]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("no such host %s", host)
}

func withNames(n names) option {
	return func(_ *host.Config, rc *reactor.Config) { rc.Resolver = n }
}

func TestNamesThatPointInsideAreDenied(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	w := newWorld(t, withNames(names{
		"inside.example.org":   {loopback},
		"metadata.example.org": {netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("::ffff:10.0.0.1")},
		"trusted.example.org":  {loopback},
	}))
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	port := echo[strings.LastIndexByte(echo, ':')+1:]
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:*:*")})
	p.expect(abi.ConnectionMade)
	for _, name := range []string{"inside.example.org", "metadata.example.org"} {
		conn := p.callText("connect", "tcp:"+name+":"+port)
		if e := p.expect(abi.ConnectFailed); int64(e.a) != conn || e.b != 14 {
			t.Errorf("%s: %v, want reason 14", name, e)
		}
	}
	if code := p.callText("connect", "tcp:127.0.0.1:"+port); abi.Code(code) != abi.Denied {
		t.Errorf("loopback by address: %d", code)
	}
	w.log.Wait(t, "denied", "inside.example.org", "127.0.0.1:"+port)

	// The same name is fine where the address itself is granted too.
	q, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:trusted.example.org:*", "dial=tcp:127.0.0.0/8:"+port)})
	q.expect(abi.ConnectionMade)
	conn := q.callText("connect", "tcp:trusted.example.org:"+port)
	if e := q.expect(abi.ConnectionMade); int64(e.a) != conn {
		t.Errorf("%v", e)
	}
	if code := q.callText("connect", "tcp:inside.example.org:"+port); abi.Code(code) != abi.Denied {
		t.Errorf("a name that only an address covers: %d", code)
	}
}

func TestListen(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "listen=tcp:loopback:*")})
	p.expect(abi.ConnectionMade)
	l := p.callText("listen", "tcp:0:interface=127.0.0.1")
	if l <= 0 {
		t.Fatalf("listen: %d", l)
	}
	address := p.info(l, abi.InfoHost)
	c := dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)
	if got := p.info(conn, abi.InfoListener); got != strconv.Itoa(int(l)) {
		t.Errorf("listener %q, want %d", got, l)
	}
	send(t, c, "knock")
	if e := p.expect(abi.DataReceived); e.data != "knock" {
		t.Errorf("%v", e)
	}
	if code := p.callText("listen", "tcp:"+address[strings.LastIndexByte(address, ':')+1:]+":interface=127.0.0.1"); abi.Code(code) != abi.Conflict {
		t.Errorf("listening twice: %d", code)
	}
	if p.call("stop_listening", l) != 0 || abi.Code(p.call("stop_listening", l)) != abi.Handle {
		t.Error("stop_listening")
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the port is still open")
	}
	// The instance lives as long as it has a connection, its root or another one.
	p.Close()
	w.log.Wait(t, "connection closed", p.LocalAddr().String())
	send(t, c, "still there")
	c.Close()
	w.log.Wait(t, "connection closed", c.LocalAddr().String(), "bill.in=16")
}

func TestListenIsRefused(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "listen=tcp:loopback:*")})
	for text, want := range map[string]abi.Code{
		"tcp:0":                             abi.Denied, // every interface
		"tcp:0:interface=192.0.2.1":         abi.Denied,
		"tcp:0:interface=localhost":         abi.Denied, // a name
		"unix:/tmp/x":                       abi.Denied,
		"stdio:":                            abi.Denied,
		"fd:3":                              abi.Denied,
		"ssl:0:privateKey=/etc/passwd":      abi.Denied,
		"tcp:x":                             abi.Invalid,
		"haproxy:tcp:0:interface=127.0.0.1": abi.Unsupported,
	} {
		if got := p.callText("listen", text); abi.Code(got) != want {
			t.Errorf("listen %q: %d, want %d", text, got, want)
		}
	}
}
