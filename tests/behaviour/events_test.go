package behaviour

import (
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// occasions are the events that a protocol, the actor, can be in, and what has them happen once both ends are connected.
var occasions = []struct {
	name  string // of the test
	event string
	cause func(actor, peer *trial.Probe)
}{
	{"made", trial.Made, nil},
	{"data", trial.Data, func(_, peer *trial.Probe) { peer.Send("data") }},
	{"read lost", trial.ReadLost, func(_, peer *trial.Probe) { peer.Transport.LoseWriteConnection() }},
	{"write lost", trial.WriteLost, func(actor, _ *trial.Probe) { actor.Transport.LoseWriteConnection() }},
	{"pause", trial.Pause, func(actor, peer *trial.Probe) {
		peer.Transport.PauseReading()
		produce(actor, true)
	}},
	{"resume of a push producer", trial.Resume, func(actor, peer *trial.Probe) {
		peer.Transport.PauseReading()
		actor.On[trial.Pause] = func(trial.Event) { peer.Transport.ResumeReading() }
		produce(actor, true)
	}},
	{"resume of a pull producer", trial.Resume, func(actor, _ *trial.Probe) { produce(actor, false) }},
}

// produce registers the probe as a producer. A streaming one writes until it is paused.
func produce(p *trial.Probe, streaming bool) {
	_ = p.Transport.RegisterProducer(p, streaming) // there is no other
	if streaming {
		flood(p)
	}
}

// flood writes more than the high-water mark in every turn, until the producer is paused or the connection lost: the
// kernel holds a lot for a peer that does not read.
func flood(p *trial.Probe) {
	if p.Paused {
		return
	}
	for chunk := make([]byte, 32<<10); p.Transport.Buffered() <= 64<<10; {
		if _, err := p.Transport.Write(chunk); err != nil {
			return
		}
	}
	p.Transport.Reactor().CallLater(0, func() { flood(p) })
}

// scene is a connection whose server acts.
type scene struct {
	trial.Wire
	occasion    string
	actor, peer *trial.Probe
	client      *trial.Client // of the peer
}

// onOccasions runs act inside each of the actor's events, and then check.
func onOccasions(t *testing.T, act func(s *scene), check func(t *testing.T, s *scene)) {
	for _, o := range occasions {
		t.Run(o.name, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				s := &scene{Wire: w, occasion: o.event, actor: trial.NewProbe(t), peer: trial.NewProbe(t)}
				s.client = trial.NewClient(s.peer)
				connected := 0
				begin := func(trial.Event) {
					if connected++; connected == 2 && o.cause != nil {
						o.cause(s.actor, s.peer)
					}
				}
				s.actor.On[trial.Made] = begin
				s.peer.On[trial.Made] = begin
				s.actor.On[o.event] = func(trial.Event) { act(s) }
				w.Join(s.client, trial.Half{Probe: s.actor})
				check(t, s)
			})
		})
	}
}

// peerReads has the peer read again, on the loop.
func (s *scene) peerReads() {
	if s.peer.Transport != nil {
		s.peer.Transport.ResumeReading()
	}
}

// checkAborted checks that the actor lost its connection for want, and that the peer's was reset, or came to nothing if
// the actor's ConnectionMade was earlier than the peer's.
func (s *scene) checkAborted(t *testing.T, want protocol.Reason) (reason error) {
	t.Helper()
	reason = s.actor.Until(t, trial.Lost).Err
	trial.CheckReason(t, reason, want)
	s.OnLoop(func(*reactor.Loop) { s.peerReads() })
	e := s.client.Next(t)
	for e.Name != trial.ClientLost && e.Name != trial.Failed {
		e = s.client.Next(t)
	}
	switch {
	case e.Name == trial.Failed && s.occasion == trial.Made:
	case errors.Is(e.Err, protocol.ErrConnectionDone) && s.occasion == trial.WriteLost: // it had the end of the stream first
	case e.Name == trial.Failed, !reset(s.Wire, e.Err):
		t.Errorf("the peer's last event is %v, want a reset", e)
	}
	return reason
}

// reset reports whether reason is what the peer of an aborted connection sees. A UNIX socket is reset only when data was
// left unread.
func reset(w trial.Wire, reason error) bool {
	if w.Name == trial.UNIX.Name && errors.Is(reason, protocol.ErrConnectionDone) {
		return true
	}
	return errors.Is(reason, protocol.ErrConnectionLost)
}

// TestAbort restates test_dataReceivedAbort, test_resumeProducingAbort, test_clientAbortsConnectionTwice and
// test_clientAbortsConnectionThenLosesConnection: ConnectionLost comes once, and not inside the event.
func TestAbort(t *testing.T) {
	for name, act := range map[string]func(protocol.Transport){
		"once":              func(t protocol.Transport) { t.AbortConnection() },
		"twice":             func(t protocol.Transport) { t.AbortConnection(); t.AbortConnection() },
		"and lose":          func(t protocol.Transport) { t.AbortConnection(); t.LoseConnection() },
		"after lose":        func(t protocol.Transport) { t.LoseConnection(); t.AbortConnection() },
		"after half-close":  func(t protocol.Transport) { t.LoseWriteConnection(); t.AbortConnection() },
		"and pause, resume": func(t protocol.Transport) { t.AbortConnection(); t.PauseReading(); t.ResumeReading() },
	} {
		t.Run(name, func(t *testing.T) {
			onOccasions(t, func(s *scene) { act(s.actor.Transport) },
				func(t *testing.T, s *scene) { s.checkAborted(t, protocol.ErrConnectionAborted) })
		})
	}
}

// TestLose closes a connection inside each event: everything written before arrives.
func TestLose(t *testing.T) {
	for name, act := range map[string]func(protocol.Transport){
		"once":             func(t protocol.Transport) { t.LoseConnection() },
		"twice":            func(t protocol.Transport) { t.LoseConnection(); t.LoseConnection() },
		"after half-close": func(t protocol.Transport) { t.LoseWriteConnection(); t.LoseConnection() },
		"and half-close":   func(t protocol.Transport) { t.LoseConnection(); t.LoseWriteConnection() },
		"and resume":       func(t protocol.Transport) { t.LoseConnection(); t.ResumeReading() },
	} {
		t.Run(name, func(t *testing.T) {
			onOccasions(t,
				func(s *scene) {
					_, _ = s.actor.Transport.Write([]byte("last words")) // refused after a half-close
					s.actor.Transport.UnregisterProducer()
					act(s.actor.Transport)
					if !s.actor.Transport.Disconnecting() {
						t.Error("Disconnecting is false after LoseConnection")
					}
					s.peerReads()
				},
				func(t *testing.T, s *scene) {
					trial.CheckReason(t, s.actor.Until(t, trial.Lost).Err, protocol.ErrConnectionDone)
					trial.CheckReason(t, s.client.Until(t, trial.ClientLost).Err, protocol.ErrConnectionDone)
					s.OnLoop(func(*reactor.Loop) {
						if in, out := s.peer.Conn().BytesIn(), s.actor.Conn().BytesOut(); in != out {
							t.Errorf("the peer received %d of %d bytes", in, out)
						}
					})
				})
		})
	}
}
