package reactor_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagram is one that a test's protocol was given.
type datagram struct {
	data string
	from netip.AddrPort
}

// receiver is a datagram protocol that reports its events, and does what the test wants in them.
type receiver struct {
	started  chan *reactor.DatagramPort
	received chan datagram
	refused  chan struct{}
	stopped  chan error
	onData   func(p *reactor.DatagramPort, data []byte, from netip.AddrPort) // instead of reporting it

	port *reactor.DatagramPort
}

func newReceiver() *receiver {
	return &receiver{
		started:  make(chan *reactor.DatagramPort, 1),
		received: make(chan datagram, 10_000),
		refused:  make(chan struct{}, 100),
		stopped:  make(chan error, 2),
	}
}

func (r *receiver) StartProtocol(t protocol.DatagramTransport) {
	r.port = t.(*reactor.DatagramPort)
	r.started <- r.port
}

func (r *receiver) DatagramReceived(data []byte, from netip.AddrPort) {
	if r.onData != nil {
		r.onData(r.port, data, from)
		return
	}
	r.received <- datagram{string(data), from}
}

func (r *receiver) ConnectionRefused()        { r.refused <- struct{}{} }
func (r *receiver) StopProtocol(reason error) { r.stopped <- reason }

// listenUDP opens a port on the first loop.
func (r *running) listenUDP(text string, p protocol.DatagramProtocol) (address netip.AddrPort) {
	r.t.Helper()
	l := r.Loops()[0]
	r.onLoop(l, func() {
		port, err := l.ListenUDP(text, p)
		if err != nil {
			r.t.Error(err)
			return
		}
		address = port.Host().(protocol.UDPAddress).AddrPort
	})
	return address
}

func (r *running) connectUDP(text string, p protocol.DatagramProtocol) (port protocol.Port) {
	r.t.Helper()
	l := r.Loops()[0]
	r.onLoop(l, func() {
		var err error
		if port, err = l.ConnectUDP(text, p); err != nil {
			r.t.Error(err)
		}
	})
	return port
}

// udpPeer is a socket of package net.
func udpPeer(t *testing.T, network, address string) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.UDPConn), conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func send(t *testing.T, c *net.UDPConn, to netip.AddrPort, data string) {
	t.Helper()
	if _, err := c.WriteToUDPAddrPort([]byte(data), to); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c *net.UDPConn) datagram {
	t.Helper()
	buf := make([]byte, 1<<16)
	n, from, err := c.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	return datagram{string(buf[:n]), from}
}

func echoDatagram(p *reactor.DatagramPort, data []byte, from netip.AddrPort) {
	_ = p.WriteTo(data, from) // the peer finds out
}

const localUDP = "udp:0:interface=127.0.0.1"

func TestUDPEcho(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for _, test := range []struct{ name, text, network, address string }{
			{"IPv4", localUDP, "udp4", "127.0.0.1:0"},
			{"IPv6", `udp6:0:interface=\:\:1`, "udp6", "[::1]:0"},
		} {
			t.Run(test.name, func(t *testing.T) {
				r := start(t, reactor.Config{Backend: backend})
				server := newReceiver()
				server.onData = func(p *reactor.DatagramPort, data []byte, from netip.AddrPort) {
					server.received <- datagram{string(data), from}
					echoDatagram(p, data, from)
				}
				at := r.listenUDP(test.text, server)
				port := wait(t, server.started, "StartProtocol")
				if _, ok := port.Peer(); ok || port.Host().String() != at.String() || at.Port() == 0 {
					t.Errorf("host %v, peer %v", port.Host(), ok)
				}
				peer, address := udpPeer(t, test.network, test.address)
				for _, data := range []string{"hello", "", string(pattern(1400)), string(pattern(65_507))} {
					send(t, peer, at, data)
					if got := wait(t, server.received, "a datagram"); got != (datagram{data, address}) {
						t.Errorf("server received %d bytes from %v; want %d from %v", len(got.data), got.from, len(data), address)
					}
					if got := receive(t, peer); got != (datagram{data, at}) {
						t.Errorf("peer received %d bytes from %v; want %d from %v", len(got.data), got.from, len(data), at)
					}
				}
			})
		}
	})
}

// TestUDPBatch has so many datagrams arrive before the port looks that it needs several batches, each answered.
func TestUDPBatch(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		server.onData = echoDatagram
		at := r.listenUDP(localUDP, server)
		peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
		const n = 50
		r.onLoop(r.Loops()[0], func() { // which keeps the loop from looking
			for i := range n {
				send(t, peer, at, strings.Repeat("x", i))
			}
		})
		for i := range n {
			if got := receive(t, peer); len(got.data) != i {
				t.Fatalf("answer %d has %d bytes", i, len(got.data))
			}
		}
	})
}

// TestUDPBurst writes more than one system call takes from one callback, to two peers and from two ports in turn.
func TestUDPBurst(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		one, two := newReceiver(), newReceiver()
		r.listenUDP(localUDP, one)
		r.listenUDP(localUDP, two)
		ports := []*reactor.DatagramPort{wait(t, one.started, "start"), wait(t, two.started, "start")}
		peers := make([]*net.UDPConn, 2)
		addresses := make([]netip.AddrPort, 2)
		for i := range peers {
			peers[i], addresses[i] = udpPeer(t, "udp4", "127.0.0.1:0")
		}
		const n = 40
		r.onLoop(r.Loops()[0], func() {
			for i := range n {
				for _, port := range ports {
					for _, to := range addresses {
						if err := port.WriteTo(pattern(3*i), to); err != nil {
							t.Error(err)
						}
					}
				}
			}
		})
		for _, peer := range peers {
			next := map[netip.AddrPort]int{}
			for range 2 * n {
				got := receive(t, peer)
				if got.data != string(pattern(3*next[got.from])) {
					t.Fatalf("%d bytes from %v, want datagram %d", len(got.data), got.from, next[got.from])
				}
				next[got.from]++
			}
		}
	})
}

func TestUDPConnected(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: fixedResolver{"peer.test": "127.0.0.1"}})
		peer, address := udpPeer(t, "udp4", "127.0.0.1:0")
		_, port, _ := net.SplitHostPort(address.String())
		for _, host := range []string{"127.0.0.1", "peer.test"} {
			client := newReceiver()
			r.connectUDP("udp:"+host+":"+port, client)
			p := wait(t, client.started, "StartProtocol")
			if got, ok := p.Peer(); !ok || got.String() != address.String() {
				t.Errorf("peer %v, %v", got, ok)
			}
			r.onLoop(p.Loop(), func() {
				if err := p.Write([]byte("one")); err != nil {
					t.Error(err)
				}
				if err := p.WriteTo([]byte("two"), address); err != nil {
					t.Error(err)
				}
				if err := p.WriteTo([]byte("x"), netip.MustParseAddrPort("127.0.0.1:1")); err == nil {
					t.Error("a datagram to somebody else was accepted")
				}
			})
			for _, want := range []string{"one", "two"} {
				got := receive(t, peer)
				if got.data != want || got.from.String() != p.Host().String() {
					t.Errorf("peer received %v, want %q from %v", got, want, p.Host())
				}
				send(t, peer, got.from, "re: "+want)
				if got := wait(t, client.received, "an answer"); got.data != "re: "+want || got.from != address {
					t.Errorf("client received %v", got)
				}
			}
		}
	})
}

// fixedResolver knows a few names.
type fixedResolver map[string]string

func (f fixedResolver) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if ip, ok := f[host]; ok {
		return []netip.Addr{netip.MustParseAddr(ip)}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestUDPRefused(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		// A port that hears its own peer only: to everybody else nobody is there, and nobody else is given it.
		peer, at := udpPeer(t, "udp4", "127.0.0.1:0")
		deaf, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(at))
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		defer peer.Close()
		address := deaf.LocalAddr().(*net.UDPAddr).AddrPort()
		client := newReceiver()
		r.connectUDP("udp:"+address.String(), client)
		p := wait(t, client.started, "StartProtocol")
		for range 3 {
			r.onLoop(p.Loop(), func() {
				for range 20 {
					if err := p.Write([]byte("anybody?")); err != nil {
						t.Error(err)
					}
				}
			})
			wait(t, client.refused, "ConnectionRefused")
		}
		r.onLoop(p.Loop(), p.StopListening)
		if err := wait(t, client.stopped, "StopProtocol"); err != nil {
			t.Errorf("stopped with %v", err)
		}
	})
}

// checkedReceiver may not be connected.
type checkedReceiver struct{ *receiver }

var errNotGranted = errors.New("not granted")

func (checkedReceiver) CheckAddress(netip.AddrPort) error { return errNotGranted }

func TestUDPConnectFailures(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: fixedResolver{}})
		for _, test := range []struct {
			name, text string
			denied     bool
			want       protocol.Reason
		}{
			{"unknown name", "udp:peer.test:9", false, protocol.ErrDNSLookup},
			{"denied", "udp:127.0.0.1:9", true, protocol.ErrDenied},
			{"address that is not ours", "udp:127.0.0.1:9:bindAddress=192.0.2.1", false, protocol.ErrConnectBind},
		} {
			t.Run(test.name, func(t *testing.T) {
				client := newReceiver()
				var p protocol.DatagramProtocol = client
				if test.denied {
					p = checkedReceiver{client}
				}
				port := r.connectUDP(test.text, p).(*reactor.DatagramPort)
				expectReason(t, wait(t, client.stopped, "StopProtocol"), test.want)
				r.onLoop(port.Loop(), func() {
					if err := port.Write([]byte("x")); err != protocol.ErrClosed {
						t.Errorf("write: %v", err)
					}
				})
				if len(client.started) > 0 {
					t.Error("StartProtocol was called")
				}
			})
		}
	})
}

func TestUDPConnectIsStopped(t *testing.T) {
	r := start(t, reactor.Config{Resolver: stuckResolver{}})
	client := newReceiver()
	p := r.connectUDP("udp:peer.test:9", client)
	r.onLoop(r.Loops()[0], func() {
		p.StopListening()
		p.StopListening()
	})
	r.stop()
	if len(client.started)+len(client.stopped) > 0 {
		t.Error("a protocol was told of a port that never was")
	}
}

// stuckResolver answers when it is not asked any more.
type stuckResolver struct{}

func (stuckResolver) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestUDPErrors(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		at := r.listenUDP(localUDP, server)
		p := wait(t, server.started, "StartProtocol")
		l := p.Loop()
		r.onLoop(l, func() {
			for _, test := range []struct {
				name string
				err  error
				says string
			}{
				{"too long", p.WriteTo(make([]byte, 65_508), at), protocol.ErrMessageTooLong.Error()},
				{"not connected", p.Write(nil), "not connected"},
				{"no address", p.WriteTo(nil, netip.AddrPort{}), "no address to send to"},
				{"no port", p.WriteTo(nil, netip.AddrPortFrom(at.Addr(), 0)), "no address to send to"},
				{"other family", p.WriteTo(nil, netip.MustParseAddrPort("[::1]:9")), "families differ"},
			} {
				if test.err == nil || !strings.Contains(test.err.Error(), test.says) {
					t.Errorf("%s: %v, want %q in it", test.name, test.err, test.says)
				}
			}
			for _, text := range []string{"tcp:0", "udp:" + at.String(), "udp:" + strings.TrimPrefix(at.String(), "127.0.0.1:") +
				":interface=127.0.0.1"} {
				if _, err := l.ListenUDP(text, newReceiver()); err == nil {
					t.Errorf("listening on %s succeeded", text)
				}
			}
			if _, err := l.ListenUDP(localUDP, nil); protocol.ReasonOf(err) != protocol.ErrCannotListen {
				t.Errorf("listening without a protocol: %v", err)
			}
			if _, err := l.ConnectUDP("udp:127.0.0.1:9", nil); err == nil {
				t.Error("connecting without a protocol succeeded")
			}
			if _, err := l.ConnectUDP("tcp:127.0.0.1:9", newReceiver()); err == nil {
				t.Error("connecting a stream endpoint succeeded")
			}
		})
	})
}
