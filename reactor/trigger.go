package reactor

import (
	"errors"
	"slices"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A SystemEvent is a change in a reactor's life at which triggers are called.
type SystemEvent uint8

const (
	// Startup comes when Run begins. The loops turn already: none of its phases holds up connections.
	Startup SystemEvent = iota
	// Shutdown comes with the first Stop, Drain or signal. Before it everything works as ever; during it the ports
	// are closed and the connections end, as Drain says; after it there are none left.
	Shutdown
)

func (e SystemEvent) String() string {
	if e == Startup {
		return "startup"
	}
	return "shutdown"
}

// A Phase is a part of a [SystemEvent]. Each begins when everything of the one before is done.
type Phase uint8

// The phases, in order.
const (
	Before Phase = iota
	During
	After
	phases
)

func (p Phase) String() string { return [phases]string{"before", "during", "after"}[p] }

// ErrPhasePassed is what AddSystemEventTrigger fails with when the phase is over: the trigger would never be called.
var ErrPhasePassed = errors.New("reactor: that phase of the system event has passed")

// A Trigger is a function that a reactor calls at a system event.
type Trigger struct {
	event *eventTriggers
	phase Phase
	f     func() *deferred.Deferred[deferred.Unit]
	place triggerPlace
}

type triggerPlace uint8

const (
	triggerWaiting triggerPlace = iota
	triggerCalled
	triggerRemoved
)

// AddSystemEventTrigger has f called on loop 0 in a phase of an event, after the triggers that were added before it. A
// phase is over when its triggers were called and the Deferreds that they returned have fired; nil is as good as one
// that has. A panic of f and an error of its Deferred are logged, and the rest goes on. Only a second Drain or signal
// ends the waiting for Deferreds of the shutdown.
//
// A trigger that is added while its phase is under way is called at once and waited for too. When the phase is over the
// error is [ErrPhasePassed]. A reactor that is stopped before its startup is over does not call the rest of that.
//
// Any goroutine may call it.
func (r *Reactor) AddSystemEventTrigger(p Phase, e SystemEvent, f func() *deferred.Deferred[deferred.Unit]) (*Trigger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events[e]
	ph := &events.phases[p]
	if ph.over {
		return nil, ErrPhasePassed
	}
	t := &Trigger{event: events, phase: p, f: f}
	if ph.begun {
		events.post(t)
	} else {
		ph.waiting = append(ph.waiting, t)
	}
	return t, nil
}

// RemoveSystemEventTrigger keeps t from being called. It fails with [protocol.ErrAlreadyCalled] or
// [protocol.ErrAlreadyCancelled]. Any goroutine may call it.
func (r *Reactor) RemoveSystemEventTrigger(t *Trigger) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch t.place {
	case triggerCalled:
		return protocol.ErrAlreadyCalled
	case triggerRemoved:
		return protocol.ErrAlreadyCancelled
	}
	t.place = triggerRemoved
	ph := &t.event.phases[t.phase]
	ph.waiting = slices.DeleteFunc(ph.waiting, func(other *Trigger) bool { return other == t })
	return nil
}

// eventTriggers are those of one event. The reactor's mutex guards them.
type eventTriggers struct {
	reactor *Reactor
	event   SystemEvent
	phases  [phases]triggerPhase
	rushed  bool // Deferreds are waited for no longer
	// passed goes on when a phase is over. It is called without the mutex.
	passed func(Phase)
}

// triggerPhase is how far a phase has come.
type triggerPhase struct {
	waiting     []*Trigger // until it begins
	uncalled    int        // posted to the loop
	unfired     int        // called; their Deferreds have not fired
	begun, over bool
}

// begin calls the triggers of a phase.
func (e *eventTriggers) begin(p Phase) {
	e.reactor.mu.Lock()
	ph := &e.phases[p]
	ph.begun = true
	for _, t := range ph.waiting {
		e.post(t)
	}
	ph.waiting = nil
	e.reactor.mu.Unlock()
	e.advance(p)
}

// rush ends the waiting for Deferreds.
func (e *eventTriggers) rush() {
	e.reactor.mu.Lock()
	e.rushed = true
	e.reactor.mu.Unlock()
	for p := range phases {
		e.advance(p)
	}
}

// advance lets the phase be over if nothing of it is left.
func (e *eventTriggers) advance(p Phase) {
	e.reactor.mu.Lock()
	ph := &e.phases[p]
	over := ph.begun && !ph.over && ph.uncalled == 0 && (ph.unfired == 0 || e.rushed)
	ph.over = ph.over || over
	e.reactor.mu.Unlock()
	if over {
		e.passed(p)
	}
}

// isOver reports whether a phase is over.
func (e *eventTriggers) isOver(p Phase) bool {
	e.reactor.mu.Lock()
	defer e.reactor.mu.Unlock()
	return e.phases[p].over
}

// post has t called on loop 0. Each trigger is a function of its own to the loop, so that it may do there what any
// function may: panic, or leave the loop.
func (e *eventTriggers) post(t *Trigger) {
	e.phases[t.phase].uncalled++
	e.reactor.loops[0].CallFromThread(func() { e.call(t) })
}

func (e *eventTriggers) call(t *Trigger) {
	e.reactor.mu.Lock()
	removed := t.place == triggerRemoved
	if !removed {
		t.place = triggerCalled
	}
	e.reactor.mu.Unlock()
	l := e.reactor.loops[0]
	runner := l.runner
	var d *deferred.Deferred[deferred.Unit]
	defer func() { // in a panic too
		if runner.gone {
			l.CallFromThread(func() { e.called(t.phase, d) })
		} else {
			e.called(t.phase, d)
		}
	}()
	if !removed {
		d = t.f()
	}
}

// called waits for what a trigger returned.
func (e *eventTriggers) called(p Phase, d *deferred.Deferred[deferred.Unit]) {
	e.reactor.mu.Lock()
	e.phases[p].uncalled--
	e.phases[p].unfired++
	e.reactor.mu.Unlock()
	fired := func(_ deferred.Unit, err error) {
		if err != nil {
			e.reactor.log.Error("a system event trigger failed", "event", e.event.String(), "phase", p.String(), "error", err)
		}
		e.reactor.mu.Lock()
		e.phases[p].unfired--
		e.reactor.mu.Unlock()
		e.advance(p)
	}
	if d == nil {
		fired(deferred.Unit{}, nil)
		return
	}
	d.Handle(fired)
	e.advance(p) // for a rushed phase
}
