//go:build unix

package behaviour

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestSignals sends the signals that end a reactor: the first lets connections finish, the second does not.
func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			trial.OnBackends(t, func(t *testing.T, backend string) {
				for _, second := range []bool{false, true} {
					r := trial.Prepare(t, reactor.Config{Backend: backend, Loops: 2})
					r.HandleSignals(time.Hour)
					r.Begin()
					client, server := trial.NewProbe(t), trial.NewProbe(t)
					factory := &counted{Factory: server}
					port := r.MustListen(trial.Localhost, factory)
					r.MustConnect(trial.To(port.Host()), client)
					client.Expect(t, trial.Made)
					server.Expect(t, trial.Made)
					kill(t, sig)
					r.Eventually("the port is closed", func() bool { return factory.stopped.Load() == 1 })
					if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
						t.Errorf("Stop after the signal: %v", err)
					}
					r.OnLoop(func(*reactor.Loop) { client.Send("still here") })
					server.ExpectData(t, "still here")
					if second {
						kill(t, sig)
						got := protocol.ReasonOf(server.Expect(t, trial.Lost).Err)
						if got != protocol.ErrShutdown && got != protocol.ErrConnectionLost { // the peer's abort may be earlier
							t.Errorf("the reason is %v", got)
						}
					} else {
						r.OnLoop(func(*reactor.Loop) { client.Transport.LoseConnection() })
						server.ExpectLost(t, protocol.ErrConnectionDone)
					}
					r.Ended()
				}
			})
		})
	}
}

func kill(t *testing.T, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), sig); err != nil {
		t.Fatal(err)
	}
}
