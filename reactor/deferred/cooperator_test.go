package deferred_test

import (
	"errors"
	"io"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// steps is a Cooperator whose slices are n steps long, and a record of who took them.
type steps struct {
	*deferred.Cooperator
	clock *reactortest.Clock
	taken string
}

func newSteps(n int) *steps {
	s := &steps{clock: reactortest.NewClock()}
	s.Cooperator = deferred.NewCooperatorWithSlice(s.clock, func() func() bool {
		left := n
		return func() bool { left--; return left == 0 }
	})
	return s
}

// task takes n steps and ends with err.
func (s *steps) task(name string, n int, err error) *deferred.Task {
	return s.Cooperate(func() (*deferred.Deferred[unit], error) {
		if n == 0 {
			return nil, err
		}
		n--
		s.taken += name
		return nil, nil
	})
}

func (s *steps) check(t *testing.T, want string) {
	t.Helper()
	if s.taken != want {
		t.Errorf("steps %q, want %q", s.taken, want)
	}
}

func TestCooperatorTakesTurns(t *testing.T) {
	s := newSteps(4)
	a, b := s.task("a", 3, io.EOF), s.task("b", 2, io.EOF)
	whenA, whenB := a.WhenDone(), b.WhenDone()
	s.check(t, "")
	s.clock.Advance(0)
	s.check(t, "abab")
	s.clock.Advance(0)
	s.check(t, "ababa")
	check(t, whenA, "value {}")
	check(t, whenB, "value {}")
	check(t, a.WhenDone(), "value {}")
	if s.clock.Pending() > 0 {
		t.Error("a timer is set with nothing to do")
	}
	for what, err := range map[string]error{"Pause": a.Pause(), "Stop": a.Stop()} {
		if !errors.Is(err, deferred.ErrTaskDone) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTaskFails(t *testing.T) {
	s := newSteps(10)
	a, b := s.task("a", 1, errTest), s.task("b", 3, io.EOF)
	a.WhenDone().AddErrback(func(err error) (unit, error) {
		if !errors.Is(err, errTest) {
			t.Errorf("error %v", err)
		}
		return unit{}, nil
	})
	s.clock.Advance(0)
	s.check(t, "abbb")
	if err := a.Stop(); !errors.Is(err, deferred.ErrTaskFailed) {
		t.Errorf("Stop: %v", err)
	}
	check(t, b.WhenDone(), "value {}")
}

func TestTaskPauses(t *testing.T) {
	s := newSteps(2)
	a, b := s.task("a", 9, io.EOF), s.task("b", 9, io.EOF)
	if err := a.Resume(); !errors.Is(err, deferred.ErrNotPaused) {
		t.Errorf("Resume: %v", err)
	}
	a.Pause()
	a.Pause()
	s.clock.Advance(0)
	a.Resume()
	s.clock.Advance(0)
	s.check(t, "bbbb")
	a.Resume()
	s.clock.Advance(0)
	s.check(t, "bbbbab")
	b.Stop()
	s.clock.Advance(0)
	s.check(t, "bbbbabaa")
}

func TestTaskStops(t *testing.T) {
	s := newSteps(1)
	a := s.task("a", 9, io.EOF)
	d := a.WhenDone()
	a.Stop()
	check(t, d, "error: task was stopped")
	d.AddErrback(func(error) (unit, error) { return unit{}, nil })
	if err := a.Stop(); !errors.Is(err, deferred.ErrTaskStopped) {
		t.Errorf("Stop: %v", err)
	}
	s.clock.Advance(0)
	if s.clock.Pending() > 0 {
		t.Error("a timer is set with nothing to do")
	}
	var self *deferred.Task
	self = s.Cooperate(func() (*deferred.Deferred[unit], error) {
		self.Stop()
		return nil, errTest
	})
	s.clock.Advance(0)
	check(t, self.WhenDone().AddErrback(func(err error) (unit, error) {
		if !errors.Is(err, deferred.ErrTaskStopped) {
			t.Errorf("error %v", err)
		}
		return unit{}, nil
	}), "value {}")
}

func TestTaskWaits(t *testing.T) {
	s := newSteps(5)
	var wait *deferred.Deferred[unit]
	a := s.Cooperate(func() (*deferred.Deferred[unit], error) {
		s.taken += "a"
		wait = deferred.New[unit](s.clock)
		return wait, nil
	})
	s.clock.Advance(0)
	s.clock.Advance(0)
	s.check(t, "a")
	wait.Callback(unit{})
	s.clock.Advance(0)
	s.check(t, "aa")
	wait.Errback(errTest)
	d := a.WhenDone()
	check(t, d, "error: test failure")
	d.AddErrback(func(error) (unit, error) { return unit{}, nil })

	b := s.Cooperate(func() (*deferred.Deferred[unit], error) { return wait, nil })
	wait = deferred.New[unit](s.clock)
	s.clock.Advance(0)
	b.Stop()
	wait.Errback(errTest)
	if err := b.Pause(); !errors.Is(err, deferred.ErrTaskStopped) {
		t.Errorf("Pause: %v", err)
	}
}

func TestCooperatorStops(t *testing.T) {
	s := newSteps(1)
	quiet(t)
	a, b := s.task("a", 9, io.EOF), s.task("b", 9, io.EOF)
	b.Pause()
	s.Stop()
	const stopped = "error: cooperator was stopped"
	check(t, a.WhenDone(), stopped)
	check(t, b.WhenDone(), "waiting")
	b.Resume()
	check(t, b.WhenDone(), stopped)
	check(t, s.task("c", 1, io.EOF).WhenDone(), stopped)
	s.clock.Advance(0)
	if s.Running() || s.clock.Pending() > 0 {
		t.Error("still running")
	}
	s.Start()
	d := s.task("d", 1, io.EOF).WhenDone()
	s.clock.Pump(0, 0)
	check(t, d, "value {}")
	s.check(t, "d")
}

func TestCooperatorHolds(t *testing.T) {
	s := newSteps(1)
	s.Hold()
	s.task("a", 1, io.EOF)
	s.clock.Pump(0, 0)
	s.check(t, "")
	s.Start()
	s.clock.Pump(0)
	s.check(t, "a")
	s.Hold()
	if s.clock.Pending() > 0 {
		t.Error("a timer is set while it holds")
	}
}

// A slice by the clock on the wall ends, whatever the loop's clock does.
func TestCooperatorSlice(t *testing.T) {
	clock := reactortest.NewClock()
	c := deferred.NewCooperator(clock)
	n := 0
	task := c.Cooperate(func() (*deferred.Deferred[unit], error) { n++; return nil, nil })
	clock.Advance(0)
	if n == 0 || clock.Pending() != 1 {
		t.Errorf("%d steps, %d timers", n, clock.Pending())
	}
	task.Stop()
}
