package reactor_test

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// unheard is how long a datagram to a group may take on this machine before its interface counts as one that does not
// deliver: a firewall may hold them.
const unheard = 2 * time.Second

// member is a port that sends to a group on one interface, and hears what it sends.
type member struct {
	*receiver
	t    *testing.T
	r    *running
	port *reactor.DatagramPort
	to   netip.AddrPort
}

// join opens a port and has it join. What it sends passes no router and no cable: its TTL is 0.
func join(t *testing.T, backend, text, group, name string) *member {
	t.Helper()
	m := &member{receiver: newReceiver(), t: t, r: start(t, reactor.Config{Backend: backend, Loops: 1})}
	m.on(func() error {
		p, err := m.r.Loops()[0].ListenMulticast(text, m)
		if err != nil {
			return err
		}
		m.port = p
		m.to = netip.AddrPortFrom(netip.MustParseAddr(group), p.Host().(protocol.UDPAddress).Port())
		if err := p.SetMulticastInterface(name); err != nil {
			return err
		}
		if err := p.SetMulticastTTL(0); err != nil {
			return err
		}
		return p.JoinGroup(m.to.Addr(), name)
	})
	return m
}

// on runs f on the loop.
func (m *member) on(f func() error) {
	m.t.Helper()
	m.r.onLoop(m.r.Loops()[0], func() {
		m.t.Helper()
		if err := f(); err != nil {
			m.t.Error(err)
		}
	})
}

// delivers reports whether the interface delivers what is sent to the group. The system either says that it cannot, of
// which backend net hears when the datagram has gone out, or does.
func (m *member) delivers() bool {
	m.t.Helper()
	for late := time.Now().Add(unheard); time.Now().Before(late); {
		var err error
		m.on(func() error { err = m.port.WriteTo([]byte("probe"), m.to); return nil })
		if err != nil {
			return false
		}
		select {
		case got := <-m.received:
			if got.data != "probe" {
				m.t.Fatalf("received %q", got.data)
			}
			return true
		case <-time.After(10 * time.Millisecond):
		}
	}
	return false
}

// say writes to the group.
func (m *member) say(text string, n int) error {
	return m.port.WriteTo([]byte(text+" "+strconv.Itoa(n)), m.to)
}

// next is the next thing that is heard and no probe.
func (m *member) next() string {
	m.t.Helper()
	for {
		if got := wait(m.t, m.received, "a datagram"); got.data != "probe" {
			return got.data
		}
	}
}

// TestMulticastIsHeard sends to groups of both families on every interface that is up: what is sent while loopback is on
// is heard by the machine's own member, and what is sent while it is off is not. Options hold for what is written after
// them, also within one event. A loopback interface hands back whatever leaves by it; that one of them delivers IPv4 is
// certain.
func TestMulticastIsHeard(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	onBackends(t, func(t *testing.T, backend string) {
		heard := 0
		for _, i := range all {
			loopback := i.Flags&net.FlagLoopback != 0
			if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 && !loopback {
				continue
			}
			for endpoint, group := range map[string]string{"udp:0": "239.77.77.3", "udp6:0": "ff12::7777:3"} {
				m := join(t, backend, endpoint, group, i.Name)
				if !m.delivers() {
					t.Logf("%s does not deliver to %s", i.Name, group)
					continue
				}
				heard++
				const rounds = 3
				m.on(func() (err error) {
					for n := range rounds {
						err = errors.Join(err, m.port.SetMulticastLoopback(false), m.say("quiet", n),
							m.port.SetMulticastLoopback(true), m.say("loud", n))
					}
					return err
				})
				for n := range rounds {
					quiet, loud := "quiet "+strconv.Itoa(n), "loud "+strconv.Itoa(n)
					got := m.next()
					if loopback && got == quiet {
						got = m.next()
					}
					if got != loud {
						t.Errorf("%s, %s: heard %q, want %q", i.Name, group, got, loud)
					}
				}
				m.on(func() error { return m.port.LeaveGroup(m.to.Addr(), i.Name) })
			}
		}
		if heard == 0 && runtime.GOOS == "linux" {
			t.Error("nothing was heard on any interface")
		}
	})
}
