package dns

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// stream is one TCP or TLS connection: messages with their length in two bytes in front, any number of queries under
// way, answers in the order in which they are ready (RFC 7766 section 6.2).
type stream struct {
	basic.Int16Receiver
	responder
	peer     netip.AddrPort
	timer    protocol.DelayedCall
	heard    time.Time // when the last query was complete, or the last piece of a transfer gone
	waiting  int       // queries that are being forwarded
	transfer *transfer // under way
	full     bool      // the peer does not read fast enough
	held     bool      // nothing is read meanwhile
	lost     bool
}

// maxStreamWaiting bounds the queries of one connection that are being forwarded; what comes then waits in the socket.
const maxStreamWaiting = 64

var (
	_ protocol.Protocol = (*stream)(nil)
	_ replier           = (*stream)(nil)
)

func newStream(s *Server) *stream {
	c := &stream{responder: responder{server: s}}
	c.Handler, c.MaxLength = c, 1<<16-1
	return c
}

// ConnectionMade implements [protocol.Protocol].
func (c *stream) ConnectionMade(t protocol.Transport) {
	c.Int16Receiver.ConnectionMade(t)
	if a, ok := t.Peer().(protocol.TCPAddress); ok {
		c.peer = a.AddrPort
	}
	c.heard = t.Reactor().Now()
	c.timer = t.Reactor().CallLater(c.server.config.IdleTimeout, c.idle)
	_ = t.RegisterProducer((*output)(c), true) // there is no other one
}

// idle closes a connection on which nothing was asked for a while. Bytes that are no query do not count.
func (c *stream) idle() {
	r := c.Transport.Reactor()
	left := c.server.config.IdleTimeout
	if c.waiting == 0 {
		left -= r.Now().Sub(c.heard)
	}
	if left > 0 {
		c.timer = r.CallLater(left, c.idle)
		return
	}
	c.close()
}

// close closes the connection when what was written is gone; a peer that does not take it is cut off after as long again.
func (c *stream) close() {
	c.Transport.UnregisterProducer()
	c.StopProducing()
	_ = c.timer.Cancel()
	c.timer = c.Transport.Reactor().CallLater(c.server.config.IdleTimeout, c.Transport.AbortConnection)
}

// StringReceived implements [basic.StringHandler].
func (c *stream) StringReceived(msg []byte) {
	c.heard = c.Transport.Reactor().Now()
	if c.beginTransfer(msg) {
		return
	}
	response, waits := c.respond(msg, asker{via: c, address: c.peer, stream: true})
	switch {
	case waits:
		c.waiting++
		c.flow()
	case response != nil:
		c.send(response)
	default: // what comes is no queries
		c.close()
	}
}

// flow stops reading while the peer is owed too much.
func (c *stream) flow() {
	hold := c.full || c.transfer != nil || c.waiting >= maxStreamWaiting
	switch {
	case hold && !c.held:
		c.held = true
		c.PauseProducing()
	case !hold && c.held:
		c.held = false
		c.ResumeProducing()
	}
}

// reply implements [replier].
func (c *stream) reply(a answer, _ netip.AddrPort) {
	c.waiting--
	if c.lost {
		return
	}
	c.buf = a.appendTo(c.buf[:0])
	c.send(c.buf)
	c.flow()
}

// send writes one message.
func (c *stream) send(msg []byte) {
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(msg)))
	_, _ = c.Transport.Write(length[:])
	_, _ = c.Transport.Write(msg)
}

// ConnectionLost implements [protocol.Protocol].
func (c *stream) ConnectionLost(error) {
	c.lost = true
	if c.timer.Active() {
		_ = c.timer.Cancel()
	}
}

// output hears how fast the peer takes what is written.
type output stream

var _ protocol.Producer = (*output)(nil)

// PauseProducing implements [protocol.Producer].
func (o *output) PauseProducing() {
	o.full = true
	(*stream)(o).flow()
}

// ResumeProducing implements [protocol.Producer].
func (o *output) ResumeProducing() {
	o.full = false
	(*stream)(o).flow()
}

// StopProducing implements [protocol.Producer]. ConnectionLost follows.
func (o *output) StopProducing() {}
