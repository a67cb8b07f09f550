package behaviour

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestLoseOrder restates CallBackOrderTests.test_loseOrder: the protocol hears of the loss before its factory does.
func TestLoseOrder(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		factory := trial.NewClient(client)
		client.On[trial.Lost] = func(e trial.Event) { factory.Add(e) }
		server.On[trial.Made] = func(trial.Event) { server.Transport.LoseConnection() }
		w.Join(factory, server)
		factory.Expect(t, trial.FactoryStart, trial.Started, trial.Build)
		trial.CheckReason(t, factory.Expect(t, trial.Lost).Err, protocol.ErrConnectionDone)
		trial.CheckReason(t, factory.Expect(t, trial.ClientLost).Err, protocol.ErrConnectionDone)
		factory.Expect(t, trial.FactoryStop)
	})
}

// TestDeadTransport restates test_writeAfterDisconnect, test_resumeProducingWhileDisconnected and
// test_unregisterProducerAfterDisconnect: a transport whose connection is lost can still be called, inside ConnectionLost
// and later, and has no effect.
func TestDeadTransport(t *testing.T) {
	use := func(t *testing.T, tr protocol.Transport) {
		if n, err := tr.Write([]byte("late")); n != 0 || !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("Write: %d, %v", n, err)
		}
		tr.PauseReading()
		tr.ResumeReading()
		tr.LoseWriteConnection()
		tr.LoseConnection()
		tr.AbortConnection()
		tr.SetNoDelay(true)
		tr.SetKeepAlive(true)
		tr.UnregisterProducer()
		stopped := &stopCounter{}
		if err := tr.RegisterProducer(stopped, true); err != nil || stopped.n != 1 {
			t.Errorf("RegisterProducer: %v, StopProducing was called %d times", err, stopped.n)
		}
		tr.UnregisterProducer()
		if err := tr.StartTLS(protocol.TLSOptions{}); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("StartTLS: %v", err)
		}
		if !tr.Disconnecting() || tr.Buffered() != 0 {
			t.Errorf("Disconnecting is %v, Buffered %d", tr.Disconnecting(), tr.Buffered())
		}
		if tr.Peer() == nil || tr.Host() == nil || tr.Reactor() == nil {
			t.Error("it has no addresses or reactor")
		}
	}
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		for _, p := range []*trial.Probe{client, server} {
			p.On[trial.Lost] = func(trial.Event) { use(t, p.Transport) }
		}
		server.On[trial.Made] = func(trial.Event) {
			server.Transport.Host() // asked for first when it is gone, the address may be unknown
			server.Transport.LoseConnection()
		}
		w.Join(client, server)
		client.Expect(t, trial.Made, trial.Lost)
		server.Expect(t, trial.Made, trial.Lost)
		w.OnLoop(func(*reactor.Loop) {
			use(t, client.Transport)
			use(t, server.Transport)
		})
		w.OnLoop(func(*reactor.Loop) {}) // another turn, in which nothing may come of it
	})
}

type stopCounter struct{ n int }

func (*stopCounter) PauseProducing()  {}
func (*stopCounter) ResumeProducing() {}
func (s *stopCounter) StopProducing() { s.n++ }

// TestWriteAfterLose writes after LoseConnection and LoseWriteConnection. Twisted sends that over TCP and drops it over
// TLS; here it is refused on every transport.
func TestWriteAfterLose(t *testing.T) {
	for name, lose := range map[string]func(protocol.Transport){
		"lose":       protocol.Transport.LoseConnection,
		"half-close": protocol.Transport.LoseWriteConnection,
	} {
		t.Run(name, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				client, server := trial.NewProbe(t), trial.NewProbe(t)
				server.On[trial.Made] = func(trial.Event) {
					server.Send("in time")
					lose(server.Transport)
					if n, err := server.Transport.Write([]byte("late")); n != 0 || !errors.Is(err, protocol.ErrClosed) {
						t.Errorf("Write: %d, %v", n, err)
					}
				}
				w.Join(client, server)
				client.Expect(t, trial.Made)
				client.ExpectData(t, "in time")
				client.ExpectLost(t, protocol.ErrConnectionDone)
			})
		})
	}
}

// TestWritesOfOneEvent writes in pieces of every kind: they arrive whole and in order, before the end.
func TestWritesOfOneEvent(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		var all strings.Builder
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		server.On[trial.Made] = func(trial.Event) {
			for i, size := range []int{1, 0, 100, 16 << 10, 3, 200 << 10, 1, 64 << 10, 15 << 10} {
				piece := strings.Repeat(fmt.Sprint(i), size)
				all.WriteString(piece)
				buf := []byte(piece)
				if _, err := server.Transport.Write(buf); err != nil {
					t.Errorf("Write: %v", err)
				}
				clear(buf) // it may be used again at once
			}
			server.Transport.LoseConnection()
		}
		w.Join(client, server)
		client.Expect(t, trial.Made)
		var got bytes.Buffer
		e := client.Next(t)
		for ; e.Name == trial.Data; e = client.Next(t) {
			got.Write(e.Data)
		}
		if e.Name != trial.Lost || got.String() != all.String() {
			t.Errorf("received %d bytes of %d, then %v", got.Len(), all.Len(), e)
		}
		trial.CheckReason(t, e.Err, protocol.ErrConnectionDone)
	})
}

// TestDataWithEnd has data, and the end of the stream, wait together: all of the data comes before the end.
func TestDataWithEnd(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		client.On[trial.Made] = func(trial.Event) { client.Transport.PauseReading() }
		w.Join(client, server)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		text := strings.Repeat("all of it ", 5000)
		w.OnLoop(func(*reactor.Loop) {
			server.Send(text)
			server.Transport.LoseConnection()
		})
		server.ExpectLost(t, protocol.ErrConnectionDone)
		w.OnLoop(func(*reactor.Loop) { client.Transport.ResumeReading() })
		client.ExpectData(t, text)
		client.ExpectLost(t, protocol.ErrConnectionDone)
	})
}

// TestLoseInMade closes in both ConnectionMades at once.
func TestLoseInMade(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		for _, p := range []*trial.Probe{client, server} {
			p.On[trial.Made] = func(trial.Event) { p.Transport.LoseConnection() }
		}
		w.Join(client, server)
		for _, p := range []*trial.Probe{client, server} {
			p.Expect(t, trial.Made)
			p.ExpectLost(t, protocol.ErrConnectionDone)
		}
	})
}
