package deferred

import (
	"errors"
	"slices"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Errors of a [Task].
var (
	// ErrTaskDone is what a task's methods return after its last step.
	ErrTaskDone = errors.New("task is done")
	// ErrTaskStopped is what WhenDone fails with, and the methods return, after Stop.
	ErrTaskStopped = errors.New("task was stopped")
	// ErrTaskFailed is what a task's methods return after a step has failed.
	ErrTaskFailed = errors.New("task has failed")
	// ErrNotPaused is what Resume returns without a Pause.
	ErrNotPaused = errors.New("task is not paused")
	// ErrCooperatorStopped is what tasks of a Cooperator that was stopped fail with.
	ErrCooperatorStopped = errors.New("cooperator was stopped")
)

// Slice is how long a [Cooperator] works at a time, before it lets the loop go on.
const Slice = 10 * time.Millisecond

// Step does a small part of a long piece of work. It returns io.EOF when there is nothing left to do, any other error
// when the work has failed, and a Deferred if the next step has to wait for it, else nil.
type Step func() (wait *Deferred[Unit], err error)

// Cooperator lets several long pieces of work proceed on one loop, step by step in turn, without holding it up for more
// than about [Slice] at a time.
type Cooperator struct {
	clock   protocol.Clock
	begin   func() (over func() bool)
	tasks   []*Task // that are not paused
	next    int     // whose turn it is
	timer   protocol.DelayedCall
	idle    bool // Start has not been called
	stopped bool
}

// NewCooperator returns a Cooperator that is started.
func NewCooperator(clock protocol.Clock) *Cooperator {
	return NewCooperatorWithSlice(clock, func() func() bool {
		end := time.Now().Add(Slice)
		return func() bool { return !time.Now().Before(end) }
	})
}

// NewCooperatorWithSlice returns a Cooperator with slices of another kind: begin is called when one begins, and over
// after each step, until it returns true. Tests count steps.
func NewCooperatorWithSlice(clock protocol.Clock, begin func() (over func() bool)) *Cooperator {
	return &Cooperator{clock: clock, begin: begin}
}

// Cooperate adds a piece of work. Its first step is taken in a later iteration of the loop.
func (c *Cooperator) Cooperate(step Step) *Task {
	t := &Task{cooperator: c, step: step}
	if c.stopped {
		t.complete(ErrCooperatorStopped, ErrCooperatorStopped)
		return t
	}
	c.add(t)
	return t
}

// Start goes on after Stop, with new tasks.
func (c *Cooperator) Start() {
	c.stopped, c.idle = false, false
	c.schedule()
}

// Hold keeps the Cooperator from taking steps until Start. Tasks are kept.
func (c *Cooperator) Hold() {
	c.idle = true
	c.unschedule()
}

// Stop ends all tasks that are not paused with [ErrCooperatorStopped], the others when they are resumed.
func (c *Cooperator) Stop() {
	c.stopped = true
	tasks := c.tasks
	c.tasks, c.next = nil, 0
	c.unschedule()
	for _, t := range tasks {
		if t.state == nil {
			t.complete(ErrCooperatorStopped, ErrCooperatorStopped)
		}
	}
}

// Running reports whether it takes steps when there are any.
func (c *Cooperator) Running() bool { return !c.idle && !c.stopped }

func (c *Cooperator) schedule() {
	if c.Running() && c.timer == nil && len(c.tasks) > 0 {
		c.timer = c.clock.CallLater(0, c.work)
	}
}

func (c *Cooperator) unschedule() {
	if c.timer != nil {
		c.timer.Cancel()
		c.timer = nil
	}
}

func (c *Cooperator) work() {
	c.timer = nil
	over := c.begin()
	for len(c.tasks) > 0 && c.Running() {
		if c.next >= len(c.tasks) {
			c.next = 0
		}
		t := c.tasks[c.next]
		c.next++
		t.advance()
		if over() {
			break
		}
	}
	c.schedule()
}

func (c *Cooperator) add(t *Task) {
	c.tasks = append(c.tasks, t)
	c.schedule()
}

func (c *Cooperator) remove(t *Task) {
	i := slices.Index(c.tasks, t)
	if i < 0 {
		return
	}
	c.tasks = slices.Delete(c.tasks, i, i+1)
	if i < c.next {
		c.next--
	}
	if len(c.tasks) == 0 {
		c.unschedule()
	}
}
