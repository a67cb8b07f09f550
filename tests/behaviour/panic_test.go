package behaviour

import (
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestPanic restates test_dataReceivedThrows, test_resumeProducingThrows and HalfCloseBuggyApplicationTests: a panic in
// any event ends that connection, for that reason, and no other.
func TestPanic(t *testing.T) {
	cause := errors.New("the protocol's own mistake")
	onOccasions(t, func(*scene) { panic(cause) },
		func(t *testing.T, s *scene) {
			reason := s.checkAborted(t, protocol.ErrConnectionLost)
			var p *reactor.PanicError
			if !errors.As(reason, &p) || !errors.Is(reason, cause) {
				t.Errorf("the reason is %v, want the panic's value in its chain", reason)
			}
			checkAlive(t, s.Wire)
		})
}

// checkAlive has another connection made and used.
func checkAlive(t *testing.T, w trial.Wire) {
	t.Helper()
	client, server := trial.NewProbe(t), trial.NewProbe(t)
	server.On[trial.Made] = func(trial.Event) { server.Send("still here") }
	w.Join(client, server)
	client.Expect(t, trial.Made)
	client.ExpectData(t, "still here")
}

// TestPanicAtTheEnd panics in the last events of a connection: it has ended already, and those after them still come.
func TestPanicAtTheEnd(t *testing.T) {
	for _, event := range []string{trial.Stop, trial.Lost} {
		t.Run(event, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				client, server := trial.NewProbe(t), trial.NewProbe(t)
				factory := trial.NewClient(client)
				client.On[event] = func(trial.Event) { panic("a mistake at the end") }
				client.On[trial.Made] = func(trial.Event) {
					_ = client.Transport.RegisterProducer(client, true)
					client.Transport.AbortConnection()
				}
				w.Join(factory, server)
				client.Expect(t, trial.Made, trial.Stop)
				client.ExpectLost(t, protocol.ErrConnectionAborted)
				factory.Until(t, trial.ClientLost)
				factory.Expect(t, trial.FactoryStop)
				checkAlive(t, w)
				if !w.Logged("a mistake at the end") {
					t.Error("the log does not tell of the panic")
				}
			})
		})
	}
}
