//go:build unix

package reactor_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// namedDatagram is one that came from a UNIX socket.
type namedDatagram struct{ data, from string }

// unixReceiver is a protocol of UNIX datagrams that reports its events.
type unixReceiver struct {
	started  chan *reactor.UNIXDatagramPort
	received chan namedDatagram
	refused  chan struct{}
	stopped  chan error
	echo     bool
	errs     chan error // of echoing

	port *reactor.UNIXDatagramPort
}

func newUNIXReceiver() *unixReceiver {
	return &unixReceiver{
		started:  make(chan *reactor.UNIXDatagramPort, 1),
		received: make(chan namedDatagram, 10_000),
		refused:  make(chan struct{}, 100),
		stopped:  make(chan error, 2),
		errs:     make(chan error, 10_000),
	}
}

func (p *unixReceiver) StartProtocol(t protocol.UNIXDatagramTransport) {
	p.port = t.(*reactor.UNIXDatagramPort)
	p.started <- p.port
}

func (p *unixReceiver) DatagramReceived(data []byte, from protocol.UNIXAddress) {
	p.received <- namedDatagram{string(data), from.Name}
	if p.echo {
		p.errs <- p.port.WriteTo(data, from)
	}
}

func (p *unixReceiver) ConnectionRefused()        { p.refused <- struct{}{} }
func (p *unixReceiver) StopProtocol(reason error) { p.stopped <- reason }

func (p *unixReceiver) expect(t *testing.T, want namedDatagram) {
	t.Helper()
	if got := wait(t, p.received, "a datagram"); got != want {
		t.Errorf("received %.40q (%d bytes) from %q; want %.40q (%d) from %q",
			got.data, len(got.data), got.from, want.data, len(want.data), want.from)
	}
}

func (r *running) listenUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (port protocol.Port, err error) {
	l := r.Loops()[0]
	r.onLoop(l, func() { port, err = l.ListenUNIXDatagram(text, p) })
	return port, err
}

func (r *running) connectUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (port protocol.Port, err error) {
	l := r.Loops()[0]
	r.onLoop(l, func() { port, err = l.ConnectUNIXDatagram(text, p) })
	return port, err
}

// datagramPair opens a server, and a client that is connected to it and bound to a name.
func (r *running) datagramPair(server, client *unixReceiver, at, from string) {
	r.t.Helper()
	if _, err := r.listenUNIXDatagram("unixgram:"+endpoint.Quote(at)+":mode=640", server); err != nil {
		r.t.Fatal(err)
	}
	text := "unixgram:" + endpoint.Quote(at) + ":bindAddress=" + endpoint.Quote(from) + ":mode=600"
	if _, err := r.connectUNIXDatagram(text, client); err != nil {
		r.t.Fatal(err)
	}
	wait(r.t, server.started, "StartProtocol of the server")
	wait(r.t, client.started, "StartProtocol of the client")
}

// socketNames are a server's and a client's name, of each kind that there is.
func socketNames(t *testing.T) map[string][2]string {
	folder := t.TempDir()
	names := map[string][2]string{"files": {filepath.Join(folder, "server"), filepath.Join(folder, "client")}}
	if runtime.GOOS == "linux" {
		names["abstract"] = [2]string{"@" + folder + "/server", "@" + folder + "/client"}
	}
	return names
}

// TestUNIXDatagramEcho: datagrams of all lengths go both ways, with their senders' names, and what is too long stays.
func TestUNIXDatagramEcho(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for name, at := range socketNames(t) {
			t.Run(name, func(t *testing.T) {
				r := start(t, reactor.Config{Backend: backend})
				server, client := newUNIXReceiver(), newUNIXReceiver()
				server.echo = true
				r.datagramPair(server, client, at[0], at[1])
				if peer, ok := client.port.Peer(); !ok || peer.String() != at[0] || client.port.Host().String() != at[1] {
					t.Errorf("the client is %v, its peer %v, %v", client.port.Host(), peer, ok)
				}
				if peer, ok := server.port.Peer(); ok || server.port.Host().String() != at[0] {
					t.Errorf("the server is %v, its peer %v", server.port.Host(), peer)
				}
				for _, data := range []string{"hello", "", strings.Repeat("x", 8192), strings.Repeat("y", 64<<10)} {
					r.onLoop(r.Loops()[0], func() {
						if err := client.port.Write([]byte(data)); err != nil {
							t.Errorf("Write of %d bytes: %v", len(data), err)
						}
					})
					server.expect(t, namedDatagram{data, at[1]})
					client.expect(t, namedDatagram{data, at[0]})
					if err := wait(t, server.errs, "an answer"); err != nil {
						t.Errorf("answering %d bytes: %v", len(data), err)
					}
				}
				r.onLoop(r.Loops()[0], func() {
					own, other := protocol.UNIXAddress{Name: at[0]}, protocol.UNIXAddress{Name: at[1]}
					if err := client.port.Write(make([]byte, 64<<10+1)); err != protocol.ErrMessageTooLong {
						t.Errorf("Write of more than 64 KiB: %v", err)
					}
					if err := client.port.WriteTo([]byte("to the peer"), own); err != nil {
						t.Errorf("WriteTo the peer: %v", err)
					}
					if err := client.port.WriteTo(nil, other); err == nil {
						t.Error("a connected socket sends to others")
					}
					if server.port.Write(nil) == nil || server.port.WriteTo(nil, protocol.UNIXAddress{}) == nil {
						t.Error("a socket that is not connected sends to nobody")
					}
				})
				server.expect(t, namedDatagram{"to the peer", at[1]})
			})
		}
	})
}

// TestUNIXDatagramFiles: files have the mode asked for and go with their sockets, those of the dead are replaced, and
// those of the living are not.
func TestUNIXDatagramFiles(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		at := socketNames(t)["files"]
		for _, name := range at {
			dead, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			dead.Close() // its file stays
		}
		server, client := newUNIXReceiver(), newUNIXReceiver()
		r.datagramPair(server, client, at[0], at[1])
		for i, want := range []fs.FileMode{0o640, 0o600} {
			if info, err := os.Stat(at[i]); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, %v; want %v", at[i], info.Mode(), err, want)
			}
		}
		again := newUNIXReceiver()
		if _, err := r.listenUNIXDatagram("unixgram:"+endpoint.Quote(at[0]), again); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("a second socket of the same name: %v", err)
		}
		text := "unixgram:" + endpoint.Quote(at[0]) + ":bindAddress=" + endpoint.Quote(at[1])
		if _, err := r.connectUNIXDatagram(text, again); !errors.Is(err, protocol.ErrConnectBind) {
			t.Errorf("a second client of the same name: %v", err)
		}
		r.onLoop(r.Loops()[0], func() {
			server.port.StopListening()
			client.port.StopListening()
			server.port.StopListening()
			if err := client.port.Write(nil); err != protocol.ErrClosed {
				t.Errorf("Write after StopListening: %v", err)
			}
		})
		for _, p := range []*unixReceiver{server, client} {
			if err := wait(t, p.stopped, "StopProtocol"); err != nil {
				t.Errorf("StopProtocol(%v)", err)
			}
		}
		left, err := os.ReadDir(filepath.Dir(at[0]))
		if err != nil || len(left) != 0 {
			t.Errorf("files are left: %v, %v", left, err)
		}
	})
}

// TestUNIXDatagramRefusals: nobody is there, or nobody any more.
func TestUNIXDatagramRefusals(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		at := socketNames(t)["files"]
		server, client := newUNIXReceiver(), newUNIXReceiver()
		if _, err := r.connectUNIXDatagram("unixgram:"+endpoint.Quote(at[0]), client); !errors.Is(err, protocol.ErrConnectionRefused) {
			t.Errorf("connecting to nobody: %v", err)
		}
		r.datagramPair(server, client, at[0], at[1])
		r.onLoop(r.Loops()[0], server.port.StopListening)
		wait(t, server.stopped, "StopProtocol")
		for range 2 {
			r.onLoop(r.Loops()[0], func() {
				if err := client.port.Write([]byte("is anybody there?")); err != nil {
					t.Errorf("Write to nobody: %v", err)
				}
			})
			wait(t, client.refused, "ConnectionRefused")
		}
		select {
		case <-client.stopped:
			t.Error("a refusal ended the port")
		default:
		}

		loose := newUNIXReceiver()
		if _, err := r.listenUNIXDatagram("unixgram:"+endpoint.Quote(at[0]), loose); err != nil {
			t.Fatal(err)
		}
		wait(t, loose.started, "StartProtocol")
		to := protocol.UNIXAddress{Name: filepath.Join(filepath.Dir(at[0]), "nobody")}
		deadline := time.Now().Add(patience)
		for { // on backend net the error shows when the datagram has gone out
			var err error
			r.onLoop(r.Loops()[0], func() { err = loose.port.WriteTo([]byte("hello"), to) })
			if errors.Is(err, protocol.ErrConnectionRefused) {
				break
			}
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("WriteTo nobody: %v", err)
			}
		}
		if err := loose.toTwo(r, to, protocol.UNIXAddress{Name: at[0]}); err != nil {
			t.Errorf("WriteTo somebody, after nobody: %v", err)
		}
		for range 10 {
			loose.expect(t, namedDatagram{"hello", at[0]})
		}
		for name, text := range map[string]string{
			"stream":      "unix:" + endpoint.Quote(at[1]),
			"UDP":         "udp:0",
			"long":        "unixgram:" + strings.Repeat("x", 200),
			"no folder":   "unixgram:" + endpoint.Quote(filepath.Join(to.Name, "s")),
			"wrong place": "unixgram:" + endpoint.Quote(filepath.Dir(at[0])),
		} {
			if _, err := r.listenUNIXDatagram(text, newUNIXReceiver()); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if _, err := r.Listen("unixgram:"+endpoint.Quote(at[1]), &echoFactory{}); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("streams on a socket for datagrams: %v", err)
		}
	})
}

// toTwo sends to one and to another in turn, ten times, and returns the other's errors: the one's are not the other's.
func (p *unixReceiver) toTwo(r *running, one, other protocol.UNIXAddress) (err error) {
	for range 10 {
		r.onLoop(r.Loops()[0], func() {
			p.port.WriteTo([]byte("hello"), one)
			err = errors.Join(err, p.port.WriteTo([]byte("hello"), other))
		})
	}
	return err
}

// TestUNIXDatagramsThatAreLost: what is longer than 64 KiB, and what a receiver has no room for, while others get theirs.
func TestUNIXDatagramsThatAreLost(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		at := socketNames(t)["files"]
		server := newUNIXReceiver()
		if _, err := r.Loops()[0].ListenUNIXDatagramFromThread("unixgram:"+endpoint.Quote(at[0]), server); err != nil {
			t.Fatal(err)
		}
		wait(t, server.started, "StartProtocol")
		to := &net.UnixAddr{Name: at[0], Net: "unixgram"}
		sender, err := net.DialUnix("unixgram", nil, to)
		if err != nil {
			t.Fatal(err)
		}
		defer sender.Close()
		for _, data := range [][]byte{make([]byte, 64<<10+1), []byte("short")} {
			if _, err := sender.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		server.expect(t, namedDatagram{"short", ""})

		full, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at[1], Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		r.onLoop(r.Loops()[0], func() {
			for range 1000 { // nobody reads
				if err := server.port.WriteTo([]byte("x"), protocol.UNIXAddress{Name: at[1]}); err != nil {
					t.Errorf("WriteTo a full socket: %v", err)
				}
			}
			if err := server.port.WriteTo([]byte("to myself"), protocol.UNIXAddress{Name: at[0]}); err != nil {
				t.Error(err)
			}
		})
		server.expect(t, namedDatagram{"to myself", at[0]})
	})
}
