package behaviour

import (
	"runtime"
	"testing"
	"weak"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// heavy is a protocol that closes its connection at once.
type heavy struct {
	protocol.Base
	ballast [1 << 16]byte
	lost    chan struct{}
}

func (p *heavy) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	p.ballast[0] = 1
	t.LoseConnection()
}

func (p *heavy) ConnectionLost(error) { close(p.lost) }

// TestLostProtocolIsForgotten restates test_protocolGarbageAfterLostConnection: nothing keeps a protocol after ConnectionLost.
func TestLostProtocolIsForgotten(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		lost := make(chan struct{})
		var p weak.Pointer[heavy]
		_, to := w.Serve(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			h := &heavy{lost: lost}
			p = weak.Make(h)
			return h
		}))
		client := trial.NewProbe(t)
		w.MustConnect(to, client)
		trial.Wait(t, lost, "ConnectionLost")
		client.Until(t, trial.Lost)
		w.Eventually("the protocol is forgotten", func() bool {
			runtime.GC()
			return p.Value() == nil
		})
	})
}
