//go:build wasip1

package wasmnet

import (
	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// What one event writes leaves together, so what it writes to one connection need not be told to the host piece by piece:
// a protocol that answers sixteen lines would call it sixteen times. The first write of an event goes to the host at
// once, for most events make no other, and those that follow it on the same connection gather here. They are handed
// over when the event ends, when they become too many, before a write to another connection, and before any import that
// depends on what was written. A write can therefore breach the limit "output" after it has returned; then the next
// one fails, if there is one.

// Write implements [protocol.Transport].
func (c *conn) Write(p []byte) (int, error) {
	if c.state != open && c.state != losing || c.writeClosing && !c.losingWrite {
		return 0, protocol.ErrClosed
	}
	if hot.writer == c.handle && len(p) <= len(hot.gather)-hot.gathered {
		hot.gathered += copy(hot.gather[hot.gathered:], p)
		return len(p), nil
	}
	handOver()
	if c.state == closing { // in which what had gathered was too much
		return 0, protocol.ErrLimit
	}
	if !c.direct {
		hot.writer = c.handle
	}
	return c.send(p)
}

// send has the host take p.
func (c *conn) send(p []byte) (int, error) {
	switch n := hostWrite(c.handle, bytesPtr(p), int32(len(p))); {
	case n >= 0:
		return len(p), nil
	case n == int32(abi.Limit):
		c.state = closing
		return 0, protocol.ErrLimit
	}
	return 0, protocol.ErrClosed
}

// handOver has the host take what has gathered. Nothing gathers after it until there is a write.
func handOver() {
	writer, n := hot.writer, hot.gathered
	hot.writer, hot.gathered = 0, 0
	if n == 0 {
		return
	}
	if c := hot.conns.get(writer); c != nil {
		_, _ = c.send(hot.gather[:n]) // that it failed is noted in c
	}
}
