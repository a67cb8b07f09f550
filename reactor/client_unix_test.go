//go:build unix

package reactor_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestConnectTimeout dials a listener whose queue is full: the kernel leaves the SYN unanswered.
func TestConnectTimeout(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		f := newClientFactory(newRecorder())
		r.connectText(f, "tcp:"+fullListener(t)+":timeout=0.05")
		reason := wait(t, f.failed, "ClientConnectionFailed")
		expectReason(t, reason, protocol.ErrTimeout)
		if !strings.Contains(reason.Error(), "50ms") {
			t.Errorf("%v does not say how long it waited", reason)
		}
	})
}

func TestStopConnecting(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		at := fullListener(t)
		for name, stop := range map[string]func(protocol.Connector){
			"StopConnecting": protocol.Connector.StopConnecting,
			"Disconnect":     protocol.Connector.Disconnect,
		} {
			t.Run(name, func(t *testing.T) {
				f := newClientFactory(newRecorder())
				c := r.connectText(f, "tcp:"+at)
				r.onLoop(r.Loops()[0], func() {
					c.Connect() // under way already: nothing
					stop(c)
					stop(c)
				})
				expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrConnectingCancelled)
				r.onLoop(r.Loops()[0], func() { stop(c) })
				if len(f.failed) > 0 {
					t.Error("ClientConnectionFailed came twice")
				}
			})
		}
	})
}

// TestHappyEyeballs: an address that does not answer is overtaken by the next one, one that refuses at once.
func TestHappyEyeballs(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		port := listener.Addr().(*net.TCPAddr).Port
		// 127.0.0.2 is a black hole at the same port, 127.0.0.3 refuses, and so does ::1.
		fillListener(t, fmt.Sprintf("127.0.0.2:%d", port))
		r := start(t, reactor.Config{Backend: backend, Resolver: mapResolver{
			"hole.test":   {"127.0.0.2", "127.0.0.1"},
			"closed.test": {"127.0.0.3", "::1", "127.0.0.1"},
			"none.test":   {"127.0.0.3", "::1"},
		}})
		for _, name := range []string{"hole.test", "closed.test"} {
			f := newClientFactory(newRecorder())
			r.connectText(f, fmt.Sprintf("tcp:%s:%d", name, port))
			conn := wait(t, f.p.made, "ConnectionMade to "+name)
			if got := conn.Peer().String(); got != listener.Addr().String() {
				t.Errorf("connected to %s", got)
			}
		}
		f := newClientFactory(newRecorder())
		r.connectText(f, fmt.Sprintf("tcp:none.test:%d", port))
		expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrConnectionRefused)
	})
}

// fullListener returns the address of a listener that answers nobody: its queue is full.
func fullListener(t *testing.T) string {
	t.Helper()
	return fillListener(t, "127.0.0.1:0")
}

// fillListener listens at the address and fills the queue.
func fillListener(t *testing.T, at string) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	to := netip.MustParseAddrPort(at)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	bound := netip.AddrPortFrom(to.Addr(), uint16(sa.(*syscall.SockaddrInet4).Port))
	// A queue of length 0 has room for one.
	c, err := net.Dial("tcp", bound.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return bound.String()
}
