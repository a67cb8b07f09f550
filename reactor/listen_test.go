package reactor_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestSpread: connections go to the loop that has the fewest.
func TestSpread(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		const loops, each = 3, 4
		r := start(t, reactor.Config{Backend: backend, Loops: loops})
		accepted := make(chan *reactor.Conn, loops*each)
		at := r.listen(localhost, func() protocol.Protocol {
			p := newRecorder()
			p.onMade = func(c *reactor.Conn) { accepted <- c }
			return p
		})
		counts := map[*reactor.Loop]int{}
		for range loops * each {
			dial(t, at)
			counts[wait(t, accepted, "ConnectionMade").Loop()]++
		}
		for _, l := range r.Loops() {
			if counts[l] != each {
				t.Errorf("loop %d has %d connections, want %d", l.ID(), counts[l], each)
			}
		}
	})
}

// TestAddresses: both ends say the same of a connection.
func TestAddresses(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		for _, text := range []string{localhost, "tcp:0", "tcp6:0:interface=\\:\\:1", "unix:@wasmnet-address-test"} {
			p := newRecorder()
			at := r.listen(text, func() protocol.Protocol { return p })
			if tcp, ok := at.(protocol.TCPAddress); ok {
				if tcp.Port() == 0 {
					t.Errorf("%s: the port is not known", text)
				}
				if tcp.Addr().IsUnspecified() {
					at = protocol.TCPAddress{AddrPort: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), tcp.Port())}
				}
			}
			c := dial(t, at)
			conn := wait(t, p.made, "ConnectionMade")
			r.onLoop(conn.Loop(), func() {
				peer := c.LocalAddr().String()
				if at.Network() == "unix" {
					peer = ""
				}
				if conn.Peer().String() != peer || conn.Host().String() != at.String() {
					t.Errorf("%s: from %v to %v, want from %s to %v", text, conn.Peer(), conn.Host(), peer, at)
				}
			})
			c.Close()
			wait(t, p.ended, "ConnectionLost")
		}
	})
}

func TestListenErrors(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		taken := r.listen(localhost, newEcho)
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, []byte("not a socket"), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"port taken":       "tcp:" + fmt.Sprint(taken.(protocol.TCPAddress).Port()) + ":interface=127.0.0.1",
			"foreign address":  "tcp:0:interface=192.0.2.1",
			"no such folder":   "unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "none", "s")),
			"not a socket":     "unix:" + endpoint.Quote(file),
			"not a descriptor": "fd:1000000",
			"not listening":    "fd:0",
		} {
			_, err := r.Listen(text, &echoFactory{})
			if !errors.Is(err, protocol.ErrCannotListen) || !strings.Contains(fmt.Sprint(err), text) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := r.Listen("tcp:no port", &echoFactory{}); err == nil || errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("bad endpoint string: %v", err)
		}
		if _, err := r.Listen(localhost, nil); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("no factory: %v", err)
		}
		if _, err := r.ListenEndpoint(&endpoint.Server{Network: "sctp"}, &echoFactory{}); !errors.Is(err, protocol.ErrUnsupported) {
			t.Errorf("a network that is not offered: %v", err)
		}
		if _, err := r.ListenEndpoint(&endpoint.Server{Network: "udp", Text: "udp:0"}, &echoFactory{}); err == nil {
			t.Error("a datagram endpoint was opened as a stream")
		}
	})
}

// TestUNIXFile: the file has the mode that was asked for, a dead server's is replaced and a live one's is not, and it
// goes with the port.
func TestUNIXFile(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		path := filepath.Join(t.TempDir(), "s")
		text := "unix:" + endpoint.Quote(path) + ":mode=640"

		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		p, err := r.Listen(text, &echoFactory{})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("mode %v, %v; want 0640", info.Mode(), err)
		}
		if _, err := r.Listen(text, &echoFactory{}); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("a second server on the same path: %v", err)
		}
		exchange(t, dial(t, p.Host()), "hello", "hello")
		p.StopListening()
		p.StopListening()
		for _, name := range []string{path, path + ".lock"} {
			if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there: %v", name, err)
			}
		}

		// Alive, and without a lock.
		alive, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer alive.Close()
		if _, err := r.Listen(text, &echoFactory{}); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("a live server's socket: %v", err)
		}
		if _, err := os.Stat(path + ".lock"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the lock of a server that did not start is still there: %v", err)
		}
		// Without a lock file nothing is replaced.
		if _, err := r.Listen("unix:"+endpoint.Quote(path)+":lockfile=0", &echoFactory{}); err == nil {
			t.Error("a live server's socket was replaced")
		}
	})
}

// TestStopListening: the port is free at once, and connections live on.
func TestStopListening(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 2})
		p, err := r.Listen(localhost, &echoFactory{})
		if err != nil {
			t.Fatal(err)
		}
		c := dial(t, p.Host())
		exchange(t, c, "hello", "hello")
		text := "tcp:" + fmt.Sprint(p.Host().(protocol.TCPAddress).Port()) + ":interface=127.0.0.1"
		for range 20 {
			p.StopListening()
			if p, err = r.Listen(text, &echoFactory{}); err != nil {
				t.Fatal(err)
			}
		}
		exchange(t, dial(t, p.Host()), "anew", "anew")
		exchange(t, c, "still", "still")
	})
}

// TestFactoryStartAndStop: once for all ports of a factory, and an error refuses the port.
func TestFactoryStartAndStop(t *testing.T) {
	r := start(t, reactor.Config{})
	f := &startingFactory{clientFactory: newClientFactory(newRecorder()), stopped: make(chan struct{}, 1)}
	var ports []protocol.Port
	for range 3 {
		p, err := r.Listen(localhost, f)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	for i, p := range ports {
		if n := f.starts.Load(); n != 1 {
			t.Errorf("StartFactory was called %d times", n)
		}
		p.StopListening()
		for _, l := range r.Loops() {
			r.onLoop(l, func() {})
		}
		if i < 2 && len(f.stopped) > 0 {
			t.Error("StopFactory came before the last port had stopped")
		}
	}
	wait(t, f.stopped, "StopFactory")

	refusing := &refusingFactory{err: errors.New("no configuration")}
	if _, err := r.Listen(localhost, refusing); !errors.Is(err, protocol.ErrCannotListen) || !errors.Is(err, refusing.err) {
		t.Errorf("a factory that does not start: %v", err)
	}
	// A type that cannot be compared is started with each port.
	one := start(t, reactor.Config{Loops: 1})
	counts := [2]int{}
	uncomparable := uncomparableFactory{start: func() { counts[0]++ }, stop: func() { counts[1]++ }}
	for range 2 {
		p, err := one.Listen(localhost, uncomparable)
		if err != nil {
			t.Fatal(err)
		}
		p.StopListening()
	}
	one.onLoop(one.Loops()[0], func() {})
	if counts != [2]int{2, 2} {
		t.Errorf("%d starts and stops, want 2 of each", counts)
	}
}

type refusingFactory struct {
	echoFactory
	err error
}

func (f *refusingFactory) StartFactory() error { return f.err }

type uncomparableFactory struct{ start, stop func() }

func (f uncomparableFactory) StartFactory() error { f.start(); return nil }
func (f uncomparableFactory) StopFactory()        { f.stop() }

func (f uncomparableFactory) BuildProtocol(protocol.Address) protocol.Protocol { return nil }
