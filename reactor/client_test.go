package reactor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestConnect(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		for name, text := range map[string]string{
			"tcp":  localhost,
			"tcp6": "tcp6:0:interface=\\:\\:1",
			"unix": "unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "s")),
		} {
			t.Run(name, func(t *testing.T) {
				at := r.listen(text, newEcho)
				f := newClientFactory(newRecorder())
				started := make(chan struct{})
				f.onStarted = func() { close(started) }
				r.connect(f, at)
				wait(t, started, "StartedConnecting")
				conn := wait(t, f.p.made, "ConnectionMade")
				r.onLoop(conn.Loop(), func() {
					fmt.Fprint(conn, "hello")
					if conn.Peer().String() != at.String() {
						t.Errorf("Peer is %v, want %v", conn.Peer(), at)
					}
					conn.SetNoDelay(false)
					conn.SetKeepAlive(true)
				})
				if got := wait(t, f.p.data, "data"); got != "hello" {
					t.Errorf("received %q", got)
				}
				r.onLoop(conn.Loop(), conn.LoseConnection)
				expectReason(t, wait(t, f.p.ended, "ConnectionLost"), protocol.ErrConnectionDone)
				expectReason(t, wait(t, f.lost, "ClientConnectionLost"), protocol.ErrConnectionDone)
			})
		}
	})
}

// closedPort is a port of 127.0.0.1 that nobody listens on.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	// The port of a client's own end: nobody listens there, and nobody else is given it while the connection lives.
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return "tcp:" + c.LocalAddr().String()
}

func TestConnectFailures(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: mapResolver{}})
		for name, c := range map[string]struct {
			text string
			want protocol.Reason
		}{
			"nobody listens":         {closedPort(t), protocol.ErrConnectionRefused},
			"no such socket":         {"unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "none")), protocol.ErrConnectionRefused},
			"no such name":           {"tcp:unknown.test:80", protocol.ErrDNSLookup},
			"a foreign bind address": {closedPort(t) + ":bindAddress=192.0.2.1", protocol.ErrConnectBind},
		} {
			t.Run(name, func(t *testing.T) {
				f := newClientFactory(newRecorder())
				r.connectText(f, c.text)
				reason := wait(t, f.failed, "ClientConnectionFailed")
				expectReason(t, reason, c.want)
				if reason == error(c.want) {
					t.Errorf("%v does not say what happened", reason)
				}
			})
		}
	})
}

// TestReconnect connects again from ClientConnectionFailed and from ClientConnectionLost.
func TestReconnect(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		path := "unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "s"))
		f := &startingFactory{clientFactory: newClientFactory(nil), stopped: make(chan struct{}, 4)}
		conns := make(chan *reactor.Conn, 4)
		f.build = func() protocol.Protocol {
			p := newRecorder()
			p.onMade = func(c *reactor.Conn) { conns <- c }
			return p
		}
		f.onFailed = func(c protocol.Connector) {
			if _, err := r.Listen(path, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return newEcho() })); err != nil {
				t.Error(err)
			}
			c.Connect()
		}
		again := true
		f.onLost = func(c protocol.Connector) {
			if again {
				again = false
				c.Connect()
			}
		}
		c := r.connectText(f, path)
		expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrConnectionRefused)
		for range 2 {
			conn := wait(t, conns, "ConnectionMade")
			r.onLoop(conn.Loop(), func() { c.Disconnect() })
			expectReason(t, wait(t, f.lost, "ClientConnectionLost"), protocol.ErrConnectionDone)
		}
		wait(t, f.stopped, "StopFactory")
		if n := f.starts.Load(); n != 1 {
			t.Errorf("StartFactory was called %d times", n)
		}
	})
}

// TestConnectRefusedByFactory: a nil protocol fails the attempt.
func TestConnectRefusedByFactory(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		f := newClientFactory(nil)
		f.build = func() protocol.Protocol { return nil }
		r.connect(f, r.listen(localhost, newEcho))
		expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrDenied)
	})
}

// TestCheckAddress: the factory decides by the resolved address.
func TestCheckAddress(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: mapResolver{
			"outside.test": {"127.0.0.9", "127.0.0.1"},
			"inside.test":  {"127.0.0.9"},
		}})
		port := r.listen(localhost, newEcho).(protocol.TCPAddress).Port()
		denied := errors.New("127.0.0.9 is not to be dialled")
		check := func(a netip.AddrPort) error {
			if a.Addr() == netip.MustParseAddr("127.0.0.9") {
				return denied
			}
			return nil
		}
		f := newClientFactory(newRecorder())
		f.check = check
		r.connectText(f, fmt.Sprintf("tcp:outside.test:%d", port))
		wait(t, f.p.made, "ConnectionMade")
		f = newClientFactory(newRecorder())
		f.check = check
		r.connectText(f, fmt.Sprintf("tcp:inside.test:%d", port))
		reason := wait(t, f.failed, "ClientConnectionFailed")
		expectReason(t, reason, protocol.ErrDenied)
		if !errors.Is(reason, denied) {
			t.Errorf("%v does not wrap what the factory said", reason)
		}
	})
}

func TestConnectBindAddress(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		at := r.listen("tcp:0:interface=127.0.0.1", newEcho)
		f := newClientFactory(newRecorder())
		r.connectText(f, "tcp:"+at.String()+":bindAddress=127.0.0.7")
		conn := wait(t, f.p.made, "ConnectionMade")
		r.onLoop(conn.Loop(), func() {
			if host := conn.Host().(protocol.TCPAddress).Addr().String(); host != "127.0.0.7" {
				t.Errorf("connected from %s", host)
			}
		})
	})
}

func TestDestination(t *testing.T) {
	r := start(t, reactor.Config{Resolver: mapResolver{}})
	for text, want := range map[string]protocol.Address{
		"tcp:127.0.0.1:9":      protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("127.0.0.1:9")},
		"tcp:unknown.test:9":   protocol.HostnameAddress{Host: "unknown.test", Port: 9},
		"unix:/does/not/exist": protocol.UNIXAddress{Name: "/does/not/exist"},
	} {
		f := newClientFactory(newRecorder())
		if got := r.connectText(f, text).Destination(); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		wait(t, f.failed, "ClientConnectionFailed")
	}
}

// mapResolver knows these names and no others.
type mapResolver map[string][]string

func (m mapResolver) LookupNetIP(_ context.Context, _, host string) (ips []netip.Addr, err error) {
	for _, ip := range m[host] {
		ips = append(ips, netip.MustParseAddr(ip))
	}
	if len(ips) == 0 {
		err = &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return ips, err
}

// startingFactory is a clientFactory that is told of its start and stop.
type startingFactory struct {
	*clientFactory
	starts  atomic.Int32
	stopped chan struct{}
}

func (f *startingFactory) StartFactory() error {
	f.starts.Add(1)
	return nil
}

func (f *startingFactory) StopFactory() { f.stopped <- struct{}{} }
