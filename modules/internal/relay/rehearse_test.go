package relay

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

type starting struct{ protocol.Factory }

func (starting) StartFactory() error { return nil }
func (starting) StopFactory()        {}

type dialling struct{ starting }

func (dialling) StartedConnecting(protocol.Connector)             {}
func (dialling) ClientConnectionFailed(protocol.Connector, error) {}
func (dialling) ClientConnectionLost(protocol.Connector, error)   {}

// TestRehearse: each power that a reactor asks for is asked for.
func TestRehearse(t *testing.T) {
	build := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return nil })
	for want, f := range map[int]protocol.Factory{0: build, 2: starting{build}, 3: dialling{starting{build}}} {
		if got := Rehearse(f); got != want {
			t.Errorf("%T has %d powers, want %d", f, got, want)
		}
	}
}
