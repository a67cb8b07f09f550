package host

import (
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
	// What every event touches comes first: with thousands of connections each cache line is a miss.
	inst   *instance // nil before it joins one and after it has left
	shard  *shard
	svc    *Service
	t      protocol.Transport
	handle int32
	state  connState
	hold   holds
	first  bool  // the peer has sent something
	active int64 // tick when a byte last came or went
	id     uint64
	bill   Bill
	rates  rates

	deadlines
	why   protocol.Reason // the guest's reason, where the transport's own says only "aborted"
	dial  *dial           // nil: it was accepted
	port  *listener       // that accepted it, if the guest opened it
	gone  error           // why it was lost, when the guest was busy and is still to be told
	exit  *Program        // that runs on it
	other *conn           // that it is spliced with
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
	connHurried                            // its peer was found to send too fast
)

// holds are the reasons for which a connection is not read from.
type holds uint8

const (
	holdGuest holds = 1 << iota // the guest asked for it
	holdRate                    // a rate is exceeded
	holdBusy                    // the instance is busy
	holdTotal                   // the service has used up its fuel for now
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
