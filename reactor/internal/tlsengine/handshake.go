package tlsengine

import (
	"container/list"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	recordHeader  = 5
	recordMax     = 1<<14 + 2048 // content of the largest record of TLS 1.2, RFC 5246 section 6.2.3
	typeHandshake = 22           // content type of the first record, RFC 8446 section 5.1

	// handshakeRoom is how much ciphertext may wait for the handshake: enough to complete any first record.
	handshakeRoom = recordHeader + recordMax
)

// handshake is where the loop and the handshake's goroutine meet.
type handshake struct {
	session *Session
	pool    *Pool
	started bool // given to the pool; the loop's own

	// The pool's own, under its mutex: the element in one of its lists, if any, and when a goroutine was given.
	place *list.Element
	since time.Time

	mu       sync.Mutex
	changed  sync.Cond // something to read, or an end
	in       []byte    // fed and not yet read
	eof      bool
	out      []byte // written and not yet taken
	waiting  bool   // the goroutine waits for the peer
	starved  bool   // the loop found no room
	woken    bool   // Wake was called and take was not
	finished bool
	err      error // why reads fail, and in the end why the handshake failed
	silent   bool  // abandoned: the owner is not to be woken
}

func newHandshake(s *Session, pool *Pool) *handshake {
	h := &handshake{session: s, pool: pool}
	h.changed.L = &h.mu
	return h
}

// run does the handshake. It is called on a goroutine of the pool.
func (h *handshake) run() {
	err := h.drive()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.finish(err)
}

// drive turns a panic in a callback of the configuration into the failure of one handshake.
func (h *handshake) drive() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("TLS handshake panicked: %v", p)
		}
	}()
	// A context that cannot be cancelled spares a goroutine: an abandoned handshake ends because its reads fail.
	return h.session.conn.HandshakeContext(context.Background())
}

// finish is called with the mutex held.
func (h *handshake) finish(err error) {
	h.finished = true
	h.err = err
	h.wake()
}

// wake is called with the mutex held, so that the owner is not woken any more once abandon has returned.
func (h *handshake) wake() {
	if !h.woken && !h.silent {
		h.woken = true
		h.session.owner.Wake()
	}
}

// read waits for ciphertext. It is called on the handshake's goroutine.
func (h *handshake) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = true
	for len(h.in) == 0 && !h.eof && h.err == nil {
		h.changed.Wait()
	}
	h.waiting = false
	switch {
	case h.err != nil:
		return 0, h.err
	case len(h.in) == 0:
		return 0, ErrHandshakeEOF
	}
	n := copy(p, h.in)
	h.in = h.in[:copy(h.in, h.in[n:])]
	if h.starved {
		h.starved = false
		h.wake()
	}
	return n, nil
}

// write keeps ciphertext for the loop. It is called on the handshake's goroutine.
func (h *handshake) write(p []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out = append(h.out, p...)
	h.wake()
}

// feed takes ciphertext, and begins the handshake if it can make headway. It and what follows is called on the loop.
func (h *handshake) feed(p []byte) {
	h.mu.Lock()
	h.in = append(h.in, p...)
	ready := firstRecordIsWhole(h.in)
	h.changed.Signal()
	h.mu.Unlock()
	if ready {
		h.start()
	}
}

func (h *handshake) feedEOF() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.eof = true
	h.changed.Signal()
	if !h.started {
		h.started = true
		h.finish(ErrHandshakeEOF)
	}
}

// start gives the handshake to the pool, once.
func (h *handshake) start() {
	if !h.started {
		h.started = true
		h.pool.start(h)
	}
}

// firstRecordIsWhole reports whether a handshake can begin: with a record to work on, or with what is no TLS, which
// crypto/tls is left to refuse.
func firstRecordIsWhole(in []byte) bool {
	switch {
	case len(in) > 0 && in[0] != typeHandshake:
		return true
	case len(in) < recordHeader:
		return false
	}
	size := int(in[3])<<8 + int(in[4])
	return size > recordMax || len(in) >= recordHeader+size
}

func (h *handshake) room() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	room := max(handshakeRoom-len(h.in), 0)
	h.starved = room == 0
	return room
}

// outcome is what a handshake has come to.
type outcome struct {
	out      []byte // written since it was last asked
	finished bool
	rest     []byte // fed and not read; eof follows
	eof      bool
	err      error // why it failed
}

func (h *handshake) take() outcome {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.woken = false
	o := outcome{out: h.out}
	h.out = nil
	if h.finished {
		o.finished, o.rest, o.eof, o.err = true, h.in, h.eof, h.err
	}
	return o
}

// abandon ends the handshake without a word to the owner.
func (h *handshake) abandon() {
	h.mu.Lock()
	h.silent = true
	h.stop(net.ErrClosed)
	h.mu.Unlock()
	h.pool.forget(h)
}

// stop makes the next read fail with err. It is called with the mutex held.
func (h *handshake) stop(err error) {
	if h.err == nil {
		h.err = err
	}
	h.changed.Signal()
}

// stopIfWaiting ends a handshake that its peer keeps waiting. It reports whether the handshake is ending.
func (h *handshake) stopIfWaiting(err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting && len(h.in) == 0 {
		h.stop(err)
	}
	return h.err != nil
}
