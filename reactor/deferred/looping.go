package deferred

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// LoopingCall calls a function over and over, at the times start + k * interval. When a call comes late, or the function
// takes longer than the interval, the times that were missed are skipped; the next call is at the next of these times.
type LoopingCall struct {
	clock    protocol.Clock
	f        func(count int) *Deferred[Unit]
	counting bool
	tick     func() // the method, made a function once

	interval time.Duration
	start    time.Time
	counted  time.Time // up to when the calls have been counted
	timer    protocol.DelayedCall
	done     *Deferred[*LoopingCall]
	running  bool
}

// NewLoopingCall returns a LoopingCall of f. An error of f ends it.
func NewLoopingCall(clock protocol.Clock, f func() error) *LoopingCall {
	return newLoopingCall(clock, false, func(int) *Deferred[Unit] { return outcomeOf(clock, f()) })
}

// NewLoopingCallWithCount is NewLoopingCall for an f that is told how many of the times have passed since it was called
// last: 1, unless calls were skipped. With an interval of 0 it is always 1.
func NewLoopingCallWithCount(clock protocol.Clock, f func(count int) error) *LoopingCall {
	return newLoopingCall(clock, true, func(count int) *Deferred[Unit] { return outcomeOf(clock, f(count)) })
}

// NewLoopingCallDeferred is NewLoopingCallWithCount for an f that takes time: the next call waits until the Deferred
// that it returned has fired. Nil is as good as one that has. Its error ends the loop.
func NewLoopingCallDeferred(clock protocol.Clock, f func(count int) *Deferred[Unit]) *LoopingCall {
	return newLoopingCall(clock, true, f)
}

// outcomeOf is nil for a call that went well, so that the usual tick makes nothing.
func outcomeOf(clock protocol.Clock, err error) *Deferred[Unit] {
	if err == nil {
		return nil
	}
	return Fail[Unit](clock, err)
}

func newLoopingCall(clock protocol.Clock, counting bool, f func(int) *Deferred[Unit]) *LoopingCall {
	l := &LoopingCall{clock: clock, f: f, counting: counting}
	l.tick = l.call
	return l
}

// Start begins: with a call at once if now is true, else with one after the interval, which is 0 or more; 0 means in
// every iteration of the loop. It returns a Deferred that fires when Stop was called, and fails with the function's
// error. It panics if the LoopingCall is running.
func (l *LoopingCall) Start(interval time.Duration, now bool) *Deferred[*LoopingCall] {
	switch {
	case l.running:
		panic("deferred: LoopingCall is started while it is running")
	case interval < 0:
		panic("deferred: LoopingCall with a negative interval")
	}
	done := create(l.clock, func(*Deferred[*LoopingCall]) { l.Stop() }, 1)
	l.running, l.done = true, done
	l.interval, l.start = interval, l.clock.Now()
	l.counted = l.start
	if now {
		l.counted = l.start.Add(-interval)
		l.call()
	} else {
		l.schedule(l.start)
	}
	return done
}

// Stop ends it. The Deferred of Start fires at once, or, when the function is at work, as soon as that is done. It does
// nothing if the LoopingCall is not running.
func (l *LoopingCall) Stop() {
	if !l.running {
		return
	}
	l.running = false
	if l.timer != nil {
		l.timer.Cancel()
		l.timer = nil
		l.finish(nil)
	}
}

// Reset counts the times from now on: the next call is one interval away. While the function is at work, or the
// LoopingCall does not run, it does nothing.
func (l *LoopingCall) Reset() {
	if l.timer != nil {
		l.timer.Cancel()
		l.start = l.clock.Now()
		l.counted = l.start
		l.schedule(l.start)
	}
}

// Running reports whether it was started, and has not been stopped and not failed.
func (l *LoopingCall) Running() bool { return l.running }

func (l *LoopingCall) call() {
	l.timer = nil
	count, due := l.count()
	if !due {
		l.called(nil)
		return
	}
	if d := l.f(count); d != nil {
		d.Handle(func(_ Unit, err error) { l.called(err) })
	} else {
		l.called(nil)
	}
}

// count is the number of times that have passed; due is false when none has.
func (l *LoopingCall) count() (n int, due bool) {
	if !l.counting || l.interval == 0 {
		return 1, true
	}
	now := l.clock.Now()
	n = l.slot(now) - l.slot(l.counted)
	if n > 0 {
		l.counted = now
	}
	return n, n > 0
}

// slot is the number of the interval that t is in, rounded towards zero.
func (l *LoopingCall) slot(t time.Time) int { return int(t.Sub(l.start) / l.interval) }

// called follows a call of the function.
func (l *LoopingCall) called(err error) {
	switch {
	case err != nil:
		l.running = false
		l.finish(err)
	case l.running:
		l.schedule(l.clock.Now())
	default:
		l.finish(nil)
	}
}

func (l *LoopingCall) finish(err error) {
	done := l.done
	l.done = nil
	// A Deferred that was cancelled has its outcome, and is told so by an error that nobody needs.
	if err != nil {
		done.Errback(err)
	} else {
		done.Callback(l)
	}
}

// schedule sets the timer to the next of the times after now.
func (l *LoopingCall) schedule(now time.Time) {
	delay := time.Duration(0)
	if l.interval > 0 {
		late := now.Sub(l.start) % l.interval
		if late < 0 { // the clock was set back
			late += l.interval
		}
		delay = l.interval - late
	}
	l.timer = l.clock.CallLater(delay, l.tick)
}
