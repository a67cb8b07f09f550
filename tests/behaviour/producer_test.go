package behaviour

import (
	"bytes"
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestPullProducer restates WriteSequenceTestsMixin.test_nonStreamingProducer: a pull producer is asked for one piece at a
// time, is never paused, and the connection closes when it unregisters.
func TestPullProducer(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		const pieces = 50
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		piece := bytes.Repeat([]byte("x"), 20_000)
		asked := 0
		server.On[trial.Made] = func(trial.Event) {
			if err := server.Transport.RegisterProducer(server, false); err != nil {
				t.Errorf("RegisterProducer: %v", err)
			}
			server.Transport.LoseConnection() // waits for the producer
		}
		server.On[trial.Resume] = func(trial.Event) {
			if n := server.Transport.Buffered(); n > 0 {
				t.Errorf("asked for more with %d bytes queued", n)
			}
			asked++
			server.Send(string(piece))
			if asked == pieces {
				server.Transport.UnregisterProducer()
			}
		}
		server.On[trial.Pause] = func(trial.Event) { t.Error("a pull producer is paused") }
		w.Join(client, server)
		client.Expect(t, trial.Made)
		client.ExpectData(t, string(bytes.Repeat(piece, pieces)))
		client.ExpectLost(t, protocol.ErrConnectionDone)
		trial.CheckReason(t, server.Until(t, trial.Lost).Err, protocol.ErrConnectionDone)
	})
}

// TestPullProducerOfBytes asks for a byte at a time, very often: it is asked again whenever the kernel has taken the one
// before, however soon that is.
func TestPullProducerOfBytes(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		left := 20_000
		server.On[trial.Made] = func(trial.Event) { produce(server, false) }
		server.On[trial.Resume] = func(trial.Event) {
			server.Send("x")
			if left--; left == 0 {
				server.Transport.UnregisterProducer()
				server.Transport.LoseConnection()
			}
		}
		w.Join(client, server)
		trial.CheckReason(t, client.Until(t, trial.Lost).Err, protocol.ErrConnectionDone)
		w.OnLoop(func(*reactor.Loop) {
			if left != 0 || client.Conn().BytesIn() != 20_000 {
				t.Errorf("%d bytes were not asked for, %d were received", left, client.Conn().BytesIn())
			}
		})
	})
}

// TestPushProducer restates WriteSequenceTestsMixin.test_streamingProducer and LargeBufferTests.testWriter: pause and resume
// alternate, and no more than the high-water mark and one write is ever queued.
func TestPushProducer(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		const piece, high = 10_000, 64 << 10
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		written, rounds := 0, 0
		var write func()
		write = func() {
			if server.Paused || server.Transport.Disconnecting() {
				return
			}
			server.Send(string(make([]byte, piece)))
			written += piece
			if n := server.Transport.Buffered(); n > high+piece {
				t.Errorf("%d bytes are queued", n)
			}
			server.Transport.Reactor().CallLater(0, write)
		}
		server.On[trial.Pause] = func(trial.Event) { client.Transport.ResumeReading() }
		server.On[trial.Resume] = func(trial.Event) {
			if rounds++; rounds == 5 {
				server.Transport.UnregisterProducer()
				server.Transport.LoseConnection()
				return
			}
			client.Transport.PauseReading()
			write()
		}
		w.Join(client, server)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		w.OnLoop(func(*reactor.Loop) {
			client.Transport.PauseReading()
			_ = server.Transport.RegisterProducer(server, true) // there is no other
			write()
		})
		for range 5 {
			server.Expect(t, trial.Pause, trial.Resume)
		}
		w.OnLoop(func(*reactor.Loop) { client.Transport.ResumeReading() })
		server.ExpectLost(t, protocol.ErrConnectionDone)
		trial.CheckReason(t, client.Until(t, trial.Lost).Err, protocol.ErrConnectionDone)
		w.OnLoop(func(*reactor.Loop) {
			if got := client.Conn().BytesIn(); got != uint64(written) {
				t.Errorf("received %d of %d bytes", got, written)
			}
		})
	})
}

// TestProducers registers producers in ways that are not as usual.
func TestProducers(t *testing.T) {
	t.Run("a second one is refused", func(t *testing.T) {
		onMade(t, func(p *trial.Probe) {
			if err := p.Transport.RegisterProducer(p, true); err != nil {
				t.Errorf("RegisterProducer: %v", err)
			}
			if err := p.Transport.RegisterProducer(p, false); !errors.Is(err, protocol.ErrProducerRegistered) {
				t.Errorf("the second RegisterProducer: %v", err)
			}
			p.Transport.UnregisterProducer()
			p.Transport.UnregisterProducer() // there is none
			p.Transport.LoseConnection()
		}, protocol.ErrConnectionDone)
	})
	t.Run("one that is aborted is stopped", func(t *testing.T) {
		onMade(t, func(p *trial.Probe) {
			_ = p.Transport.RegisterProducer(p, true)
			p.Transport.AbortConnection()
		}, protocol.ErrConnectionAborted, trial.Stop)
	})
	t.Run("one that unregisters after the abort is not", func(t *testing.T) {
		// test_unregisterProducerAfterDisconnect
		onMade(t, func(p *trial.Probe) {
			_ = p.Transport.RegisterProducer(p, true)
			p.Transport.AbortConnection()
			p.Transport.UnregisterProducer()
		}, protocol.ErrConnectionAborted, trial.Stop)
	})
	t.Run("one that unregisters at once is never asked", func(t *testing.T) {
		onMade(t, func(p *trial.Probe) {
			_ = p.Transport.RegisterProducer(p, false)
			p.Transport.UnregisterProducer()
			p.Transport.LoseConnection()
		}, protocol.ErrConnectionDone)
	})
	t.Run("the close waits", func(t *testing.T) {
		onMade(t, func(p *trial.Probe) {
			_ = p.Transport.RegisterProducer(p, true)
			p.Transport.LoseConnection()
			p.Transport.Reactor().CallLater(0, func() {
				p.Send("from the producer")
				p.Transport.UnregisterProducer()
			})
		}, protocol.ErrConnectionDone)
	})
}

// onMade runs act in the ConnectionMade of a server. The events until its loss for reason are those that are named.
func onMade(t *testing.T, act func(p *trial.Probe), reason protocol.Reason, events ...string) {
	t.Helper()
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		server.On[trial.Made] = func(trial.Event) { act(server) }
		w.Join(client, server)
		server.Expect(t, append([]string{trial.Made}, events...)...)
		server.ExpectLost(t, reason)
	})
}

// TestDisconnectWhileProducing restates test_disconnectWhileProducing: the peer leaves while a producer is at work.
func TestDisconnectWhileProducing(t *testing.T) {
	for name, streaming := range map[string]bool{"push": true, "pull": false} {
		t.Run(name, func(t *testing.T) {
			trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
				client, server := trial.NewProbe(t), trial.NewProbe(t)
				server.On[trial.Made] = func(trial.Event) {
					server.Transport.PauseReading() // so that it is by writing that it hears of the end
					produce(server, streaming)
				}
				server.On[trial.Resume] = func(trial.Event) {
					if streaming {
						flood(server)
					} else {
						_, _ = server.Transport.Write(make([]byte, 50_000)) // may be how it hears of the end
					}
				}
				client.On[trial.Data] = func(trial.Event) { client.Transport.AbortConnection() }
				w.Join(client, server)
				server.Until(t, trial.Stop)
				e := server.Expect(t, trial.Lost)
				if !errors.Is(e.Err, protocol.ErrConnectionLost) {
					t.Errorf("the reason is %v", e.Err)
				}
			})
		})
	}
}

// TestHardCap has a protocol write without end to a peer that does not read: its connection is aborted, and memory stays
// bounded.
func TestHardCap(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		client.On[trial.Made] = func(trial.Event) { client.Transport.PauseReading() }
		server.On[trial.Made] = func(trial.Event) {
			for piece := make([]byte, 10_000); ; {
				n, err := server.Transport.Write(piece)
				if err != nil {
					if n != 0 || !errors.Is(err, protocol.ErrLimit) {
						t.Errorf("Write: %d, %v", n, err)
					}
					return
				}
				if n := server.Transport.Buffered(); n > 1<<20 {
					t.Errorf("%d bytes are queued", n)
				}
			}
		}
		w.Join(client, server)
		server.Expect(t, trial.Made)
		server.ExpectLost(t, protocol.ErrLimit)
	})
}

// TestRelay registers each end of a relay as the other's producer: the pace of the slowest end is that of all.
func TestRelay(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		const size = 8 << 20
		sink, left := trial.NewProbe(t), trial.NewProbe(t)
		right, source := trial.NewProbe(t), trial.NewProbe(t)
		right.On[trial.Data] = func(e trial.Event) { left.Send(string(e.Data)) }
		right.On[trial.Lost] = func(trial.Event) { left.Transport.UnregisterProducer() }
		sink.On[trial.Data] = func(trial.Event) {
			sink.Transport.PauseReading()
			sink.Transport.Reactor().CallLater(0, sink.Transport.ResumeReading)
			if n := left.Transport.Buffered(); n > 200<<10 { // the high-water mark, the two reads of a turn, and what TLS adds
				t.Errorf("%d bytes are queued in the middle", n)
			}
		}
		w.Join(sink, left)
		w.Join(right, source)
		for _, p := range []*trial.Probe{sink, left, right, source} {
			p.Expect(t, trial.Made)
		}
		w.OnLoop(func(*reactor.Loop) {
			if err := left.Transport.RegisterProducer(reader{right}, true); err != nil {
				t.Error(err)
			}
			left.Transport.LoseConnection() // when its producer has unregistered
			_, err := basic.SendFile(source.Transport, bytes.NewReader(make([]byte, size)), nil, func(_ []byte, err error) {
				if err != nil {
					t.Error(err)
				}
				source.Transport.LoseConnection()
			})
			if err != nil {
				t.Error(err)
			}
		})
		trial.CheckReason(t, sink.Until(t, trial.Lost).Err, protocol.ErrConnectionDone)
		w.OnLoop(func(*reactor.Loop) {
			if got := sink.Conn().BytesIn(); got != size {
				t.Errorf("received %d of %d bytes", got, size)
			}
		})
	})
}

// reader makes reading a connection a push producer.
type reader struct{ p *trial.Probe }

func (r reader) PauseProducing()  { r.p.Transport.PauseReading() }
func (r reader) ResumeProducing() { r.p.Transport.ResumeReading() }
func (r reader) StopProducing()   { r.p.Transport.LoseConnection() }
