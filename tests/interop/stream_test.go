package interop

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

func TestStreamBothWays(t *testing.T) {
	onStreams(t, false, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		r.OnLoop(func(*reactor.Loop) { ours.Send("from us") })
		p.expectData("from us")
		p.write("from Twisted")
		ours.ExpectData(t, "from Twisted")
		r.OnLoop(func(*reactor.Loop) {
			ours.Send("last ")
			ours.Send("words")
			ours.Transport.LoseConnection()
		})
		p.expectData("last words")
		p.expectLost("ConnectionDone")
		ours.ExpectLost(t, protocol.ErrConnectionDone)
	})
}

func TestTwistedLosesTheConnection(t *testing.T) {
	onStreams(t, false, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		p.write("last words")
		p.do("lose", nil)
		ours.ExpectData(t, "last words")
		ours.ExpectLost(t, protocol.ErrConnectionDone)
		p.expectLost("ConnectionDone")
	})
}

func TestTwistedAborts(t *testing.T) {
	onStreams(t, false, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		p.do("abort", nil)
		p.expectLost("ConnectionAborted")
		want := protocol.ErrConnectionLost
		if ours.Transport.Peer().Network() == "unix" {
			want = protocol.ErrConnectionDone // UNIX sockets know no reset
		}
		ours.ExpectLost(t, want)
	})
}

func TestWeAbort(t *testing.T) {
	onStreams(t, false, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		r.OnLoop(func(*reactor.Loop) { ours.Transport.AbortConnection() })
		ours.ExpectLost(t, protocol.ErrConnectionAborted)
		want := "ConnectionLost"
		if ours.Transport.Peer().Network() == "unix" {
			want = "ConnectionDone"
		}
		p.expectLost(want)
	})
}

func TestTwistedClosesItsSendingSide(t *testing.T) {
	onStreams(t, true, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		p.write("question")
		p.do("lose write", nil)
		p.expect("write lost")
		ours.ExpectData(t, "question")
		ours.Expect(t, trial.ReadLost)
		r.OnLoop(func(*reactor.Loop) {
			ours.Send("answer")
			ours.Transport.LoseConnection()
		})
		ours.ExpectLost(t, protocol.ErrConnectionDone)
		p.expectData("answer")
		p.expect("read lost")
		p.do("lose", nil) // Twisted keeps a connection that is closed in both directions until it is told
		p.expectLost("ConnectionDone")
	})
}

func TestWeCloseOurSendingSide(t *testing.T) {
	onStreams(t, true, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted) {
		r.OnLoop(func(*reactor.Loop) {
			ours.Send("question")
			ours.Transport.LoseWriteConnection()
		})
		ours.Expect(t, trial.WriteLost)
		p.expectData("question")
		p.expect("read lost")
		p.write("answer")
		p.do("lose", nil)
		ours.ExpectData(t, "answer")
		ours.Expect(t, trial.ReadLost)
		ours.ExpectLost(t, protocol.ErrConnectionDone)
		p.expectLost("ConnectionDone")
	})
}
