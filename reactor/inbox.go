package reactor

import "sync"

// inbox is where other goroutines leave things for a loop. It is emptied once a turn, by swapping lists.
type inbox struct {
	mu     sync.Mutex
	closed bool
	posted []func()
	events []event // readiness of sockets that goroutines serve
	fresh  []*Conn // accepted by another loop
}

// CallFromThread implements [protocol.Reactor].
func (l *Loop) CallFromThread(f func()) { l.post(f) }

// post is CallFromThread, and returns false if the loop has ended.
func (l *Loop) post(f func()) bool {
	l.inbox.mu.Lock()
	closed := l.inbox.closed
	if !closed {
		l.inbox.posted = append(l.inbox.posted, f)
	}
	l.inbox.mu.Unlock()
	if !closed {
		l.poller.wake()
	}
	return !closed
}

// callBeforeEnd is CallFromThread for what must not be dropped: a loop that is stopping waits for it.
func (l *Loop) callBeforeEnd(f func()) {
	l.load.Add(1)
	l.CallFromThread(func() {
		l.load.Add(-1)
		l.poller.wake() // for a turn that sees that nothing is waited for
		f()
	})
}

// notify has the handler of k told that it is ready. Any goroutine may call it.
func (l *Loop) notify(k key, what interest) {
	l.inbox.mu.Lock()
	closed := l.inbox.closed
	if !closed {
		l.inbox.events = append(l.inbox.events, event{k, what})
	}
	l.inbox.mu.Unlock()
	if !closed {
		l.poller.wake()
	}
}

// hand gives the loop a new connection. Any goroutine may call it. It returns false if the loop has ended.
func (l *Loop) hand(c *Conn) bool {
	l.inbox.mu.Lock()
	closed := l.inbox.closed
	if !closed {
		l.inbox.fresh = append(l.inbox.fresh, c)
	}
	l.inbox.mu.Unlock()
	if !closed {
		l.poller.wake()
	}
	return !closed
}

// collect moves what was left in the inbox to the lists of the turn.
func (l *Loop) collect() {
	l.inbox.mu.Lock()
	l.posted, l.inbox.posted = l.inbox.posted, l.posted[:0]
	l.events = append(l.events, l.inbox.events...)
	l.inbox.events = l.inbox.events[:0]
	l.fresh.next = append(l.fresh.next, l.inbox.fresh...)
	clear(l.inbox.fresh)
	l.inbox.fresh = l.inbox.fresh[:0]
	l.inbox.mu.Unlock()
}

// closeInbox drops what is left, and what comes from now on. It returns the connections among it.
func (l *Loop) closeInbox() []*Conn {
	l.inbox.mu.Lock()
	defer l.inbox.mu.Unlock()
	fresh := l.inbox.fresh
	l.inbox.closed = true
	l.inbox.posted, l.inbox.events, l.inbox.fresh = nil, nil, nil
	return fresh
}
