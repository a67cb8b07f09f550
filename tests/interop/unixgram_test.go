package interop

import (
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// named is a datagram of a UNIX socket and where it came from.
type named struct{ data, from string }

// unixDatagrams is a UNIXDatagramProtocol that tells what it receives.
type unixDatagrams struct {
	transport protocol.UNIXDatagramTransport
	started   chan struct{}
	received  chan named
}

func newUNIXDatagrams() *unixDatagrams {
	return &unixDatagrams{started: make(chan struct{}), received: make(chan named, 100)}
}

func (p *unixDatagrams) StartProtocol(t protocol.UNIXDatagramTransport) {
	p.transport = t
	close(p.started)
}

func (p *unixDatagrams) DatagramReceived(data []byte, from protocol.UNIXAddress) {
	p.received <- named{string(data), from.Name}
}

func (p *unixDatagrams) StopProtocol(error) {}

func (p *unixDatagrams) expect(t *testing.T, want named) {
	t.Helper()
	if got := trial.Wait(t, p.received, "a datagram"); got != want {
		t.Errorf("we received %.40q from %q, want %.40q from %q", got.data, got.from, want.data, want.from)
	}
}

// exchange sends each of the messages there and back. ours sends by send; from is who Twisted takes us for.
func (p *unixDatagrams) exchange(
	t *testing.T, r *trial.Reactor, program *twisted, send func(data string) error, told command, theirs, from string,
) {
	t.Helper()
	for _, m := range messages {
		r.OnLoop(func(*reactor.Loop) {
			if err := send(m); err != nil {
				t.Errorf("sending: %v", err)
			}
		})
		e := program.expect("datagram")
		if got := string(e.bytes(t)); got != m || e.Address != from {
			t.Errorf("Twisted received %.40q from %q, want %.40q from %q", got, e.Address, m, from)
		}
		told["data"] = hex.EncodeToString([]byte(m))
		verb := "write"
		if told["path"] != nil {
			verb = "write to"
		}
		program.do(verb, told)
		p.expect(t, named{m, theirs})
	}
}

// TestUNIXDatagrams: its clients and our servers, and the other way round.
func TestUNIXDatagrams(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		folder := t.TempDir()
		server, client := filepath.Join(folder, "server"), filepath.Join(folder, "client")

		t.Run(string(oursListens), func(t *testing.T) {
			r := trial.Start(t, reactor.Config{Backend: backend})
			ours := newUNIXDatagrams()
			r.OnLoop(func(l *reactor.Loop) {
				if _, err := l.ListenUNIXDatagram("unixgram:"+endpoint.Quote(server), ours); err != nil {
					t.Error(err)
				}
			})
			trial.Wait(t, ours.started, "StartProtocol")
			p := startTwisted(t, "unixgram.py", "connect", server, client)
			p.expect("listening")
			send := func(data string) error {
				return ours.transport.WriteTo([]byte(data), protocol.UNIXAddress{Name: client})
			}
			ours.exchange(t, r, p, send, command{}, client, "")
		})
		t.Run(string(twistedListens), func(t *testing.T) {
			r := trial.Start(t, reactor.Config{Backend: backend})
			p := startTwisted(t, "unixgram.py", "listen", server)
			p.expect("listening")
			ours := newUNIXDatagrams()
			r.OnLoop(func(l *reactor.Loop) {
				text := "unixgram:" + endpoint.Quote(server) + ":bindAddress=" + endpoint.Quote(client)
				if _, err := l.ConnectUNIXDatagram(text, ours); err != nil {
					t.Error(err)
				}
			})
			trial.Wait(t, ours.started, "StartProtocol")
			send := func(data string) error { return ours.transport.Write([]byte(data)) }
			ours.exchange(t, r, p, send, command{"path": client}, server, client)
		})
	})
}
