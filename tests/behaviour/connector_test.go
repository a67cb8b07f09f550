package behaviour

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestReconnectFromLost restates TCPConnectorTestsBuilder.test_reconnect: connecting anew in ClientConnectionLost. The
// factory is started once.
func TestReconnectFromLost(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		const times = 3
		factory := trial.NewClient(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return trial.NewProbe(t) }))
		server := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			p := trial.NewProbe(t)
			p.On[trial.Made] = func(trial.Event) { p.Transport.LoseConnection() }
			return p
		})
		lost := 0
		factory.On[trial.ClientLost] = func(c protocol.Connector) {
			if lost++; lost < times {
				c.Connect()
				c.Connect() // one is under way
			}
		}
		w.Join(factory, server)
		factory.Expect(t, trial.FactoryStart)
		for range times {
			factory.Expect(t, trial.Started, trial.Build, trial.ClientLost)
		}
		factory.Expect(t, trial.FactoryStop)
	})
}

// TestReconnectFromFailed connects anew in ClientConnectionFailed, until somebody listens.
func TestReconnectFromFailed(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		to := nobody(t)
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		factory := trial.NewClient(client)
		failures := 0
		factory.On[trial.Failed] = func(c protocol.Connector) {
			if failures++; failures == 3 {
				if _, err := r.Loops()[0].Listen("tcp:"+to[len("tcp:127.0.0.1:"):]+":interface=127.0.0.1", server); err != nil {
					t.Errorf("Listen: %v", err)
				}
			}
			c.Connect()
		}
		r.MustConnect(to, factory)
		factory.Expect(t, trial.FactoryStart)
		for range 3 {
			factory.Expect(t, trial.Started)
			factory.ExpectFailed(t, protocol.ErrConnectionRefused)
		}
		factory.Expect(t, trial.Started, trial.Build)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
	})
}

// TestStopConnecting restates test_userFail: the attempt is stopped in StartedConnecting, by either method.
func TestStopConnecting(t *testing.T) {
	for name, stop := range map[string]func(protocol.Connector){
		"StopConnecting": protocol.Connector.StopConnecting,
		"Disconnect":     protocol.Connector.Disconnect,
		"both, twice": func(c protocol.Connector) {
			c.StopConnecting()
			c.Disconnect()
			c.StopConnecting()
		},
	} {
		t.Run(name, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				factory := trial.NewClient(trial.NewProbe(t))
				factory.On[trial.Started] = stop
				w.Join(factory, trial.NewProbe(t))
				factory.Expect(t, trial.FactoryStart, trial.Started)
				factory.ExpectFailed(t, protocol.ErrConnectingCancelled)
				factory.Expect(t, trial.FactoryStop)
			})
		})
	}
}

// TestDisconnect closes a connection by its connector; once that is over the connector does nothing.
func TestDisconnect(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		factory := trial.NewClient(client)
		c, port := w.Join(factory, server)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		w.OnLoop(func(*reactor.Loop) {
			if w.Name != trial.TLS.Name && c.Destination().String() != port.Host().String() {
				t.Errorf("the destination is %v, want %v", c.Destination(), port.Host())
			}
			c.StopConnecting() // no attempt is under way
			c.Connect()        // connected already
			client.Send("last words")
			c.Disconnect()
		})
		server.ExpectData(t, "last words")
		server.ExpectLost(t, protocol.ErrConnectionDone)
		client.ExpectLost(t, protocol.ErrConnectionDone)
		factory.Expect(t, trial.FactoryStart, trial.Started, trial.Build, trial.ClientLost, trial.FactoryStop)
		w.OnLoop(func(*reactor.Loop) {
			c.Disconnect()
			c.StopConnecting()
		})
		w.OnLoop(func(*reactor.Loop) {
			if events := factory.Rest(); len(events) > 0 {
				t.Errorf("events %v after the end", events)
			}
		})
	})
}

// TestFailureStopsReactor restates test_clientConnectionFailedStopsReactor.
func TestFailureStopsReactor(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		factory := trial.NewClient(nil)
		factory.On[trial.Failed] = func(protocol.Connector) {
			if err := r.Loops()[0].Stop(3); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
		r.MustConnect(nobody(t), factory)
		r.Ended()
		if r.Status() != 3 {
			t.Errorf("the status is %d", r.Status())
		}
		factory.Expect(t, trial.FactoryStart, trial.Started)
		factory.ExpectFailed(t, protocol.ErrConnectionRefused)
		factory.Expect(t, trial.FactoryStop)
	})
}

// TestConnectorPanics has each of a client factory's methods panic: the loop and the connector go on.
func TestConnectorPanics(t *testing.T) {
	for _, method := range []string{trial.Started, trial.Failed, trial.ClientLost} {
		t.Run(method, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				client, server := trial.NewProbe(t), trial.NewProbe(t)
				factory := trial.NewClient(client)
				server.On[trial.Made] = func(trial.Event) { server.Transport.LoseConnection() }
				_, to := w.Serve(server)
				if method == trial.Failed {
					to = nobody(t)
				}
				factory.On[method] = func(protocol.Connector) { panic("the factory's own mistake") }
				w.MustConnect(to, factory)
				factory.Until(t, method)
				factory.Until(t, trial.FactoryStop)
				w.OnLoop(func(*reactor.Loop) {})
			})
		})
	}
}
