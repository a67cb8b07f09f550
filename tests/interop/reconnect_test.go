package interop

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// restart ends a server and starts another one at the same address.
func (p *twisted) restart(t *testing.T, address string) *twisted {
	t.Helper()
	p.do("stop listening", nil)
	p.expect("stopped")
	p.do("lose", nil)
	p.expectLost("ConnectionDone")
	host, port, _ := strings.Cut(address, ":")
	next := startTwisted(t, "stream.py", "listen", "tcp:"+port+":interface="+host)
	next.expect("listening")
	return next
}

// greetings builds probes that greet, and gives them to made.
func greetings(t *testing.T, made chan *trial.Probe) protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		p := trial.NewProbe(t)
		p.On[trial.Made] = func(trial.Event) {
			p.Send("hello")
			made <- p
		}
		return p
	})
}

// TestClientService keeps a connection to a server of Twisted's that is restarted twice.
func TestClientService(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		p := startTwisted(t, "stream.py", "listen", trial.Localhost)
		at := p.expect("listening").Address
		made := make(chan *trial.Probe, 10)
		var s *client.Service
		r.OnLoop(func(l *reactor.Loop) {
			soon := client.BackoffPolicy(time.Millisecond, 20*time.Millisecond, 2, nil)
			s = client.NewService(l, clientOf(t, at), greetings(t, made), client.Options{RetryPolicy: soon})
			if err := s.Start(); err != nil {
				t.Error(err)
			}
		})
		for life := range 3 {
			if life > 0 {
				p = p.restart(t, at)
			}
			ours := trial.Wait(t, made, "a connection")
			p.expect("made")
			p.expectData("hello")
			connected := make(chan protocol.Protocol, 1)
			r.OnLoop(func(*reactor.Loop) {
				s.WhenConnected(0).Handle(func(p protocol.Protocol, err error) {
					if err != nil {
						t.Error(err)
					}
					connected <- p
				})
			})
			if got := trial.Wait(t, connected, "WhenConnected"); got != protocol.Protocol(ours) {
				t.Errorf("WhenConnected gives %v, want the protocol of the connection", got)
			}
		}
		stopped := make(chan error, 1)
		r.OnLoop(func(*reactor.Loop) {
			s.Stop().Handle(func(_ deferred.Unit, err error) { stopped <- err })
		})
		if err := trial.Wait(t, stopped, "the end of the service"); err != nil {
			t.Error(err)
		}
		p.expectLost("ConnectionDone")
	})
}

// TestReconnectingFactory is the same with the older interface, and its StopTrying.
func TestReconnectingFactory(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		p := startTwisted(t, "stream.py", "listen", trial.Localhost)
		at := p.expect("listening").Address
		made := make(chan *trial.Probe, 10)
		events := trial.NewClient(greetings(t, made))
		var f *client.ReconnectingFactory
		r.OnLoop(func(l *reactor.Loop) {
			f = client.NewReconnectingFactory(l, events)
			f.InitialDelay, f.MaxDelay, f.Factor = time.Millisecond, 20*time.Millisecond, math.Sqrt2
			if _, err := l.Connect(clientOf(t, at), f); err != nil {
				t.Error(err)
			}
		})
		for life := range 3 {
			if life > 0 {
				p = p.restart(t, at)
			}
			ours := trial.Wait(t, made, "a connection")
			p.expect("made")
			p.expectData("hello")
			r.OnLoop(func(*reactor.Loop) { f.ResetDelay() })
			if life == 2 {
				r.OnLoop(func(*reactor.Loop) { f.StopTrying() })
				p.do("lose", nil)
				p.expectLost("ConnectionDone")
				ours.Until(t, trial.Lost)
			}
		}
		// The factory is stopped when nothing is tried any more.
		events.Until(t, trial.FactoryStop)
	})
}
