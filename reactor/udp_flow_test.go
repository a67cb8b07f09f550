package reactor_test

import (
	"bytes"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestUDPStopListening(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		r.listenUDP(localUDP, server)
		p := wait(t, server.started, "StartProtocol")
		peer, address := udpPeer(t, "udp4", "127.0.0.1:0")
		r.onLoop(p.Loop(), func() {
			for range 3 {
				if err := p.WriteTo([]byte("last words"), address); err != nil {
					t.Error(err)
				}
			}
			p.StopListening()
			p.StopListening()
			if err := p.WriteTo([]byte("late"), address); err != protocol.ErrClosed {
				t.Errorf("write after StopListening: %v", err)
			}
			if err := p.JoinGroup(netip.MustParseAddr("239.1.2.3"), ""); err != protocol.ErrClosed {
				t.Errorf("join after StopListening: %v", err)
			}
		})
		if err := wait(t, server.stopped, "StopProtocol"); err != nil {
			t.Errorf("stopped with %v", err)
		}
		for range 3 {
			if got := receive(t, peer); got.data != "last words" {
				t.Errorf("peer received %q", got.data)
			}
		}
	})
}

// TestUDPDrain ends a reactor whose only load are UDP ports.
func TestUDPDrain(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: stuckResolver{}, Loops: 2})
		server, resolving := newReceiver(), newReceiver()
		r.listenUDP(localUDP, server)
		wait(t, server.started, "StartProtocol")
		r.connectUDP("udp:peer.test:9", resolving)
		if err := r.Drain(patience); err != nil {
			t.Fatal(err)
		}
		expectReason(t, wait(t, server.stopped, "StopProtocol"), protocol.ErrShutdown)
		expectReason(t, wait(t, resolving.stopped, "StopProtocol"), protocol.ErrShutdown)
		r.ended()
	})
}

// boundedReceiver brings a buffer of 10 bytes, and is not ready for the second datagram.
type boundedReceiver struct {
	*receiver
	buffer [10]byte
	asked  int
}

func (b *boundedReceiver) ReadBuffer() []byte {
	if b.asked++; b.asked == 2 {
		return nil
	}
	return b.buffer[:]
}

func TestUDPOwnBuffer(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := &boundedReceiver{receiver: newReceiver()}
		server.onData = func(_ *reactor.DatagramPort, data []byte, from netip.AddrPort) {
			if &data[0] != &server.buffer[0] {
				t.Error("data is not in the protocol's buffer")
			}
			server.received <- datagram{string(data), from}
		}
		at := r.listenUDP(localUDP, server)
		peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
		l := r.Loops()[0]
		r.onLoop(l, func() {
			for _, data := range []string{"first", "second", "longer than ten", "third", "0123456789"} {
				send(t, peer, at, data)
			}
		})
		if got := wait(t, server.received, "a datagram"); got.data != "first" {
			t.Fatalf("received %q", got.data)
		}
		r.onLoop(l, func() {}) // a turn in which nothing is delivered
		r.onLoop(l, func() {
			if server.asked != 2 || len(server.received) > 0 {
				t.Errorf("asked %d times, %d delivered while held", server.asked, len(server.received))
			}
			server.port.ResumeReading()
		})
		for _, want := range []string{"second", "third", "0123456789"} {
			if got := wait(t, server.received, want); got.data != want {
				t.Errorf("received %q, want %q", got.data, want)
			}
		}
	})
}

func TestUDPPauseReading(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		first := true
		server.onData = func(p *reactor.DatagramPort, data []byte, from netip.AddrPort) {
			server.received <- datagram{string(data), from}
			if first {
				first = false
				p.PauseReading()
			}
		}
		at := r.listenUDP(localUDP, server)
		peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
		l := r.Loops()[0]
		r.onLoop(l, func() {
			for _, data := range []string{"1", "2", "3"} {
				send(t, peer, at, data)
			}
		})
		wait(t, server.received, "a datagram")
		r.onLoop(l, func() {})
		r.onLoop(l, func() {
			if len(server.received) > 0 {
				t.Error("delivered while paused")
			}
			server.port.ResumeReading()
		})
		for _, want := range []string{"2", "3"} {
			if got := wait(t, server.received, want); got.data != want {
				t.Errorf("received %q, want %q", got.data, want)
			}
		}
	})
}

// TestUDPDetach leaves the loop in the first callback of a batch. The others come meanwhile, and later batches do not
// overwrite what it was given.
func TestUDPDetach(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		release, released := make(chan struct{}), make(chan struct{})
		server.onData = func(p *reactor.DatagramPort, data []byte, from netip.AddrPort) {
			if string(data) != "slow" {
				server.received <- datagram{string(data), from}
				return
			}
			p.Loop().Detach()
			<-release
			if string(data) != "slow" {
				t.Errorf("the detached callback's datagram became %q", data)
			}
			close(released)
		}
		at := r.listenUDP(localUDP, server)
		peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
		l := r.Loops()[0]
		for round := range 3 {
			r.onLoop(l, func() {
				if round == 0 {
					send(t, peer, at, "slow")
				}
				for range 5 {
					send(t, peer, at, "quick")
				}
			})
			for range 5 {
				if got := wait(t, server.received, "a datagram"); got.data != "quick" {
					t.Errorf("received %q", got.data)
				}
			}
		}
		close(release)
		wait(t, released, "the end of the detached callback")
	})
}

func TestUDPPanic(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		server := newReceiver()
		server.onData = func(_ *reactor.DatagramPort, data []byte, from netip.AddrPort) {
			if string(data) == "bad" {
				panic("oh")
			}
			server.received <- datagram{string(data), from}
		}
		at := r.listenUDP(localUDP, server)
		peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
		for _, data := range []string{"bad", "good", "bad", "better"} {
			send(t, peer, at, data)
		}
		for _, want := range []string{"good", "better"} {
			if got := wait(t, server.received, want); got.data != want {
				t.Errorf("received %q, want %q", got.data, want)
			}
		}
		if !strings.Contains(r.log.String(), "oh") {
			t.Error("the panic was not logged")
		}
	})
}

// TestUDPLateError has the system refuse datagrams: the first at once, the next ones when they go out, which the next
// call is told if it is for the same receiver; another receiver's datagrams are not touched.
func TestUDPLateError(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // other systems have no datagram to themselves that they refuse with certainty
	}
	r := start(t, reactor.Config{Backend: "epoll"})
	server := newReceiver()
	r.listenUDP("udp:0", server)
	p := wait(t, server.started, "StartProtocol")
	peer, address := udpPeer(t, "udp4", "127.0.0.1:0")
	broadcast := netip.MustParseAddrPort("255.255.255.255:9") // needs an option that is not set
	write := func(data string, to netip.AddrPort) error { return p.WriteTo([]byte(data), to) }
	r.onLoop(p.Loop(), func() {
		if err := write("x", broadcast); err != syscall.EACCES {
			t.Errorf("first: %v", err)
		}
		if err := write("1", address); err != nil {
			t.Errorf("second: %v", err)
		}
		if err := write("x", broadcast); err != nil {
			t.Errorf("third: %v", err)
		}
		if err := write("2", address); err != nil {
			t.Errorf("fourth: %v", err)
		}
	})
	r.onLoop(p.Loop(), func() {
		if err := write("x", broadcast); err != syscall.EACCES {
			t.Errorf("the next call to the same receiver: %v", err)
		}
	})
	r.onLoop(p.Loop(), func() {
		if err := write("3", address); err != nil {
			t.Errorf("the next call to another receiver: %v", err)
		}
	})
	for _, want := range []string{"1", "2", "3"} {
		if got := receive(t, peer); got.data != want {
			t.Errorf("peer received %q, want %q", got.data, want)
		}
	}
}

// TestUDPAllocations echoes with a peer that allocates nothing itself.
func TestUDPAllocations(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1, Backend: backends()[0]})
	server := newReceiver()
	server.onData = echoDatagram
	at := r.listenUDP(localUDP, server)
	peer, _ := udpPeer(t, "udp4", "127.0.0.1:0")
	data, buf := []byte("datagram"), make([]byte, 100)
	allocations := testing.AllocsPerRun(1000, func() {
		for range 4 {
			if _, err := peer.WriteToUDPAddrPort(data, at); err != nil {
				t.Error(err)
			}
		}
		for range 4 {
			if n, _, err := peer.ReadFromUDPAddrPort(buf); err != nil || !bytes.Equal(buf[:n], data) {
				t.Error(buf[:n], err)
			}
		}
	})
	if allocations >= 1 {
		t.Errorf("%v allocations for four datagrams", allocations)
	}
}
