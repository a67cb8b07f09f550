package reactor

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// outputLimits bound a connection's queued output; see [Config].
type outputLimits struct{ high, low, hardCap int }

const (
	// directSize is the length from which a Write goes to the kernel at once, straight from the caller's slice, if
	// the kernel takes it. Below, copying is cheaper than a system call.
	directSize = 16 << 10
	// stageSize is how much one event may stage before it is written although the event is not over.
	stageSize = 64 << 10
)

// SetOutputLimits replaces the limits of [Config] for this connection: 0 <= low <= high <= hardCap, in bytes.
func (c *Conn) SetOutputLimits(high, low, hardCap int) error {
	if err := checkOutputLimits(high, low, hardCap); err != nil {
		return err
	}
	c.limits = &outputLimits{high, low, hardCap}
	c.touch()
	return nil
}

// Write implements [protocol.Transport]. After LoseConnection or LoseWriteConnection a registered producer can still
// write. Beyond the hard cap the error is the one that ConnectionLost is given too.
func (c *Conn) Write(p []byte) (int, error) {
	if c.flags&(connMute|connSpliced) != 0 || c.flags&connClosing != 0 && c.producer == nil {
		return 0, protocol.ErrClosed
	}
	c.write(p)
	if c.flags&connOver != 0 {
		if protocol.ReasonOf(c.reason) == protocol.ErrLimit {
			return 0, c.reason
		}
		return 0, protocol.ErrClosed
	}
	return len(p), nil
}

// write queues p for the peer.
func (c *Conn) write(p []byte) {
	if c.flags&connMute != 0 {
		return
	}
	c.bytesOut += uint64(len(p))
	if c.layer == nil {
		c.writeRaw(p)
		return
	}
	c.layer.write(p)
	c.flags |= connUnflushed
	c.touch()
	if c.Buffered() > c.limits.hardCap {
		c.exceed()
	}
}

// writeRaw queues p for the socket. p may be used again when it returns.
func (c *Conn) writeRaw(p []byte) {
	if c.flags&connBlocked == 0 && (len(p) >= directSize || c.out.size+len(p) > stageSize) {
		p = p[c.send(p):]
	}
	switch {
	case len(p) == 0 || c.flags&connOver != 0:
	case c.out.size+c.sock.unsent()+len(p) > c.limits.hardCap && c.exceed():
	default:
		c.out.append(p, &c.loop.chunks)
		c.flags |= connUnflushed
		c.touch()
	}
}

// exceed ends a connection with more output than its hard cap. It returns false for one end of a relay, which has what
// the other end received in one turn, and no way to have more.
func (c *Conn) exceed() bool {
	if c.flags&connSpliced != 0 {
		return false
	}
	c.abort(protocol.ErrLimit.Because(fmt.Errorf(
		"queued output exceeds the hard cap of %d bytes; a registered producer writes at the peer's pace",
		c.limits.hardCap)))
	return true
}

// send makes one system call for what is queued and p after it, and returns how much of p was taken.
func (c *Conn) send(p []byte) int {
	if c.passing != nil && len(c.passing.out) > 0 {
		return c.sendFiles(p)
	}
	var n, all int
	var err error
	switch first := c.out.first; {
	case first == nil:
		all = len(p)
		n, err = c.sock.write(p)
	case first.next == nil && len(p) == 0:
		all = first.end - first.start
		n, err = c.sock.write(first.data[first.start:first.end])
	default:
		v := c.out.vector(c.loop.vector[:0])
		if len(p) > 0 && len(v) < maxVector {
			v = append(v, p)
		}
		for _, piece := range v {
			all += len(piece)
		}
		n, err = c.sock.writev(v)
		clear(v)
		c.loop.vector = v[:0]
	}
	if err != nil && err != errAgain {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return 0
	}
	if n < all {
		c.flags |= connBlocked
	}
	queued := min(n, c.out.size)
	c.out.consume(queued, &c.loop.chunks)
	if len(p) > 0 {
		c.flags |= connUnflushed
		c.touch()
	}
	return n - queued
}

// sendQueued sends what is queued, as far as the kernel takes it.
func (c *Conn) sendQueued() {
	for c.out.size > 0 && c.flags&(connBlocked|connOver) == 0 {
		c.send(nil)
	}
}

// writable implements [handler].
func (c *Conn) writable(*runner) {
	if c.flags&connOver == 0 {
		c.flags &^= connBlocked
		c.touch()
	}
}

// Buffered implements [protocol.Transport].
func (c *Conn) Buffered() int {
	if c.flags&connOver != 0 {
		return 0
	}
	n := c.out.size + c.sock.unsent()
	if c.layer != nil {
		n += c.layer.buffered()
	}
	return n
}

// settle does what an event left to do. It calls nobody; notices to the protocol come in their own phase of the turn.
func (c *Conn) settle() {
	if c.flags&connOver != 0 {
		return
	}
	if c.layer != nil {
		c.layer.flush()
	}
	c.sendQueued()
	if c.flags&connOver != 0 {
		return
	}
	if c.flags&(connUnflushed|connClosing) != 0 && c.Buffered() == 0 {
		c.flushed()
		if c.flags&connOver != 0 {
			return
		}
	}
	c.notice()
	c.arm()
}

// sending reports whether somebody else is sending output, or has been since settle looked: that it is gone is news then.
func (c *Conn) sending() bool {
	return c.sock.unsent() > 0 || c.flags&connUnflushed != 0 && c.Buffered() == 0
}

// arm tells the socket what to watch for.
func (c *Conn) arm() {
	var want interest
	if c.hears() {
		want |= interestRead
		c.flags &^= connHung
	}
	if c.flags&connBlocked != 0 || (c.producer != nil || c.flags&connClosing != 0) && c.sending() {
		want |= interestWrite
	}
	if want == 0 && c.flags&connHung == 0 {
		want = interestHangup
	}
	if err := c.sock.want(want); err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
	}
}
