package host

import "github.com/wasmnet/wasmnet/abi"

// ReadBuffer implements [protocol.BufferProvider]: the socket is read straight into the guest's receive buffer.
func (c *conn) ReadBuffer() []byte {
	i := c.live()
	switch {
	case i == nil:
		return nil
	case i.running:
		if c.hold&holdBusy == 0 {
			c.hold |= holdBusy
			i.held = append(i.held, c)
		}
		return nil
	case c.shard.fuel.spent:
		c.shard.fuel.starve(c)
		return nil
	}
	if buf := i.receiveBuffer(); len(buf) > 0 {
		return buf
	}
	return c.shard.sink()
}

// DataReceived implements [protocol.Protocol].
func (c *conn) DataReceived(p []byte) {
	i := c.live()
	switch {
	case i == nil:
		return
	case i.running:
		c.keep(p)
		return
	}
	c.heard(len(p))
	if !i.exports(abi.DataReceived) {
		return
	}
	buf := i.receiveBuffer()
	if len(p) > 0 && len(buf) > 0 && &p[0] == &buf[0] {
		i.account = c
		i.call(abi.DataReceived, c.handle, int32(len(p)), 0)
		return
	}
	if len(p) > len(buf) {
		p = append([]byte(nil), p...) // the rest outlives this event
	}
	c.copyIn(p)
}

// keep holds on to bytes that came while the instance is busy, from a transport that does not ask for a buffer.
func (c *conn) keep(p []byte) {
	p = append([]byte(nil), p...)
	c.inst.postpone(func() bool {
		if c.live() == nil {
			return true
		}
		c.heard(len(p))
		return !c.inst.exports(abi.DataReceived) || c.copyIn(p)
	})
	if c.hold&holdBusy == 0 {
		c.hold |= holdBusy
		c.t.PauseReading()
		c.inst.held = append(c.inst.held, c)
	}
}

// copyIn delivers bytes that were not read into the receive buffer, in pieces that fit.
func (c *conn) copyIn(p []byte) (here bool) {
	i := c.live()
	if i == nil || c.state&connLosing != 0 {
		return true
	}
	n := copy(i.receiveBuffer(), p)
	if rest := p[n:]; len(rest) > 0 {
		// The rest comes when this call is over, on the loop or beside it, and before anything else.
		i.later = append([]step{func() bool { return c.copyIn(rest) }}, i.later...)
	}
	i.account = c
	return i.call(abi.DataReceived, c.handle, int32(n), 0)
}
