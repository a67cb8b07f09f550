package behaviour

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestPauseInMade restates PauseProducingTests.test_pauseProducingInConnectionMade: nothing is delivered until reading is
// resumed, although the peer has sent something, and its answer to a later event has come back.
func TestPauseInMade(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		paused, talker := trial.NewProbe(t), trial.NewProbe(t)
		other, otherPeer := trial.NewProbe(t), trial.NewProbe(t)
		paused.On[trial.Made] = func(trial.Event) { paused.Transport.PauseReading() }
		talker.On[trial.Made] = func(trial.Event) { talker.Send("hello") }
		w.Join(paused, talker)
		talker.Expect(t, trial.Made)
		paused.Expect(t, trial.Made)
		otherPeer.On[trial.Made] = func(trial.Event) { otherPeer.Send("hello") }
		w.Join(other, otherPeer) // what was sent later has arrived
		other.Expect(t, trial.Made)
		other.ExpectData(t, "hello")
		w.OnLoop(func(*reactor.Loop) {
			if events := paused.Rest(); len(events) > 0 {
				t.Errorf("events %v while reading is paused", events)
			}
			paused.Transport.ResumeReading()
		})
		paused.ExpectData(t, "hello")
	})
}

// TestStopStartReading restates test_stopStartReading: pausing and resuming in one event, in any order, leaves the last
// word in force.
func TestStopStartReading(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		client.On[trial.Made] = func(trial.Event) {
			client.Transport.ResumeReading() // not paused
			client.Transport.PauseReading()
			client.Transport.PauseReading() // pausing does not count
			client.Transport.ResumeReading()
		}
		server.On[trial.Made] = func(trial.Event) { server.Send("one") }
		w.Join(client, server)
		client.Expect(t, trial.Made)
		client.ExpectData(t, "one")
		for _, word := range []string{"two", "three"} {
			w.OnLoop(func(*reactor.Loop) {
				client.Transport.PauseReading()
				server.Send(word)
			})
			w.OnLoop(func(*reactor.Loop) { client.Transport.ResumeReading() })
			client.ExpectData(t, word)
		}
	})
}

// TestPauseInData pauses inside DataReceived: nothing more is delivered, not even what has been read already.
func TestPauseInData(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		const pieces = 20
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		all := strings.Repeat(strings.Repeat("x", 100<<10), pieces)
		paused := false
		client.On[trial.Data] = func(trial.Event) {
			if paused {
				t.Error("data while reading is paused")
			}
			paused = true
			client.Transport.PauseReading()
			client.Transport.Reactor().CallLater(0, func() {
				paused = false
				client.Transport.ResumeReading()
			})
		}
		server.On[trial.Made] = func(trial.Event) {
			if err := server.Conn().SetOutputLimits(64<<10, 0, 4<<20); err != nil {
				t.Error(err)
			}
			server.Send(all)
			server.Transport.LoseConnection()
		}
		w.Join(client, server)
		client.Expect(t, trial.Made)
		client.ExpectData(t, all)
		client.ExpectLost(t, protocol.ErrConnectionDone)
	})
}

// TestResumeWhileDisconnecting restates test_resumeProducingWhileDisconnecting: nothing is delivered any more, although
// the peer has sent something and the connection stays until the output is gone.
func TestResumeWhileDisconnecting(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		server.On[trial.Made] = func(trial.Event) {
			server.Transport.PauseReading()
			server.Send("not for you")
		}
		client.On[trial.Made] = func(trial.Event) {
			client.Transport.PauseReading()
			client.Send(strings.Repeat("x", 512<<10))
		}
		w.Join(client, server)
		server.Expect(t, trial.Made)
		client.Expect(t, trial.Made)
		w.OnLoop(func(*reactor.Loop) {
			client.Transport.LoseConnection()
			client.Transport.ResumeReading()
		})
		w.OnLoop(func(*reactor.Loop) {
			client.Transport.ResumeReading()
			server.Transport.ResumeReading()
		})
		trial.CheckReason(t, client.Expect(t, trial.Lost).Err, protocol.ErrConnectionDone)
	})
}

// TestLossAfterPause restates test_connectionLostAfterPausedTransport: the peer writes and leaves while reading is paused.
func TestLossAfterPause(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		client.On[trial.Data] = func(trial.Event) { client.Transport.PauseReading() }
		server.On[trial.Made] = func(trial.Event) {
			server.Send("x")
			server.Transport.LoseConnection()
		}
		w.Join(client, server)
		client.Expect(t, trial.Made)
		client.ExpectData(t, "x")
		server.Expect(t, trial.Made)
		server.ExpectLost(t, protocol.ErrConnectionDone)
		w.OnLoop(func(*reactor.Loop) {
			if events := client.Rest(); len(events) > 0 {
				t.Errorf("events %v while reading is paused", events)
			}
			client.Transport.ResumeReading()
		})
		client.ExpectLost(t, protocol.ErrConnectionDone)
	})
}
