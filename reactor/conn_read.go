package reactor

import (
	"io"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// readable implements [handler].
func (c *Conn) readable(r *runner) {
	switch {
	case c.layer != nil && c.hears():
		c.layer.readable(r)
		return
	case c.flags&connEOF != 0:
		c.hungUp()
		return
	case !c.hears():
		c.brokenUnheard()
		return
	case c.filesWait():
		c.deliverFiles(r)
		return
	}
	buf := c.readInto(r)
	if buf == nil {
		return
	}
	n, err := c.receive(buf)
	if c.filesWait() {
		c.deliverFiles(r)
		return
	}
	if n > 0 {
		c.deliver(r, buf[:n])
		return
	}
	c.readFailed(r, err)
}

// readInto returns where the next bytes for the protocol go, or nil if it does not want them now or r is gone.
func (c *Conn) readInto(r *runner) []byte {
	if c.buffers == nil {
		return c.loop.buffer()
	}
	r.active = c
	buf := c.buffers.ReadBuffer()
	if r.gone {
		// The answer is to a question of an earlier turn. Ask again: a socket that goroutines serve has told this
		// once.
		c.loop.CallFromThread(c.readAgain)
		return nil
	}
	r.active = nil
	if len(buf) == 0 && c.flags&connOver == 0 {
		c.flags |= connHeld
		c.touch()
	}
	if c.flags&connDeaf != 0 {
		return nil
	}
	return buf
}

// deliver calls DataReceived, and returns whether r still has the loop.
func (c *Conn) deliver(r *runner, p []byte) bool {
	c.bytesIn += uint64(len(p))
	r.active = c
	c.proto.DataReceived(p)
	if r.gone {
		return false
	}
	r.active = nil
	return true
}

// readFailed deals with a read that gave no data.
func (c *Conn) readFailed(r *runner, err error) {
	switch err {
	case errAgain:
	case io.EOF:
		c.readEnded(r)
	default:
		c.fail(protocol.ErrConnectionLost.Because(err))
	}
}

// readEnded deals with the end of the peer's stream. It is the last thing that its caller does. A protocol that does
// not know of half-closed connections is done with this one, but what it has written still goes out.
func (c *Conn) readEnded(r *runner) {
	p, ok := c.proto.(protocol.HalfCloser)
	if !ok {
		c.flags |= connEOF | connLosing | connLeaving
		c.touch()
		return
	}
	c.flags |= connEOF
	c.touch()
	r.active = c
	p.ReadConnectionLost()
	if r.gone {
		return
	}
	r.active = nil
}

// hungUp deals with the news that both directions are closed, on a connection whose reading side has ended. It may be
// old news of something to be read. With a notice that is due it ends by itself after that.
func (c *Conn) hungUp() {
	if c.flags&(connOver|connTellHalf) != 0 || !c.sock.hungUp() {
		return
	}
	if err := c.sock.failure(); err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
	} else if c.Buffered() > 0 {
		c.fail(protocol.ErrConnectionLost)
	} else {
		c.fail(protocol.ErrConnectionDone)
	}
}

// brokenUnheard looks whether a connection that is not read has broken: a peer that resets it would else be noticed when
// reading is resumed, which may be never. It is lost at once then, unless something is still to be read that came before
// the reset.
func (c *Conn) brokenUnheard() {
	if c.flags&(connOver|connHung) != 0 || !c.sock.hungUp() {
		return
	}
	var err error
	switch {
	case c.flags&(connShaking|connSpliced) != 0 || c.filesWait() || c.layer != nil && c.layer.holds():
	case c.flags&connLosing != 0:
		err = c.sock.failure()
	default:
		err = c.sock.lost()
	}
	if err != nil {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return
	}
	c.flags |= connHung
	c.touch()
}

// PauseReading implements [protocol.Transport].
func (c *Conn) PauseReading() {
	if c.flags&(connPaused|connOver) == 0 {
		c.flags |= connPaused
		c.touch()
	}
}

// ResumeReading implements [protocol.Transport].
func (c *Conn) ResumeReading() {
	if c.flags&(connPaused|connHeld) == 0 || c.flags&(connLosing|connOver) != 0 {
		return
	}
	c.flags &^= connPaused | connHeld
	c.touch()
	if c.layer != nil || c.filesWait() {
		c.readAgain()
	}
}
