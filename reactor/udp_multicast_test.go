package reactor_test

import (
	"net"
	"net/netip"
	"strconv"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// loopbackName is the name of the loopback interface.
func loopbackName(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	t.Fatal("there is no loopback interface")
	return ""
}

func TestMulticast(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 1})
		l, lo := r.Loops()[0], loopbackName(t)
		group, other := netip.MustParseAddr("239.77.77.1"), netip.MustParseAddr("239.77.77.2")
		members := []*receiver{newReceiver(), newReceiver()}
		var number uint16
		var ports []*reactor.DatagramPort
		for _, m := range members {
			r.onLoop(l, func() {
				p, err := l.ListenMulticast("udp:"+strconv.Itoa(int(number)), m)
				if err != nil {
					t.Error(err)
					return
				}
				number = p.Host().(protocol.UDPAddress).Port()
				ports = append(ports, p)
			})
		}
		on := func(f func() error) {
			t.Helper()
			r.onLoop(l, func() {
				t.Helper()
				if err := f(); err != nil {
					t.Error(err)
				}
			})
		}
		for _, p := range ports {
			on(func() error { return p.JoinGroup(group, lo) })
			on(func() error { return p.SetMulticastInterface(lo) })
			on(func() error { return p.SetMulticastTTL(0) })
		}
		say := func(text string, to netip.Addr) {
			t.Helper()
			on(func() error { return ports[0].WriteTo([]byte(text), netip.AddrPortFrom(to, number)) })
		}
		hears := func(m *receiver, want string) {
			t.Helper()
			if got := wait(t, m.received, want); got.data != want {
				t.Errorf("received %q, want %q", got.data, want)
			}
		}

		say("to all", group)
		hears(members[0], "to all")
		hears(members[1], "to all")

		on(func() error { return ports[1].JoinGroup(other, lo) })
		on(func() error { return ports[0].LeaveGroup(group, lo) })
		say("to the second", other)
		say("to the rest", group)
		hears(members[1], "to the second")
		hears(members[1], "to the rest")

		on(func() error { return ports[0].JoinGroup(group, lo) })
		say("to all again", group)
		hears(members[0], "to all again")
		hears(members[1], "to all again")
	})
}

// TestMulticastOptions sets every option on both families.
func TestMulticastOptions(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for endpoint, address := range map[string]string{"udp:0": "239.77.77.1", "udp6:0": "ff12::7777:1"} {
			r := start(t, reactor.Config{Backend: backend})
			l, lo := r.Loops()[0], loopbackName(t)
			r.onLoop(l, func() {
				p, err := l.ListenMulticast(endpoint, newReceiver())
				if err != nil {
					t.Error(err)
					return
				}
				group := netip.MustParseAddr(address)
				for name, err := range map[string]error{
					"TTL":          p.SetMulticastTTL(7),
					"loopback off": p.SetMulticastLoopback(false),
					"loopback on":  p.SetMulticastLoopback(true),
					"interface":    p.SetMulticastInterface(lo),
					"join":         p.JoinGroup(group, lo),
				} {
					if err != nil {
						t.Errorf("%s, %s: %v", endpoint, name, err)
					}
				}
				if err := p.JoinGroup(group, lo); err == nil {
					t.Errorf("%s: joined twice", endpoint)
				}
				if err := p.LeaveGroup(group, lo); err != nil {
					t.Errorf("%s: leave: %v", endpoint, err)
				}
				if err := p.LeaveGroup(group, lo); err == nil {
					t.Errorf("%s: left twice", endpoint)
				}
			})
		}
	})
}

func TestMulticastErrors(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		r.listenUDP(localUDP, server)
		p := wait(t, server.started, "StartProtocol")
		r.onLoop(p.Loop(), func() {
			for name, err := range map[string]error{
				"no group":         p.JoinGroup(netip.MustParseAddr("127.0.0.1"), ""),
				"other family":     p.JoinGroup(netip.MustParseAddr("ff12::1"), ""),
				"no interface":     p.JoinGroup(netip.MustParseAddr("239.1.1.1"), "nosuch0"),
				"not a member":     p.LeaveGroup(netip.MustParseAddr("239.1.1.1"), ""),
				"TTL":              p.SetMulticastTTL(256),
				"output interface": p.SetMulticastInterface("nosuch0"),
			} {
				if err == nil {
					t.Errorf("%s: no error", name)
				}
			}
		})
	})
}
