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
	if hot.gathered > 0 {
		if handOver(); c.state == closing { // what had gathered was too much
			return 0, protocol.ErrLimit
		}
	}
	if !c.direct {
		hot.writer = c.handle
	}
	if n := hostWrite(c.handle, bytesPtr(p), int32(len(p))); n < 0 {
		return 0, c.refused(n)
	}
	return len(p), nil
}

// refused is what a write fails with to which the host has answered n.
func (c *conn) refused(n int32) error {
	if n == int32(abi.Limit) {
		c.state = closing
		return protocol.ErrLimit
	}
	return protocol.ErrClosed
}

// handOver has the host take what has gathered. Nothing gathers after it until there is a write.
func handOver() {
	writer, n := hot.writer, hot.gathered
	hot.writer, hot.gathered = 0, 0
	if n > 0 {
		if c := hot.conns.get(writer); c != nil {
			if answer := hostWrite(writer, bytesPtr(hot.gather[:]), int32(n)); answer < 0 {
				_ = c.refused(answer) // which is noted in c
			}
		}
	}
}
