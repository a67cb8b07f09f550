package behaviour

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// halves connects two probes that know half-closed connections.
func halves(t *testing.T, w trial.Wire) (client, server *trial.Probe) {
	t.Helper()
	client, server = trial.NewProbe(t), trial.NewProbe(t)
	w.Join(trial.Half{Probe: client}, trial.Half{Probe: server})
	client.Expect(t, trial.Made)
	server.Expect(t, trial.Made)
	return client, server
}

// TestHalfClose restates HalfCloseTests.testCloseWriteCloser and testWriteCloseNotification.
func TestHalfClose(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := halves(t, w)
		w.OnLoop(func(*reactor.Loop) {
			client.Send("question")
			client.Transport.LoseWriteConnection()
			if client.Transport.Disconnecting() {
				t.Error("Disconnecting is true after LoseWriteConnection")
			}
		})
		client.Expect(t, trial.WriteLost)
		server.ExpectData(t, "question")
		server.Expect(t, trial.ReadLost)
		w.OnLoop(func(*reactor.Loop) { server.Send("answer") })
		client.ExpectData(t, "answer")
		w.OnLoop(func(*reactor.Loop) {
			server.Send(" and more")
			server.Transport.LoseConnection()
		})
		client.ExpectData(t, " and more")
		server.ExpectLost(t, protocol.ErrConnectionDone)
		client.Expect(t, trial.ReadLost)
		client.ExpectLost(t, protocol.ErrConnectionDone)
	})
}

// TestDoubleHalfClose restates test_doubleHalfClose: both ends close their sending sides, and one of them calls
// LoseConnection when it hears that both directions are closed.
func TestDoubleHalfClose(t *testing.T) {
	for _, lose := range []string{trial.ReadLost, trial.WriteLost, "nobody"} {
		t.Run("lose in "+lose, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				client, server := trial.NewProbe(t), trial.NewProbe(t)
				client.On[lose] = func(trial.Event) { client.Transport.LoseConnection() }
				w.Join(trial.Half{Probe: client}, trial.Half{Probe: server})
				client.Expect(t, trial.Made)
				server.Expect(t, trial.Made)
				w.OnLoop(func(*reactor.Loop) { server.Transport.LoseWriteConnection() })
				client.Expect(t, trial.ReadLost)
				if lose != trial.ReadLost {
					w.OnLoop(func(*reactor.Loop) { client.Transport.LoseWriteConnection() })
					client.Expect(t, trial.WriteLost)
				}
				client.ExpectLost(t, protocol.ErrConnectionDone)
				expectHalves(t, server, "")
			})
		})
	}
}

// TestHalfCloseAtOnce has both ends close their sending sides at the same time, and twice.
func TestHalfCloseAtOnce(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := halves(t, w)
		w.OnLoop(func(*reactor.Loop) {
			for _, p := range []*trial.Probe{client, server} {
				p.Send("last words")
				p.Transport.LoseWriteConnection()
				p.Transport.LoseWriteConnection()
			}
		})
		for _, p := range []*trial.Probe{client, server} {
			expectHalves(t, p, "last words")
		}
	})
}

// expectHalves waits for the loss of the connection, before which this data came, and each half-close once.
func expectHalves(t *testing.T, p *trial.Probe, want string) {
	t.Helper()
	var data string
	seen := map[string]int{}
	e := p.Next(t)
	for ; e.Name != trial.Lost; e = p.Next(t) {
		seen[e.Name]++
		data += string(e.Data)
	}
	trial.CheckReason(t, e.Err, protocol.ErrConnectionDone)
	if data != want || seen[trial.ReadLost] != 1 || seen[trial.WriteLost] != 1 {
		t.Errorf("received %q, events %v", data, seen)
	}
}

// TestHalfCloseIsTheEnd has a peer that knows no half-closed connections: what it has written still goes out.
func TestHalfCloseIsTheEnd(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		server.On[trial.Data] = func(trial.Event) { server.Send("answer") }
		w.Join(trial.Half{Probe: client}, server)
		client.Expect(t, trial.Made)
		w.OnLoop(func(*reactor.Loop) {
			client.Send("question")
			client.Transport.LoseWriteConnection()
		})
		server.Expect(t, trial.Made)
		server.ExpectData(t, "question")
		server.ExpectLost(t, protocol.ErrConnectionDone)
		expectHalves(t, client, "answer")
	})
}

// TestWriteAfterPeerIsGone restates test_writeAfterShutdownWithoutReading: a protocol that has paused reading, and
// writes to a peer that is gone, hears of it.
func TestWriteAfterPeerIsGone(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		client.On[trial.Made] = func(trial.Event) { client.Transport.PauseReading() }
		w.Join(client, server)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		var write func()
		write = func() {
			if client.Transport.Disconnecting() {
				return
			}
			if client.Transport.Buffered() == 0 {
				client.Send("anybody there?")
			}
			client.Transport.Reactor().CallLater(0, write)
		}
		w.OnLoop(func(*reactor.Loop) {
			server.Transport.AbortConnection()
			write()
		})
		server.ExpectLost(t, protocol.ErrConnectionAborted)
		client.ExpectLost(t, protocol.ErrConnectionLost)
	})
}
