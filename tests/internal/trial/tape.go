package trial

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// Event is something that a protocol, factory or producer was told.
type Event struct {
	Name string
	Data []byte
	Err  error
}

func (e Event) String() string {
	switch {
	case e.Data != nil:
		return fmt.Sprintf("%s %.60q", e.Name, e.Data)
	case e.Err != nil:
		return fmt.Sprintf("%s (%v)", e.Name, e.Err)
	}
	return e.Name
}

// Tape keeps events until the test takes them, in their order.
type Tape struct {
	mu     sync.Mutex
	events []Event
	more   chan struct{} // has something in it when an event came
}

func newTape() *Tape { return &Tape{more: make(chan struct{}, 1)} }

// Add puts an event on the tape. Any goroutine may call it.
func (p *Tape) Add(e Event) {
	p.mu.Lock()
	p.events = append(p.events, e)
	p.mu.Unlock()
	select {
	case p.more <- struct{}{}:
	default:
	}
}

func (p *Tape) take() (e Event, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.events) == 0 {
		return e, false
	}
	e = p.events[0]
	p.events = p.events[1:]
	return e, true
}

// Next waits for the next event and takes it.
func (p *Tape) Next(t testing.TB) Event {
	t.Helper()
	late := time.After(Patience)
	for {
		if e, ok := p.take(); ok {
			return e
		}
		select {
		case <-p.more:
		case <-late:
			t.Fatalf("no further event\n%s", stacks())
		}
	}
}

// Expect waits for events of these names, in this order and without others between them, and returns the last.
func (p *Tape) Expect(t testing.TB, names ...string) (e Event) {
	t.Helper()
	for i, name := range names {
		if e = p.Next(t); e.Name != name {
			t.Fatalf("event %v, want %s (after %s)", e, name, strings.Join(names[:i], ", "))
		}
	}
	return e
}

// ExpectData waits for data events that make up text, and takes them. Text is not followed by more of it in the last of
// them.
func (p *Tape) ExpectData(t testing.TB, text string) {
	t.Helper()
	var got []byte
	for len(got) < len(text) {
		e := p.Next(t)
		if e.Name != Data {
			t.Fatalf("event %v after data %.60q, want data %.60q", e, got, text)
		}
		got = append(got, e.Data...)
	}
	if string(got) != text {
		t.Fatalf("data %.60q, want %.60q", got, text)
	}
}

// Until takes events up to the first of this name, which it waits for and returns.
func (p *Tape) Until(t testing.TB, name string) Event {
	t.Helper()
	for {
		if e := p.Next(t); e.Name == name {
			return e
		}
	}
}

// Rest takes what there is, without waiting.
func (p *Tape) Rest() (events []Event) {
	for {
		e, ok := p.take()
		if !ok {
			return events
		}
		events = append(events, e)
	}
}
