package interop

import (
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

func tcp(s string) protocol.Address { return protocol.TCPAddress{AddrPort: netip.MustParseAddrPort(s)} }

// TestTwistedReceivesProxyHeader has Twisted's haproxy: endpoint receive what ProxyClientFactory sends. There is no
// "PROXY UNKNOWN" here: Twisted refuses the form without addresses, which the specification allows.
func TestTwistedReceivesProxyHeader(t *testing.T) {
	for name, c := range map[string]struct {
		header     policy.ProxyHeader
		peer, host string // empty: those of the connection itself
	}{
		"version 1 TCP4": {
			policy.ProxyHeader{Version: 1, Source: tcp("192.0.2.1:1000"), Destination: tcp("192.0.2.2:443")},
			"192.0.2.1:1000", "192.0.2.2:443",
		},
		"version 1 TCP6": {
			policy.ProxyHeader{Version: 1, Source: tcp("[2001:db8::1]:1000"), Destination: tcp("[2001:db8::2]:443")},
			"[2001:db8::1]:1000", "[2001:db8::2]:443",
		},
		"version 2 TCP4": {
			policy.ProxyHeader{Version: 2, Source: tcp("192.0.2.1:1000"), Destination: tcp("192.0.2.2:443")},
			"192.0.2.1:1000", "192.0.2.2:443",
		},
		"version 2 TCP6": {
			policy.ProxyHeader{Version: 2, Source: tcp("[2001:db8::1]:1000"), Destination: tcp("[2001:db8::2]:443")},
			"[2001:db8::1]:1000", "[2001:db8::2]:443",
		},
		"version 2 UNIX": {
			policy.ProxyHeader{
				Version: 2, Source: protocol.UNIXAddress{Name: "/source"}, Destination: protocol.UNIXAddress{Name: "/destination"},
			},
			"/source", "/destination",
		},
		"version 2 local": {header: policy.ProxyHeader{Version: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			r := trial.Start(t, reactor.Config{})
			p := startTwisted(t, "stream.py", "listen", "haproxy:"+trial.Localhost)
			ours := trial.NewProbe(t)
			ours.On[trial.Made] = func(trial.Event) { ours.Send("hello") }
			listening := p.expect("listening").Address
			r.MustConnect(clientOf(t, listening), policy.NewProxyClientFactory(ours, c.header))
			ours.Expect(t, trial.Made)
			made := p.expect("made")
			if c.peer == "" {
				c.peer, c.host = made.Peer, made.Host
			}
			data := p.expect("data")
			if got := string(data.bytes(t)); got != "hello" {
				t.Errorf("Twisted received %q", got)
			}
			if data.Peer != c.peer || data.Host != c.host {
				t.Errorf("Twisted sees a connection from %q to %q, want from %q to %q", data.Peer, data.Host, c.peer, c.host)
			}
			p.write("welcome")
			ours.ExpectData(t, "welcome")
			p.do("lose", nil)
			p.expectLost("ConnectionDone")
			ours.ExpectLost(t, protocol.ErrConnectionDone)
		})
	}
}

// receiveProxy are the two ways to expect headers.
var receiveProxy = map[string]func(r *trial.Reactor, f protocol.Factory) protocol.Port{
	"ProxyFactory": func(r *trial.Reactor, f protocol.Factory) protocol.Port {
		return r.MustListen(trial.Localhost, policy.NewProxyFactory(f, 0))
	},
	"haproxy endpoint": func(r *trial.Reactor, f protocol.Factory) protocol.Port {
		return r.MustListen("haproxy:"+trial.Localhost, f)
	},
}

// TestWeReceiveProxyHeader has a program of Twisted's write headers to our receivers.
func TestWeReceiveProxyHeader(t *testing.T) {
	v2 := func(rest string) string {
		b, err := hex.DecodeString("0d0a0d0a000d0a515549540a" + rest)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, c := range map[string]struct{ header, peer, host string }{
		"version 1 TCP4": {"PROXY TCP4 192.0.2.1 192.0.2.2 1000 443\r\n", "192.0.2.1:1000", "192.0.2.2:443"},
		"version 1 TCP6": {
			"PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n", "[2001:db8::1]:1000", "[2001:db8::2]:443",
		},
		"version 1 unknown": {header: "PROXY UNKNOWN\r\n"},
		"version 2 TCP4": {
			v2("21" + "11" + "000c" + "c0000201" + "c0000202" + "03e8" + "01bb"), "192.0.2.1:1000", "192.0.2.2:443",
		},
		"version 2 local": {header: v2("20" + "00" + "0000")},
	} {
		for receiver, listen := range receiveProxy {
			t.Run(name+"/"+receiver, func(t *testing.T) {
				r := trial.Start(t, reactor.Config{})
				ours := trial.NewProbe(t)
				listening := listen(r, ours).Host()
				p := startTwisted(t, "stream.py", "connect", trial.To(listening))
				made := p.expect("made")
				p.write(c.header + "hello")
				ours.Expect(t, trial.Made)
				peer, host := c.peer, c.host
				if peer == "" {
					peer, host = made.Host, listening.String()
				}
				r.OnLoop(func(*reactor.Loop) {
					if ours.Transport.Peer().String() != peer || ours.Transport.Host().String() != host {
						t.Errorf("we see a connection from %q to %q, want from %q to %q",
							ours.Transport.Peer(), ours.Transport.Host(), peer, host)
					}
				})
				ours.ExpectData(t, "hello")
				r.OnLoop(func(*reactor.Loop) {
					ours.Send("welcome")
					ours.Transport.LoseConnection()
				})
				p.expectData("welcome")
				p.expectLost("ConnectionDone")
				ours.ExpectLost(t, protocol.ErrConnectionDone)
			})
		}
	}
}

// TestWeRefuseWithoutProxyHeader has a program of Twisted's write something else.
func TestWeRefuseWithoutProxyHeader(t *testing.T) {
	for receiver, listen := range receiveProxy {
		t.Run(receiver, func(t *testing.T) {
			r := trial.Start(t, reactor.Config{})
			ours := trial.NewProbe(t)
			p := startTwisted(t, "stream.py", "connect", trial.To(listen(r, ours).Host()))
			p.expect("made")
			p.write("GET / HTTP/1.1\r\n")
			p.expectLost("ConnectionLost")
			r.OnLoop(func(*reactor.Loop) {
				if events := ours.Rest(); len(events) > 0 {
					t.Errorf("the protocol heard %v", events)
				}
			})
		})
	}
}
