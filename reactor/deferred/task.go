package deferred

import (
	"io"
)

// Task is a piece of work in a [Cooperator] (Twisted's CooperativeTask).
type Task struct {
	cooperator *Cooperator
	step       Step
	pauses     int
	state      error // what the methods return; nil while it is at work
	failure    error // what WhenDone fails with
	whenDone   []*Deferred[Unit]
}

// WhenDone returns a new Deferred that fires when the last step was taken, or fails with the error of a step, with
// [ErrTaskStopped] or with [ErrCooperatorStopped].
func (t *Task) WhenDone() *Deferred[Unit] {
	d := create[Unit](t.cooperator.clock, nil, 1)
	switch {
	case t.state == nil:
		t.whenDone = append(t.whenDone, d)
	case t.failure != nil:
		d.Errback(t.failure)
	default:
		d.Callback(Unit{})
	}
	return d
}

// Pause keeps the task from taking steps until Resume has been called as often. It returns the reason if the task has
// ended.
func (t *Task) Pause() error {
	if t.state != nil {
		return t.state
	}
	t.pauses++
	if t.pauses == 1 {
		t.cooperator.remove(t)
	}
	return nil
}

// Resume undoes one Pause. It fails with [ErrNotPaused].
func (t *Task) Resume() error {
	if t.pauses == 0 {
		return ErrNotPaused
	}
	t.pauses--
	switch {
	case t.pauses > 0 || t.state != nil:
	case t.cooperator.stopped:
		t.complete(ErrCooperatorStopped, ErrCooperatorStopped)
	default:
		t.cooperator.add(t)
	}
	return nil
}

// Stop takes no more steps, and fails the Deferreds of WhenDone with [ErrTaskStopped]. It returns the reason if the task
// has ended.
func (t *Task) Stop() error {
	if t.state != nil {
		return t.state
	}
	t.complete(ErrTaskStopped, ErrTaskStopped)
	return nil
}

// advance takes one step.
func (t *Task) advance() {
	wait, err := t.step()
	switch {
	case t.state != nil: // the step stopped the task
	case err == io.EOF:
		t.complete(ErrTaskDone, nil)
	case err != nil:
		t.complete(ErrTaskFailed, err)
	case wait != nil:
		t.Pause()
		wait.Handle(func(_ Unit, err error) {
			if err != nil && t.state == nil {
				t.complete(ErrTaskFailed, err)
				return
			}
			t.Resume()
		})
	}
}

func (t *Task) complete(state, failure error) {
	t.state, t.failure = state, failure
	t.cooperator.remove(t)
	whenDone := t.whenDone
	t.whenDone = nil
	for _, d := range whenDone {
		if failure != nil {
			d.Errback(failure)
		} else {
			d.Callback(Unit{})
		}
	}
}
