package reactortest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// factory is a protocol.ClientFactory of probes that writes down what happens.
type factory struct {
	calls
	build     func() protocol.Protocol
	made      []*probe
	started   func(c protocol.Connector)
	again     int // so many times it connects again
	refuses   error
	connector protocol.Connector
}

func (f *factory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	f.add("build(" + addr.Network() + ")")()
	if f.build != nil {
		return f.build()
	}
	p := &probe{}
	f.made = append(f.made, p)
	return p
}

func (f *factory) StartedConnecting(c protocol.Connector) {
	f.connector = c
	f.add("connecting")()
	if f.started != nil {
		f.started(c)
	}
}

func (f *factory) ClientConnectionFailed(c protocol.Connector, reason error) {
	f.add(fmt.Sprintf("failed(%d)", protocol.ReasonOf(reason)))()
	f.retry(c)
}

func (f *factory) ClientConnectionLost(c protocol.Connector, reason error) {
	f.add(fmt.Sprintf("lost(%d)", protocol.ReasonOf(reason)))()
	f.retry(c)
}

func (f *factory) retry(c protocol.Connector) {
	if f.again > 0 {
		f.again--
		c.Connect()
	}
}

func (f *factory) StartFactory() error {
	f.add("start")()
	return f.refuses
}

func (f *factory) StopFactory() { f.add("stop")() }

// network is a reactor with a server.
func network(t *testing.T, endpoint string) (*reactortest.Reactor, *factory, protocol.Port) {
	t.Helper()
	r, f := reactortest.NewReactor(), &factory{}
	port, err := r.Listen(endpoint, f)
	if err != nil {
		t.Fatal(err)
	}
	return r, f, port
}

func TestConnectAndListen(t *testing.T) {
	for _, c := range []struct{ server, client, peer string }{
		{"tcp:80", "tcp:localhost:80", "127.0.0.1:80"},
		{"tcp:80:interface=127.0.0.1", "tcp:127.0.0.1:80", "127.0.0.1:80"},
		{"tcp6:80", `tcp:\:\:1:80`, "[::1]:80"},
		{"tcp6:80", "tcp:127.0.0.1:80", "127.0.0.1:80"},
		{"unix:/run/x", "unix:/run/x", "/run/x"},
	} {
		t.Run(c.server+" "+c.client, func(t *testing.T) {
			r, f, port := network(t, c.server)
			g := &factory{}
			if _, err := r.Connect(c.client, g); err != nil {
				t.Fatal(err)
			}
			if len(g.list) > 0 {
				t.Errorf("called before the next turn: %v", g.list)
			}
			r.Settle()
			network := port.Host().Network()
			g.check(t, "start connecting build("+network+")")
			f.check(t, "start build("+network+")")
			client, server := g.made[0], f.made[0]
			if client.Peer().String() != c.peer || client.Host() != server.Peer() || client.Reactor() != protocol.Reactor(r) {
				t.Errorf("client: peer %v, host %v; the server's peer is %v", client.Peer(), client.Host(), server.Peer())
			}
			client.Write([]byte("hi"))
			client.LoseConnection()
			port.StopListening()
			port.StopListening()
			r.Settle()
			server.check(t, "made", "hi", done)
			client.check(t, "made", done)
			g.check(t, "lost(0) stop")
			f.check(t, "stop")
		})
	}
}

func TestConnectFails(t *testing.T) {
	r, _, _ := network(t, "tcp:80:interface=127.0.0.1")
	r.Unreachable("far:80", protocol.ErrNoRoute)
	r.Unreachable("silent:80", protocol.ErrTimeout)
	r.Hosts["host"] = []string{"192.0.2.1"}
	r.Hosts["broken"] = []string{"no address"}
	for endpoint, want := range map[string]protocol.Reason{
		"tcp:localhost:81":         protocol.ErrConnectionRefused,
		"tcp:host:80":              protocol.ErrConnectionRefused,
		"unix:/nowhere":            protocol.ErrConnectionRefused,
		"tcp:nowhere:80":           protocol.ErrDNSLookup,
		"tcp:broken:80":            protocol.ErrDNSLookup,
		"tcp:far:80":               protocol.ErrNoRoute,
		"tcp:silent:80":            protocol.ErrTimeout,
		"tcp:silent:80:timeout=60": -1,
		"tls:localhost:80":         protocol.ErrTLS,
	} {
		t.Run(endpoint, func(t *testing.T) {
			g := &factory{}
			if _, err := r.Connect(endpoint, g); err != nil {
				t.Fatal(err)
			}
			r.Settle()
			r.Advance(30 * second)
			if want < 0 {
				g.check(t, "start connecting")
				r.Advance(30 * second)
				want = protocol.ErrTimeout
				g.check(t, fmt.Sprintf("failed(%d) stop", want))
				return
			}
			g.check(t, fmt.Sprintf("start connecting failed(%d) stop", want))
		})
	}
	r.Unreachable("silent:80", nil)
	for _, endpoint := range []string{"", "tcp", "nonsense:1", "udp:localhost:80"} {
		if _, err := r.Connect(endpoint, &factory{}); err == nil {
			t.Errorf("Connect(%q) did not fail", endpoint)
		}
	}
}

func TestConnectorStops(t *testing.T) {
	r, _, _ := network(t, "tcp:80")
	g := &factory{started: func(c protocol.Connector) { c.StopConnecting() }}
	if _, err := r.Connect("tcp:localhost:80", g); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	g.check(t, "start connecting failed(10) stop")

	g = &factory{}
	c, _ := r.Connect("tcp:localhost:80", g)
	c.Disconnect()
	r.Settle()
	g.check(t, "start connecting failed(10) stop")

	g = &factory{}
	c, _ = r.Connect("tcp:localhost:80", g)
	r.Settle()
	c.Connect() // it is connected
	c.Disconnect()
	r.Settle()
	g.check(t, "start connecting build(tcp) lost(0) stop")
}

func TestConnectorConnectsAgain(t *testing.T) {
	r, f, port := network(t, "tcp:80")
	f.build = func() protocol.Protocol { return &hangsUp{} }
	g := &factory{again: 1}
	c, _ := r.Connect("tcp:localhost:80", g)
	if got := c.Destination().String(); got != "localhost:80" {
		t.Errorf("destination %s", got)
	}
	r.Settle()
	g.check(t, "start connecting build(tcp) lost(0) connecting build(tcp) lost(0) stop")
	port.StopListening()
	g.again = 1
	c.Connect()
	r.Settle()
	g.check(t, "start connecting failed(3) connecting failed(3) stop")
}

// hangsUp closes each connection at once.
type hangsUp struct{ protocol.Base }

func (p *hangsUp) ConnectionMade(t protocol.Transport) { t.LoseConnection() }

func TestFactoriesRefuse(t *testing.T) {
	r, f, _ := network(t, "tcp:80")
	nobody := func() protocol.Protocol { return nil }
	f.build = nobody
	g := &factory{}
	r.Connect("tcp:localhost:80", g)
	r.Settle()
	g.check(t, "start connecting build(tcp) lost(0) stop")
	g = &factory{build: nobody}
	r.Connect("tcp:localhost:80", g)
	r.Settle()
	g.check(t, "start connecting build(tcp) failed(14) stop")
	g = &factory{refuses: errors.New("not today")}
	r.Connect("tcp:localhost:80", g)
	r.Settle()
	g.check(t, "start failed(14)")
	if _, err := r.Listen("tcp:81", g); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("Listen: %v", err)
	}
}

func TestListenFails(t *testing.T) {
	r, f, port := network(t, "tcp:0")
	if a := port.Host().(protocol.TCPAddress); a.Port() == 0 {
		t.Errorf("bound to %v", a)
	}
	for _, endpoint := range []string{
		"tcp:" + fmt.Sprint(port.Host().(protocol.TCPAddress).Port()), "", "tcp", "stdio:", "udp:80",
		"tcp:80:interface=192.0.2.1x", "haproxy:tcp:80", "ssl:443:privateKey=testdata/missing.pem",
	} {
		if _, err := r.Listen(endpoint, f); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("Listen(%q): %v", endpoint, err)
		}
	}
}

// A factory is started with the first of its ports and stopped after the last.
func TestFactoryOfSeveralPorts(t *testing.T) {
	r, f, a := network(t, "tcp:80")
	b, err := r.Listen("unix:/x", f)
	if err != nil {
		t.Fatal(err)
	}
	a.StopListening()
	r.Settle()
	f.check(t, "start")
	b.StopListening()
	r.Settle()
	f.check(t, "stop")
}
