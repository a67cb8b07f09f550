package basic

import (
	"bytes"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// keepBuffer is the largest buffer that is kept for the next message once it is empty.
const keepBuffer = 64 << 10

// stream is what the receivers share: the bytes that have arrived and were not consumed, and the loop that consumes
// them.
type stream struct {
	held []byte // bytes of earlier chunks, owned; held[off:] are unconsumed
	off  int
	in   []byte // the unconsumed rest of the chunk at hand, borrowed from the caller of DataReceived; follows held

	chunk []byte // the chunk at hand, whole

	busy   bool // the loop is running
	paused bool
}

// parser is a receiver, as the loop sees it.
type parser interface {
	// parse consumes one message and delivers it. It returns false when it needs more bytes.
	parse() bool
}

// receive appends data and lets p parse until it wants more, the reading is paused or the connection is closing.
// A call from inside a handler only appends.
func (s *stream) receive(t protocol.Transport, p parser, data []byte) {
	if s.busy {
		s.hold()
		s.held = append(s.held, data...)
		return
	}
	s.busy = true
	s.in, s.chunk = data, data
	for !s.paused && !t.Disconnecting() {
		s.compact()
		if !p.parse() {
			break
		}
	}
	s.busy, s.chunk = false, nil
	if t.Disconnecting() {
		s.held, s.off, s.in = nil, 0, nil
		return
	}
	s.compact()
	s.hold()
}

// hold moves what is left of the chunk into the buffer.
func (s *stream) hold() {
	if len(s.in) == 0 {
		s.in = nil
		return
	}
	if s.off > 0 && !s.busy {
		s.held = s.held[:copy(s.held, s.held[s.off:])]
		s.off = 0
	}
	s.held = append(s.held, s.in...)
	s.in = nil
}

// compact drops a buffer that was consumed. Nothing that was handed to a handler is in use when it is called.
func (s *stream) compact() {
	if s.off < len(s.held) || len(s.held) == 0 {
		return
	}
	s.held, s.off = s.held[:0], 0
	if cap(s.held) > keepBuffer {
		s.held = nil
	}
}

// available is the number of bytes that are there.
func (s *stream) available() int { return len(s.held) - s.off + len(s.in) }

// take consumes n bytes, of those available, and returns them in one piece.
func (s *stream) take(n int) []byte {
	have := len(s.held) - s.off
	if have == 0 {
		b := s.in[:n:n]
		s.in = s.in[n:]
		return b
	}
	if have < n {
		s.held = append(s.held, s.in[:n-have]...)
		s.in = s.in[n-have:]
	}
	b := s.held[s.off : s.off+n : s.off+n]
	s.off += n
	return b
}

// skip consumes up to n bytes and returns how many there were.
func (s *stream) skip(n int) int {
	n = min(n, s.available())
	fromHeld := min(n, len(s.held)-s.off)
	s.off += fromHeld
	s.in = s.in[n-fromHeld:]
	return n
}

// rest consumes the bytes that are there, as far as they are in one piece.
func (s *stream) rest() []byte {
	if have := len(s.held) - s.off; have > 0 {
		return s.take(have)
	}
	return s.take(len(s.in))
}

// unread gives back b, which must be the end of what was taken last, so that it is not copied. It returns false if b is
// something else.
func (s *stream) unread(b []byte) bool {
	if !s.busy || s.available() > 0 {
		return false
	}
	if endsWith(s.chunk, b) {
		s.in = b
		return true
	}
	if endsWith(s.held, b) {
		s.off = len(s.held) - len(b)
		return true
	}
	return false
}

// endsWith reports whether b, not empty, is the memory at the end of a.
func endsWith(a, b []byte) bool {
	return len(a) >= len(b) && &a[len(a)-1] == &b[len(b)-1]
}

// index is where the first occurrence of sep begins, counted from the first unconsumed byte; none begins below from.
// It is -1 if there is none.
func (s *stream) index(sep []byte, from int) int {
	held := s.held[s.off:]
	if from < len(held) {
		if i := find(held, sep, from); i >= 0 {
			return i
		}
	}
	// One that begins in the buffer and ends in the chunk.
	for i := max(from, len(held)-len(sep)+1, 0); i < len(held); i++ {
		n := len(held) - i
		if bytes.HasPrefix(sep, held[i:]) && bytes.HasPrefix(s.in, sep[n:]) {
			return i
		}
	}
	if i := find(s.in, sep, max(0, from-len(held))); i >= 0 {
		return len(held) + i
	}
	return -1
}

// pause, resume and stop are the three methods of protocol.Producer, for receivers.
func (s *stream) pause(t protocol.Transport) {
	s.paused = true
	t.PauseReading()
}

func (s *stream) resume(t protocol.Transport, p parser) {
	s.paused = false
	t.ResumeReading()
	if !s.busy {
		s.receive(t, p, nil)
	}
}

func (s *stream) stop(t protocol.Transport) {
	s.paused = true
	t.LoseConnection()
}
