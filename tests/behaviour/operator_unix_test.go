//go:build unix

package behaviour

import (
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/tests/internal/sandbox"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestOperatorsUNIXDatagrams has the operator open a socket for a guest, in memory and as a file. A module without a
// protocol for it closes it.
func TestOperatorsUNIXDatagrams(t *testing.T) {
	server, client := []string{"unixgram listening", "heard hi from c"}, []string{"unixgram connected", "heard re-hi from s"}
	newPerformance := func(t *testing.T) *performance {
		p := &performance{pki: &identities{}, gate: sandbox.NewGate(), behaviour: behaviour{tellsServer: server, tellsClient: client}}
		p.prepare(t)
		return p
	}
	connect := func(r protocol.UNIXDatagramReactor, p *performance) error {
		f := native(r.(protocol.Reactor), "unixgram connected: send hi", "", p.clientTape)
		text := "unixgram:" + p.folder + "/s:bindAddress=" + p.folder + "/c"
		_, err := r.ConnectUNIXDatagram(text, f.BuildUNIXDatagramProtocol(nil))
		return err
	}
	t.Run("memory", func(t *testing.T) {
		p, r := newPerformance(t), reactortest.NewReactor()
		g := guesttest.On(t, r, sandbox.Puppet(t), p.settings(t, "", "", p.serverTape))
		if _, err := g.Service.Listen("unixgram:" + p.folder + "/s"); err != nil {
			t.Fatal(err)
		}
		r.Settle()
		if err := connect(r, p); err != nil {
			t.Fatal(err)
		}
		r.Settle()
		p.compare(t)
	})
	t.Run("sockets", func(t *testing.T) {
		p, r := newPerformance(t), trial.Start(t, reactor.Config{})
		sandboxes, module := sandbox.Host(t)
		s, err := sandboxes.NewService(module, r.Reactor, p.settings(t, "", "", p.serverTape))
		if err != nil {
			t.Fatal(err)
		}
		port, err := s.Listen("unixgram:" + p.folder + "/s")
		if err != nil {
			t.Fatal(err)
		}
		r.OnLoop(func(l *reactor.Loop) {
			if err := connect(l, p); err != nil {
				t.Error(err)
			}
		})
		if !p.gate.Wait(p.over) {
			t.Error("it does not come to an end")
		}
		p.compare(t)
		port.StopListening()
		if !p.gate.Wait(func() bool { return slices.Contains(p.serverTape.All(), "unixgram over nil") }) {
			t.Errorf("the guest was not told of the end: %q", p.serverTape.All())
		}
		r.Stop()
		r.Ended()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
