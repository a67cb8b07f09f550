package hostile

import (
	"log/slog"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// Peers that send a byte a second are not idle, and are stopped by the limit of their lifetime. Those that never speak, or
// fall silent, are stopped before.
func TestOneByteAtATime(t *testing.T) {
	g, err := echoGuest()
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.New(host.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	m, err := h.Load(t.Context(), g.name, g.wasm)
	if err != nil {
		t.Fatal(err)
	}
	const each, lifetime = 50, 60
	r := reactortest.NewReactor()
	defer r.Close()
	s, err := h.NewServiceOn(m, r, host.ServiceConfig{Limits: host.Limits{FirstByte: 5 * time.Second, Idle: 10 * time.Second,
		Lifetime: lifetime * time.Second, PerPeer: 3 * each}})
	if err != nil {
		t.Fatal(err)
	}
	// Kinds of peers: how long they speak, and how long they live.
	kinds := []struct{ speaks, lives int }{{lifetime, lifetime}, {20, 30}, {0, 5}}
	type slow struct {
		reactortest.Recorder
		to protocol.Transport
	}
	peers := make([]slow, 3*each)
	for n := range peers {
		peers[n].to = r.Join(&peers[n].Recorder, s.BuildProtocol(protocol.TCPAddress{})).Client
	}
	r.Settle()
	for second := 1; second <= lifetime+1; second++ {
		r.Advance(time.Second)
		for n := range peers {
			p, kind := &peers[n], kinds[n%3]
			if alive := p.Reason == nil; alive != (second <= kind.lives) {
				t.Fatalf("peer %d lives after %d seconds: %v", n, second, alive)
			}
			if second <= kind.speaks {
				p.to.Write([]byte{byte(second)})
			}
		}
		r.Settle()
	}
	for n := range peers {
		if got, want := len(peers[n].Received), kinds[n%3].speaks; got != want {
			t.Errorf("peer %d received %d bytes, want %d", n, got, want)
		}
	}
	for limit, n := range map[string]uint64{"lifetime": each, "idle": each, "first-byte": each} {
		if got := s.Stats().Breaches[limit]; got != n {
			t.Errorf("%d breaches of %s, want %d", got, limit, n)
		}
	}
}
