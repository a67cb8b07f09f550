package host

import (
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func write(i *instance, s []uint64) {
	c, p := i.conn(s[0]), i.view(s[1], s[2])
	switch {
	case c == nil:
		ret(s, abi.Handle)
		return
	case !c.writable():
		ret(s, abi.Closed)
		return
	}
	i.chargeBytes(s[2])
	if len(p) > 0 {
		if most := i.svc.limits.Output; most > 0 && int64(c.t.Buffered())+int64(len(p)) > most {
			c.breach("output", protocol.ErrLimit)
			ret(s, abi.Limit)
			return
		}
		if !c.said(len(p)) {
			ret(s, abi.Limit)
			return
		}
		if _, err := c.t.Write(p); err != nil {
			ret(s, codeOf(err))
			return
		}
	}
	ret(s, int32(min(c.t.Buffered(), 1<<31-1)))
}

// writable reports whether the guest may still write.
func (c *conn) writable() bool {
	return c.t != nil && c.state&(connLosing|connHalfLost|connSpliced) == 0
}

func loseConnection(i *instance, s []uint64)  { i.shut(s, (*conn).lose) }
func abortConnection(i *instance, s []uint64) { i.shut(s, (*conn).abortByGuest) }

// shut closes what a handle names: a connection by f, an attempt, or a datagram port.
func (i *instance) shut(s []uint64, f func(*conn)) {
	switch r, _ := i.handles.Get(int32(s[0])); r := r.(type) {
	case *conn:
		switch {
		case r.t == nil:
			r.dial.connector.StopConnecting()
		case r.state&connSpliced != 0:
			f(r)
			f(r.other)
		default:
			f(r)
		}
	case *datagrams:
		r.close(i)
	default:
		ret(s, abi.Handle)
		return
	}
	ret(s, abi.OK)
}

func (c *conn) abortByGuest() {
	c.unregister()
	if c.state&connWhy == 0 {
		c.abort(protocol.ErrConnectionAborted)
	}
}

func loseWriteConnection(i *instance, s []uint64) {
	c := i.conn(s[0])
	switch {
	case c == nil:
		ret(s, abi.Handle)
	case c.t == nil || c.state&(connLosing|connSpliced) != 0:
		ret(s, abi.Closed)
	default:
		if c.state&connHalfLost == 0 {
			c.unregister()
			c.state |= connHalfLost
			c.t.LoseWriteConnection()
		}
		ret(s, abi.OK)
	}
}

func pauseReading(i *instance, s []uint64) {
	i.steer(s, func(c *conn) { c.pause(holdGuest) })
}

func resumeReading(i *instance, s []uint64) {
	i.steer(s, func(c *conn) { c.release(holdGuest) })
}

// steer applies f to a connection that is open; on one that is closing it does nothing.
func (i *instance) steer(s []uint64, f func(*conn)) {
	c := i.conn(s[0])
	switch {
	case c == nil:
		ret(s, abi.Handle)
	case c.t == nil || c.state&connSpliced != 0:
		ret(s, abi.Closed)
	default:
		if c.state&connLosing == 0 {
			f(c)
		}
		ret(s, abi.OK)
	}
}

func splice(i *instance, s []uint64) {
	a, b := i.conn(s[0]), i.conn(s[1])
	switch {
	case a == nil || b == nil:
		ret(s, abi.Handle)
		return
	case a == b:
		ret(s, abi.Invalid)
		return
	case !a.writable() || !b.writable():
		ret(s, abi.Closed)
		return
	}
	one, ok := a.t.(protocol.Splicer)
	if _, ok2 := b.t.(protocol.Splicer); !ok || !ok2 {
		ret(s, abi.Unsupported)
		return
	}
	a.unregister()
	b.unregister()
	if err := one.Splice(b.t); err != nil {
		ret(s, codeOf(err))
		return
	}
	a.other, b.other = b, a
	for _, c := range []*conn{a, b} {
		c.state |= connSpliced
		c.release(holdGuest)
	}
	ret(s, abi.OK)
}

func setOption(i *instance, s []uint64) {
	c, option, value := i.conn(s[0]), int32(s[1]), int64(s[2])
	switch {
	case c == nil:
		ret(s, abi.Handle)
	case c.t == nil || c.state&(connLosing|connSpliced) != 0:
		ret(s, abi.Closed)
	default:
		ret(s, c.setOption(option, value))
	}
}

func (c *conn) setOption(option int32, value int64) abi.Code {
	switch {
	case option == abi.OptionNoDelay && (value == 0 || value == 1):
		c.t.SetNoDelay(value == 1)
	case option == abi.OptionKeepAlive && (value == 0 || value == 1):
		c.t.SetKeepAlive(value == 1)
	case option == abi.OptionIdleTimeout && value >= 0:
		c.setIdle(time.Duration(value))
	case option == abi.OptionProducer && (value == abi.ProducerPush || value == abi.ProducerPull):
		c.unregister()
		c.register(value == abi.ProducerPush)
	default:
		return abi.Invalid
	}
	return abi.OK
}
