package hostile

import (
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

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
