package host

import (
	"math"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/wheel"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A conn is one connection and the instance that serves it. The reactor sees a protocol; the guest sees a handle.
//
// Each event is either delivered at once or, while the instance is busy with a call that has left the loop, kept in
// the instance's queue. Bytes are never queued: no buffer is offered for them meanwhile, so they stay in the socket.
type conn struct {
	svc    *Service
	shard  *shard
	inst   *instance // nil before it joins one and after it has left
	t      protocol.Transport
	handle int32
	state  connState
	hold   holds
	why    protocol.Reason // the guest's reason, where the transport's own says only "aborted"
	dial   *dial           // nil: it was accepted
	port   *listener       // that accepted it, if the guest opened it
	id     uint64
	gone   error // why it was lost, when the guest was busy and is still to be told

	exit  *program // that runs on it
	other *conn    // that it is spliced with

	deadlines
	rates rates
	bill  Bill
}

type connState uint16

const (
	connRoot         connState = 1 << iota // the service's own, not one the guest dialled or accepted
	connMade                               // counted, and joined to an instance
	connLosing                             // the guest has closed it, or the host has
	connHalfLost                           // the guest has closed its sending side
	connPaused                             // the guest was told to pause, by the transport
	connPausedByRate                       // and by a rate
	connProducer                           // is registered as its transport's producer
	connPull                               // asks for more after each flush
	connSpliced                            // relayed by the host
	connWhy                                // why counts
	connBreach                             // was closed for a breach of a limit
)

// holds are the reasons for which a connection is not read from.
type holds uint8

const (
	holdGuest holds = 1 << iota // the guest asked for it
	holdRate                    // a rate is exceeded
	holdBusy                    // the instance is busy
)

var lastConnID atomic.Uint64

var (
	_ protocol.Protocol          = (*conn)(nil)
	_ protocol.BufferProvider    = (*conn)(nil)
	_ protocol.HandshakeListener = (*conn)(nil)
	_ protocol.Producer          = (*conn)(nil)
	_ protocol.HalfCloser        = (*halfConn)(nil)
	_ wheel.Owner                = (*conn)(nil)
)

// A halfConn is a conn whose guest wants half-closed connections to stay open.
type halfConn struct{ conn }

// newConn returns a connection and what the reactor gets to see of it.
func (s *Service) newConn(state connState) (*conn, protocol.Protocol) {
	if s.code.events&(1<<abi.ReadConnectionLost|1<<abi.WriteConnectionLost) != 0 {
		h := &halfConn{conn{svc: s, state: state}}
		h.deadlines.Owner = &h.conn
		return &h.conn, h
	}
	c := &conn{svc: s, state: state}
	c.deadlines.Owner = c
	return c, c
}

// ConnectionMade implements [protocol.Protocol].
func (c *conn) ConnectionMade(t protocol.Transport) {
	c.t = t
	c.id = connID(t)
	c.shard = c.svc.shardOf(t.Reactor())
	if !c.join() {
		t.AbortConnection()
		return
	}
	i := c.inst
	c.limitOutput()
	c.startDeadlines()
	if i.exports(abi.PauseProducing) || i.exports(abi.ResumeProducing) {
		c.register(true)
	}
	switch {
	case i.running:
		i.postpone(c.made)
	case i.fresh:
		i.starting = c
		i.begin()
	default:
		c.made()
	}
}

// limitOutput makes the transport hold the limit "output" as well, in the place of the reactor's own.
func (c *conn) limitOutput() {
	t, ok := c.t.(interface {
		SetOutputLimits(high, low, hardCap int) error
	})
	if !ok {
		return
	}
	most := int64(math.MaxInt)
	if c.svc.limits.Output > 0 {
		most = min(most, c.svc.limits.Output)
	}
	high := min(highWater, most)
	if err := t.SetOutputLimits(int(high), int(min(lowWater, high)), int(most)); err != nil {
		c.svc.log.Error("output is limited by the reactor's own figures", "conn", c.id, "error", err)
	}
}

// highWater and lowWater are those of the ABI's backpressure, in bytes queued on a connection.
const highWater, lowWater = 64 * kib, 16 * kib

// join makes the connection one of its instance's. It returns false if there is none for it.
func (c *conn) join() bool {
	switch {
	case c.state&connRoot != 0:
		if !c.joinFresh() {
			return false
		}
	case c.dial != nil:
		if c.dial.end() == nil {
			return false // cancelled meanwhile
		}
	case !c.port.welcome(c):
		return false
	}
	c.state |= connMade
	c.inst.conns++
	c.shard.opened(c)
	return true
}

// joinFresh finds an instance for a root connection.
func (c *conn) joinFresh() bool {
	if !c.svc.admit(c) {
		return false
	}
	i, err := c.shard.instance()
	if err != nil {
		c.svc.dismiss(c)
		c.svc.totals.Refused.Add(1)
		c.svc.log.Warn("connection refused", "conn", c.id, "peer", peerText(c.t), "error", err)
		return false
	}
	c.inst = i
	c.handle, _ = i.add(c, false)
	if c.exit != nil {
		i.exit, c.exit.inst = c.exit, i
	}
	return true
}

func (c *conn) made() (here bool) {
	i := c.live()
	if i == nil {
		return true
	}
	i.account = c
	return i.call(abi.ConnectionMade, c.handle, 0, 0)
}

// live is the instance, if the guest is still to hear of the connection.
func (c *conn) live() *instance {
	if c.inst == nil || c.inst.end != nil {
		return nil
	}
	return c.inst
}

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

// HandshakeCompleted implements [protocol.HandshakeListener].
func (c *conn) HandshakeCompleted() { c.event(abi.HandshakeCompleted) }

// PauseProducing implements [protocol.Producer].
func (c *conn) PauseProducing() {
	c.state |= connPaused
	if c.state&connPausedByRate == 0 {
		c.event(abi.PauseProducing)
	}
}

// ResumeProducing implements [protocol.Producer].
func (c *conn) ResumeProducing() {
	if c.state&(connPaused|connPull) != 0 {
		c.state &^= connPaused
		if c.state&connPausedByRate == 0 {
			c.event(abi.ResumeProducing)
		}
	}
}

// StopProducing implements [protocol.Producer]. ConnectionLost follows, which says it all.
func (c *conn) StopProducing() { c.state &^= connProducer }

// ReadConnectionLost implements [protocol.HalfCloser].
func (c *halfConn) ReadConnectionLost() {
	if i := c.live(); i != nil && !i.exports(abi.ReadConnectionLost) {
		c.lose()
		return
	}
	c.event(abi.ReadConnectionLost)
}

// WriteConnectionLost implements [protocol.HalfCloser].
func (c *halfConn) WriteConnectionLost() { c.event(abi.WriteConnectionLost) }

// event delivers an event that has no arguments but the connection.
func (c *conn) event(e abi.Event) (here bool) {
	i := c.live()
	switch {
	case i == nil || c.state&connMade == 0:
		return true
	case i.running:
		i.postpone(func() bool { return c.event(e) })
		return true
	}
	i.account = c
	return i.call(e, c.handle, 0, 0)
}

// ConnectionLost implements [protocol.Protocol].
func (c *conn) ConnectionLost(reason error) {
	c.shard.clock.wheel.Remove(&c.deadlines.Entry)
	i := c.inst
	switch {
	case i == nil || i.end != nil:
		c.leave(reason)
	case i.running:
		c.gone = reason
		i.postpone(func() bool { return c.lost(reason) })
	default:
		c.lost(reason)
	}
}

// lost tells the guest, for which it is the connection's last event.
func (c *conn) lost(reason error) (here bool) {
	i := c.live()
	if i == nil {
		c.leave(reason)
		return true
	}
	c.state |= connLosing
	i.account = c
	i.closing, i.reason = c, reason
	return i.call(abi.ConnectionLost, c.handle, int32(c.reason(reason)), 0)
}

// reason is what the guest is told.
func (c *conn) reason(err error) protocol.Reason {
	if c.state&connWhy != 0 {
		return c.why
	}
	if r, ok := err.(protocol.Reason); ok {
		return r // most are, and looking into a chain takes reflection
	}
	return protocol.ReasonOf(err)
}

// leave ends what the connection has to do with its instance.
func (c *conn) leave(reason error) {
	if i := c.inst; i != nil {
		i.remove(c.handle, c.state&connRoot == 0)
		i.conns--
		c.inst = nil
		c.shard.closed(c, i, reason)
	}
}

// lose closes the connection after flushing. A registered producer would keep it open.
func (c *conn) lose() {
	c.unregister()
	c.state |= connLosing
	c.t.LoseConnection()
}

// abort closes the connection at once, for a reason that the guest is told.
func (c *conn) abort(why protocol.Reason) {
	if c.state&connWhy == 0 {
		c.why = why
	}
	c.state |= connLosing | connWhy
	c.t.AbortConnection()
}

// register makes the connection its transport's producer, so that the guest hears of backpressure.
func (c *conn) register(streaming bool) {
	c.state &^= connPaused
	c.state |= connProducer
	if streaming {
		c.state &^= connPull
	} else {
		c.state |= connPull
	}
	if c.t.RegisterProducer(c, streaming) != nil {
		c.state &^= connProducer
	}
}

func (c *conn) unregister() {
	if c.state&connProducer != 0 {
		c.state &^= connProducer
		c.t.UnregisterProducer()
	}
}

// discard implements [resource]: the guest is gone.
func (c *conn) discard() {
	switch {
	case c.gone != nil:
		c.leave(c.gone)
	case c.t != nil:
		c.abort(protocol.ErrConnectionAborted)
	case c.dial != nil:
		c.dial.discard()
	}
}

// pause stops reading for a reason of its own; release undoes it.
func (c *conn) pause(why holds) {
	c.hold |= why
	c.t.PauseReading()
}

func (c *conn) release(why holds) {
	if c.hold&why == 0 {
		return
	}
	c.hold &^= why
	if c.hold == 0 && c.state&connLosing == 0 {
		c.t.ResumeReading()
	}
}

// connID is the number of a connection in logs.
func connID(t protocol.Transport) uint64 {
	if n, ok := t.(interface{ ID() uint64 }); ok {
		return n.ID()
	}
	return lastConnID.Add(1)
}

func peerText(t protocol.Transport) string {
	if p := t.Peer(); p != nil {
		return p.String()
	}
	return ""
}
