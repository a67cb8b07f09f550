package behaviour

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// counted is a factory that counts how often it was started and stopped.
type counted struct {
	protocol.Factory
	started, stopped atomic.Int32
	err              error // of StartFactory
}

func (f *counted) StartFactory() error {
	f.started.Add(1)
	return f.err
}

func (f *counted) StopFactory() { f.stopped.Add(1) }

// check compares the counts, on the loop and after what was posted there.
func (f *counted) check(t *testing.T, r *trial.Reactor, started, stopped int32) {
	t.Helper()
	r.OnLoop(func(*reactor.Loop) {})
	if got := [2]int32{f.started.Load(), f.stopped.Load()}; got != [2]int32{started, stopped} {
		t.Errorf("started and stopped %v times, want %d and %d", got, started, stopped)
	}
}

// TestFactoryStartStop restates FactoryTests.test_serverStartStop: a factory is started with its first port and stopped
// with its last, and again when it is used again.
func TestFactoryStartStop(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		f := &counted{Factory: trial.NewProbe(t)}
		first := r.MustListen(trial.Localhost, f)
		f.check(t, r, 1, 0)
		second := r.MustListen(trial.Localhost, f)
		f.check(t, r, 1, 0)
		first.StopListening()
		first.StopListening()
		f.check(t, r, 1, 0)
		second.StopListening()
		f.check(t, r, 1, 1)
		third := r.MustListen(trial.Localhost, f)
		f.check(t, r, 2, 1)
		third.StopListening()
		f.check(t, r, 2, 2)
	})
}

// TestFactoryStopsWithTheReactor leaves the port open.
func TestFactoryStopsWithTheReactor(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend, Loops: 2})
		f := &counted{Factory: trial.NewProbe(t)}
		r.MustListen(trial.Localhost, f)
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		r.Ended()
		if f.started.Load() != 1 || f.stopped.Load() != 1 {
			t.Errorf("started %d times, stopped %d times", f.started.Load(), f.stopped.Load())
		}
	})
}

// TestFactoryRefusesToStart has StartFactory fail: the port does not open, or the attempt fails.
func TestFactoryRefusesToStart(t *testing.T) {
	cause := errors.New("not today")
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		f := &counted{Factory: trial.NewProbe(t), err: cause}
		if _, err := r.Listen(trial.Localhost, f); !errors.Is(err, protocol.ErrCannotListen) || !errors.Is(err, cause) {
			t.Errorf("Listen: %v", err)
		}
		f.check(t, r, 1, 0)
		f.err = nil
		r.MustListen(trial.Localhost, f).StopListening()
		f.check(t, r, 2, 1)
	})
}

// TestServerBuildsNothing has a server's factory refuse a connection: the client, which gets no byte, sees it closed.
func TestServerBuildsNothing(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client := trial.NewProbe(t)
		refusals := 0
		refuse := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			refusals++
			return nil
		})
		factory := trial.NewClient(client)
		w.Join(factory, refuse)
		e := factory.Next(t)
		for e.Name != trial.ClientLost && e.Name != trial.Failed {
			e = factory.Next(t)
		}
		for _, e := range client.Rest() {
			if e.Name == trial.Data {
				t.Errorf("event %v", e)
			}
		}
		w.OnLoop(func(*reactor.Loop) {
			if refusals != 1 {
				t.Errorf("BuildProtocol was called %d times", refusals)
			}
		})
	})
}

// TestClientBuildsNothing restates TCPClientTestsBase.test_buildProtocolReturnsNone: the connection is closed, and the
// factory hears that the attempt has failed.
func TestClientBuildsNothing(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		factory, server := trial.NewClient(nil), trial.NewProbe(t)
		w.Join(factory, server)
		factory.Expect(t, trial.FactoryStart, trial.Started, trial.Build)
		factory.ExpectFailed(t, protocol.ErrDenied)
		factory.Expect(t, trial.FactoryStop)
		if w.Name != trial.TLS.Name { // there the server's handshake may fail for it
			server.Expect(t, trial.Made, trial.Lost)
		}
	})
}

// TestBuildPanics has BuildProtocol panic on each side: that connection ends, and the port lives on.
func TestBuildPanics(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		server := trial.NewProbe(t)
		panicked := false
		f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			if !panicked {
				panicked = true
				panic("the factory's own mistake")
			}
			return server
		})
		_, to := w.Serve(f)
		unlucky := trial.NewClient(trial.NewProbe(t))
		w.MustConnect(to, unlucky)
		for e := unlucky.Next(t); e.Name != trial.ClientLost && e.Name != trial.Failed; {
			e = unlucky.Next(t)
		}
		client := trial.NewProbe(t)
		w.MustConnect(to, client)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)

		broken := trial.NewClient(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { panic("another one") }))
		second := trial.NewProbe(t)
		w.Join(broken, second)
		broken.Expect(t, trial.FactoryStart, trial.Started, trial.Build)
		broken.ExpectFailed(t, protocol.ErrConnectionLost)
	})
}
