package behaviour

import (
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestLifeCycle restates ReactorNotRunning, ReactorNotRestartable and what surrounds them.
func TestLifeCycle(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Prepare(t, reactor.Config{Backend: backend, Loops: 2})
		if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("Stop before Run: %v", err)
		}
		if err := r.Drain(0); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("Drain before Run: %v", err)
		}
		r.Begin()
		if err := r.Run(); !errors.Is(err, protocol.ErrNotRestartable) {
			t.Errorf("Run while it runs: %v", err)
		}
		if err := r.Stop(); err != nil {
			t.Errorf("Stop: %v", err)
		}
		if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("Stop twice: %v", err)
		}
		r.Ended()
		if err := r.Stop(); !errors.Is(err, protocol.ErrNotRunning) {
			t.Errorf("Stop after the end: %v", err)
		}
		if err := r.Run(); !errors.Is(err, protocol.ErrNotRestartable) {
			t.Errorf("Run after the end: %v", err)
		}
		r.CallFromThread(func() { t.Error("a function is called after the end") })
		if _, err := r.Listen(trial.Localhost, trial.NewProbe(t)); !errors.Is(err, protocol.ErrShutdown) {
			t.Errorf("Listen after the end: %v", err)
		}
	})
}

// TestBeforeRun asks for things before the reactor runs: they happen when it does, in their order.
func TestBeforeRun(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Prepare(t, reactor.Config{Backend: backend})
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		port := r.MustListen(trial.Localhost, server)
		if _, err := r.Loops()[0].Connect(trial.To(port.Host()), client); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, name := range []string{"first", "second", "third"} {
			r.CallWhenRunning(func() { order = append(order, name) })
		}
		fired := make(chan struct{})
		r.Loops()[0].CallLater(0, func() { close(fired) })
		r.Begin()
		trial.Wait(t, fired, "a timer set before Run")
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		r.OnLoop(func(*reactor.Loop) {
			if !slices.Equal(order, []string{"first", "second", "third"}) {
				t.Errorf("called in the order %v", order)
			}
		})
	})
}

// TestStopInside stops the reactor in each kind of callback.
func TestStopInside(t *testing.T) {
	for name, begin := range map[string]func(r *trial.Reactor, stop func()){
		"a posted function": func(r *trial.Reactor, stop func()) { r.CallFromThread(stop) },
		"a timer":           func(r *trial.Reactor, stop func()) { r.OnLoop(func(l *reactor.Loop) { l.CallLater(0, stop) }) },
		"a factory": func(r *trial.Reactor, stop func()) {
			refuse := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
				stop()
				return nil
			})
			r.MustConnect(trial.To(r.MustListen(trial.Localhost, refuse).Host()), trial.NewClient(nil))
		},
	} {
		t.Run(name, func(t *testing.T) {
			trial.OnBackends(t, func(t *testing.T, backend string) {
				r := trial.Start(t, reactor.Config{Backend: backend, Loops: 2})
				begin(r, func() {
					if err := r.Stop(); err != nil {
						t.Errorf("Stop: %v", err)
					}
				})
				r.Ended()
			})
		})
	}
}

// TestStopLosesConnections has connections when the reactor stops: both ends hear of it, once. What was written has
// arrived: an end of a UNIX socket that closes unread data resets the other.
func TestStopLosesConnections(t *testing.T) {
	trial.OnStreams(t, func(t *testing.T, w trial.Wire) {
		client, server := trial.NewProbe(t), trial.NewProbe(t)
		w.Join(client, server)
		client.Expect(t, trial.Made)
		server.Expect(t, trial.Made)
		w.OnLoop(func(*reactor.Loop) {
			server.Send("last words")
		})
		client.ExpectData(t, "last words")
		w.OnLoop(func(*reactor.Loop) {
			if err := w.Stop(); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
		w.Ended()
		server.ExpectLost(t, protocol.ErrShutdown)
		reason := client.Until(t, trial.Lost).Err
		if got := protocol.ReasonOf(reason); got != protocol.ErrShutdown && got != protocol.ErrConnectionDone {
			t.Errorf("the client's reason is %v", reason)
		}
	})
}

// TestDrainFlushes has Twisted's gap filled: what was written before the reactor stops arrives at a peer elsewhere, also
// when the kernel does not take all of it at once.
func TestDrainFlushes(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend, HardCap: 32 << 20})
		const size = 16 << 20
		server := trial.NewProbe(t)
		server.On[trial.Made] = func(trial.Event) {
			server.Send(string(make([]byte, size)))
			if err := r.Stop(); err != nil {
				t.Errorf("Stop: %v", err)
			}
		}
		c, err := net.Dial("tcp", r.MustListen(trial.Localhost, server).Host().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(trial.Patience)); err != nil {
			t.Fatal(err)
		}
		got := 0
		for buf := make([]byte, 1<<20); ; {
			n, err := c.Read(buf)
			if got += n; err != nil {
				break
			}
		}
		if got != size {
			t.Errorf("received %d of %d bytes", got, size)
		}
		r.Ended()
		server.Expect(t, trial.Made)
		server.ExpectLost(t, protocol.ErrShutdown)
	})
}

// TestCallFromThread restates the tests of callFromThread: many goroutines post, and each one's functions are called in
// its order, on the loop, one at a time.
func TestCallFromThread(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		const threads, calls = 8, 1000
		var next [threads]int // of the loop
		var posting sync.WaitGroup
		for i := range threads {
			posting.Go(func() {
				for n := range calls {
					r.CallFromThread(func() {
						if next[i] != n {
							t.Errorf("goroutine %d: call %d comes when %d is due", i, n, next[i])
						}
						next[i]++
					})
				}
			})
		}
		posting.Wait()
		r.OnLoop(func(*reactor.Loop) {
			for i, n := range next {
				if n != calls {
					t.Errorf("goroutine %d: %d of %d calls", i, n, calls)
				}
			}
		})
	})
}

// TestCallFromThreadInTurn posts from inside a posted function: that is called in a later turn, as in Twisted, so that
// timers and connections get their time.
func TestCallFromThreadInTurn(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		timer := make(chan struct{})
		over := false
		r.OnLoop(func(l *reactor.Loop) {
			var again func()
			again = func() {
				if !over {
					l.CallFromThread(again)
				}
			}
			again()
			l.CallLater(time.Millisecond, func() {
				over = true
				close(timer)
			})
		})
		trial.Wait(t, timer, "a timer beside functions that post themselves")
	})
}

// TestCallPanics has posted functions panic: the loop goes on, and says so in its log.
func TestCallPanics(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		called := make(chan string, 3)
		r.CallFromThread(func() { called <- "first"; panic("a mistake in a function") })
		r.CallFromThread(func() { called <- "second" })
		r.OnLoop(func(l *reactor.Loop) {
			l.CallLater(0, func() { panic("a mistake in a timer") })
			l.CallLater(0, func() { called <- "third" })
		})
		for _, want := range []string{"first", "second", "third"} {
			if got := trial.Wait(t, called, want); got != want {
				t.Errorf("%s was called, want %s", got, want)
			}
		}
		r.OnLoop(func(*reactor.Loop) {})
		for _, mistake := range []string{"a mistake in a function", "a mistake in a timer"} {
			if !r.Logged(mistake) {
				t.Errorf("the log does not tell of %s", mistake)
			}
		}
	})
}
