package interop

import (
	"encoding/hex"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// packet is a datagram and where it came from.
type packet struct {
	data string
	from netip.AddrPort
}

// datagrams is a DatagramProtocol that tells what it receives.
type datagrams struct {
	transport protocol.DatagramTransport
	started   chan struct{}
	received  chan packet
	refused   chan struct{}
	stopped   chan error
}

func newDatagrams() *datagrams {
	return &datagrams{
		started:  make(chan struct{}),
		received: make(chan packet, 100),
		refused:  make(chan struct{}, 100),
		stopped:  make(chan error, 1),
	}
}

func (p *datagrams) StartProtocol(t protocol.DatagramTransport) {
	p.transport = t
	close(p.started)
}

func (p *datagrams) DatagramReceived(data []byte, from netip.AddrPort) {
	p.received <- packet{string(data), from}
}

func (p *datagrams) ConnectionRefused() { p.refused <- struct{}{} }

func (p *datagrams) StopProtocol(reason error) { p.stopped <- reason }

func (p *datagrams) expect(t *testing.T, want packet) {
	t.Helper()
	if got := trial.Wait(t, p.received, "a datagram"); got != want {
		t.Errorf("we received %.40q of %d bytes from %v, want %.40q from %v", got.data, len(got.data), got.from, want.data, want.from)
	}
}

func (p *twisted) expectDatagram(want packet) {
	p.t.Helper()
	e := p.expect("datagram")
	if got := string(e.bytes(p.t)); got != want.data || e.Address != want.from.String() {
		p.t.Errorf("Twisted received %.40q of %d bytes from %s, want %.40q from %v", got, len(got), e.Address, want.data, want.from)
	}
}

// sendTo has the program send a datagram.
func (p *twisted) sendTo(data string, to netip.AddrPort) {
	p.t.Helper()
	p.do("write to", command{
		"data": hex.EncodeToString([]byte(data)), "host": to.Addr().String(), "port": to.Port(),
	})
}

// messages are datagrams of many lengths; Twisted reads no more than 8192 bytes of one.
var messages = []string{"hello", "", "\x00\xff", strings.Repeat("x", 1400), strings.Repeat("y", 8192), "last"}

// onUDP runs a test for each backend and address family. host is the loopback address.
func onUDP(t *testing.T, test func(t *testing.T, r *trial.Reactor, host, udp string)) {
	for host, network := range map[string]string{"127.0.0.1": "udp", "::1": "udp6"} {
		t.Run(network, func(t *testing.T) {
			trial.OnBackends(t, func(t *testing.T, backend string) {
				test(t, trial.Start(t, reactor.Config{Backend: backend}), host, network)
			})
		})
	}
}

// listenUDP opens a port of ours and returns it and its address.
func listenUDP(t *testing.T, r *trial.Reactor, host, network string, p *datagrams) (port protocol.Port, at netip.AddrPort) {
	t.Helper()
	var err error
	r.OnLoop(func(l *reactor.Loop) {
		port, err = l.ListenUDP(network+":0:interface="+endpoint.Quote(host), p)
	})
	if err != nil {
		t.Fatal(err)
	}
	return port, port.Host().(protocol.UDPAddress).AddrPort
}

// connectUDP opens a port of ours that is connected to at, and returns its address.
func connectUDP(t *testing.T, r *trial.Reactor, at netip.AddrPort, p *datagrams) netip.AddrPort {
	t.Helper()
	var port protocol.Port
	var err error
	r.OnLoop(func(l *reactor.Loop) {
		port, err = l.ConnectUDP("udp:"+endpoint.Quote(at.Addr().String())+":"+strconv.Itoa(int(at.Port())), p)
	})
	if err != nil {
		t.Fatal(err)
	}
	trial.Wait(t, p.started, "StartProtocol")
	return port.Host().(protocol.UDPAddress).AddrPort
}

func TestUDP(t *testing.T) {
	onUDP(t, func(t *testing.T, r *trial.Reactor, host, network string) {
		ours := newDatagrams()
		_, at := listenUDP(t, r, host, network, ours)
		p := startTwisted(t, "datagram.py", host)
		theirs := netip.MustParseAddrPort(p.expect("listening").Address)
		for _, m := range messages {
			p.sendTo(m, at)
			ours.expect(t, packet{m, theirs})
			r.OnLoop(func(*reactor.Loop) {
				if err := ours.transport.WriteTo([]byte(m), theirs); err != nil {
					t.Errorf("WriteTo: %v", err)
				}
			})
			p.expectDatagram(packet{m, at})
		}
	})
}

func TestConnectedUDP(t *testing.T) {
	onUDP(t, func(t *testing.T, r *trial.Reactor, host, _ string) {
		p := startTwisted(t, "datagram.py", host)
		theirs := netip.MustParseAddrPort(p.expect("listening").Address)
		ours := newDatagrams()
		at := connectUDP(t, r, theirs, ours)
		p.do("connect", command{"host": host, "port": at.Port()})
		for _, m := range messages {
			r.OnLoop(func(*reactor.Loop) {
				if err := ours.transport.Write([]byte(m)); err != nil {
					t.Errorf("Write: %v", err)
				}
			})
			p.expectDatagram(packet{m, at})
			p.do("write", command{"data": hex.EncodeToString([]byte(m))})
			ours.expect(t, packet{m, theirs})
		}
	})
}

// TestTwistedPortIsGone writes to a program's port that was closed.
func TestTwistedPortIsGone(t *testing.T) {
	onUDP(t, func(t *testing.T, r *trial.Reactor, host, _ string) {
		p := startTwisted(t, "datagram.py", host)
		theirs := netip.MustParseAddrPort(p.expect("listening").Address)
		ours := newDatagrams()
		connectUDP(t, r, theirs, ours)
		p.do("stop", nil)
		p.expect("stopped")
		r.OnLoop(func(*reactor.Loop) {
			if err := ours.transport.Write([]byte("anybody there?")); err != nil {
				t.Errorf("Write: %v", err)
			}
		})
		trial.Wait(t, ours.refused, "ConnectionRefused")
	})
}

// TestOurPortIsGone has a program write to a port of ours that was closed.
func TestOurPortIsGone(t *testing.T) {
	onUDP(t, func(t *testing.T, r *trial.Reactor, host, network string) {
		ours := newDatagrams()
		port, at := listenUDP(t, r, host, network, ours)
		p := startTwisted(t, "datagram.py", host)
		p.expect("listening")
		p.do("connect", command{"host": host, "port": at.Port()})
		r.OnLoop(func(*reactor.Loop) { port.StopListening() })
		if reason := trial.Wait(t, ours.stopped, "StopProtocol"); reason != nil {
			t.Errorf("the port ended for %v", reason)
		}
		// Twisted on epoll ends a port that has only an error waiting, without a word. The second write meets the error.
		p.do("write", command{"data": hex.EncodeToString([]byte("anybody there?")), "times": 2})
		p.expect("refused")
	})
}

// TestMulticast has a port of ours and one of Twisted's be members of a group.
func TestMulticast(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		const group = "239.77.78.79"
		p := startTwisted(t, "datagram.py", "127.0.0.1", group)
		theirs := netip.MustParseAddrPort(p.expect("listening").Address)
		p.expect("joined")
		r := trial.Start(t, reactor.Config{Backend: backend})
		ours := newDatagrams()
		r.OnLoop(func(l *reactor.Loop) {
			port, err := l.ListenMulticast("udp:"+strconv.Itoa(int(theirs.Port())), ours)
			if err != nil {
				t.Error(err)
				return
			}
			lo := loopback(t)
			for _, err := range []error{
				port.JoinGroup(netip.MustParseAddr(group), lo),
				port.SetMulticastInterface(lo),
				port.SetMulticastTTL(0),
				port.WriteTo([]byte("to all"), netip.AddrPortFrom(netip.MustParseAddr(group), theirs.Port())),
			} {
				if err != nil {
					t.Error(err)
				}
			}
		})
		if got := string(p.expect("datagram").bytes(t)); got != "to all" {
			t.Errorf("Twisted received %q", got)
		}
		if got := trial.Wait(t, ours.received, "a datagram"); got.data != "to all" {
			t.Errorf("we received %q", got.data)
		}
	})
}

// loopback is the name of the loopback interface.
func loopback(t *testing.T) string {
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
