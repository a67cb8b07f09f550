package reactor_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// journal keeps what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) expect(t *testing.T, want ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.lines, want) {
		t.Errorf("happened:\n%q, want\n%q", j.lines, want)
	}
}

// trigger adds one that must be accepted.
func (r *running) trigger(p reactor.Phase, e reactor.SystemEvent, f func() *deferred.Deferred[deferred.Unit]) *reactor.Trigger {
	r.t.Helper()
	trigger, err := r.AddSystemEventTrigger(p, e, f)
	if err != nil {
		r.t.Fatal(err)
	}
	return trigger
}

// notes is a trigger that does no more than that.
func (j *journal) notes(line string) func() *deferred.Deferred[deferred.Unit] {
	return func() *deferred.Deferred[deferred.Unit] {
		j.add(line)
		return nil
	}
}

// TestShutdownTriggers: before the shutdown everything works, also while a Deferred is waited for; after it nothing is
// left. What goes wrong is logged and holds up nothing.
func TestShutdownTriggers(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 2})
		var j journal
		l := r.Loops()[0]
		begun := make(chan struct{})
		held := deferred.New[deferred.Unit](l)
		r.trigger(reactor.After, reactor.Shutdown, j.notes("after"))
		r.trigger(reactor.During, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
			j.add("during")
			return deferred.Fail[deferred.Unit](l, errors.New("it did not work"))
		})
		r.trigger(reactor.Before, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] { panic("in a trigger") })
		removed := r.trigger(reactor.Before, reactor.Shutdown, j.notes("removed"))
		r.trigger(reactor.Before, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
			j.add("before")
			close(begun)
			return held
		})
		r.trigger(reactor.Before, reactor.Shutdown, j.notes("before, too"))
		if err := r.RemoveSystemEventTrigger(removed); err != nil {
			t.Error(err)
		}
		if err := r.RemoveSystemEventTrigger(removed); !errors.Is(err, protocol.ErrAlreadyCancelled) {
			t.Errorf("removed again: %v", err)
		}
		at := r.listen(localhost, func() protocol.Protocol {
			p := newRecorder()
			p.onData = func(c *reactor.Conn, data []byte) { c.Write(data) }
			p.onLost = func(error) { j.add("connection lost") }
			return p
		})
		old := dial(t, at)
		exchange(t, old, "a", "a")
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
		wait(t, begun, "a trigger before the shutdown")
		exchange(t, old, "b", "b")
		young := dial(t, at)
		exchange(t, young, "c", "c")
		young.Close()
		r.onLoop(l, func() { // the triggers that were posted with the first one are through
			j.add("fires")
			held.Callback(deferred.Unit{})
		})
		r.ended()
		expectEnd(t, old)
		j.lines = slices.DeleteFunc(j.lines, func(line string) bool { return line == "connection lost" })
		j.expect(t, "before", "before, too", "fires", "during", "after")
		r.logged("in a trigger", "it did not work", "event=shutdown phase=during")
		if _, err := r.AddSystemEventTrigger(reactor.After, reactor.Shutdown, j.notes("late")); !errors.Is(err, reactor.ErrPhasePassed) {
			t.Errorf("a trigger after the end: %v", err)
		}
	})
}

// TestAfterShutdown: the last phase begins when the last connection has heard of its end.
func TestAfterShutdown(t *testing.T) {
	r := start(t, reactor.Config{Loops: 2})
	var j journal
	p := newRecorder()
	p.onLost = func(error) { j.add("connection lost") }
	c := r.serve(p)
	wait(t, p.made, "ConnectionMade")
	during := make(chan struct{})
	l := r.Loops()[0]
	r.trigger(reactor.During, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
		j.add("during")
		close(during)
		return deferred.Later(l, time.Millisecond, func() (deferred.Unit, error) {
			j.add("during, a timer")
			return deferred.Unit{}, nil
		})
	})
	r.trigger(reactor.After, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
		j.add("after")
		if _, err := r.AddSystemEventTrigger(reactor.After, reactor.Shutdown, j.notes("added meanwhile")); err != nil {
			t.Error(err)
		}
		return deferred.Later(l, time.Millisecond, func() (deferred.Unit, error) {
			j.add("after, a timer")
			return deferred.Unit{}, nil
		})
	})
	if err := r.Drain(time.Hour); err != nil {
		t.Fatal(err)
	}
	wait(t, during, "a trigger during the shutdown")
	c.Close()
	r.ended()
	j.mu.Lock()
	lost, timer := slices.Index(j.lines, "connection lost"), slices.Index(j.lines, "during, a timer")
	after := slices.Index(j.lines, "after")
	j.mu.Unlock()
	if lost < 0 || timer < 0 || after != 3 {
		t.Errorf("happened: %q", j.lines)
	}
	j.lines = j.lines[min(3, len(j.lines)):]
	j.expect(t, "after", "added meanwhile", "after, a timer")
}

// TestDrainTwiceEndsTriggers: a second call does not wait for a Deferred that never fires, but does call what is still
// to be called.
func TestDrainTwiceEndsTriggers(t *testing.T) {
	for _, phase := range []reactor.Phase{reactor.Before, reactor.During, reactor.After} {
		t.Run(fmt.Sprint(phase), func(t *testing.T) {
			r := start(t, reactor.Config{Loops: 2})
			begun, last := make(chan struct{}), make(chan struct{})
			r.trigger(phase, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
				close(begun)
				return deferred.New[deferred.Unit](r.Loops()[0])
			})
			r.trigger(reactor.After, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
				close(last)
				return nil
			})
			for range 2 {
				if err := r.Drain(0); err != nil {
					t.Fatal(err)
				}
				wait(t, begun, "the trigger")
			}
			wait(t, last, "the last trigger")
			r.ended()
		})
	}
}

func TestStartupTriggers(t *testing.T) {
	r := prepare(t, reactor.Config{Loops: 2})
	var j journal
	l := r.Loops()[0]
	through := make(chan struct{})
	r.trigger(reactor.After, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		j.add("after")
		close(through)
		return nil
	})
	detached := make(chan struct{})
	r.trigger(reactor.Before, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		l.Detach()
		<-detached // the loop goes on without it
		j.add("before, off the loop")
		return nil
	})
	before := r.trigger(reactor.Before, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		j.add("before")
		close(detached)
		return deferred.Later(l, time.Millisecond, func() (deferred.Unit, error) {
			j.add("before, a timer")
			return deferred.Unit{}, nil
		})
	})
	r.trigger(reactor.During, reactor.Startup, j.notes("during"))
	r.run()
	wait(t, through, "the last trigger")
	if err := r.RemoveSystemEventTrigger(before); !errors.Is(err, protocol.ErrAlreadyCalled) {
		t.Errorf("removed after the call: %v", err)
	}
	j.mu.Lock()
	slices.Sort(j.lines[:3])
	j.mu.Unlock()
	j.expect(t, "before", "before, a timer", "before, off the loop", "during", "after")
	if _, err := r.AddSystemEventTrigger(reactor.Before, reactor.Startup, j.notes("late")); !errors.Is(err, reactor.ErrPhasePassed) {
		t.Errorf("a trigger after its phase: %v", err)
	}
}

// TestStopDuringStartup: what is left of the startup is not called.
func TestStopDuringStartup(t *testing.T) {
	r := prepare(t, reactor.Config{})
	l := r.Loops()[0]
	r.trigger(reactor.Before, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		if err := l.Stop(0); err != nil {
			t.Error(err)
		}
		return nil
	})
	r.trigger(reactor.During, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		t.Error("the startup goes on")
		return nil
	})
	go func() { r.done <- r.Run() }()
	r.ended()
}
