package dns

import (
	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/modules/dns/zone"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// transfer sends a whole zone over a stream (RFC 5936), a message whenever the one before is gone. It is also the
// answer to a request for what has changed (RFC 1995 section 4), since no older state of a zone is known.
type transfer struct {
	stream *stream
	cursor zone.Cursor
	query  message.Query
	next   message.Record // that did not fit any more
	more   bool           // next is to be sent
}

// transferSize is how long a message of a transfer gets before the next one begins, in bytes.
const transferSize = 16 << 10

var _ protocol.Producer = (*transfer)(nil)

// beginTransfer begins a transfer if msg asks for one and may. Otherwise the query is answered as any other.
func (c *stream) beginTransfer(msg []byte) bool {
	q := &c.query
	if rcode, ok := message.ParseQuery(msg, q); !ok || rcode != message.NoError || q.Version != 0 || q.Class != message.ClassIN ||
		q.Type != message.TypeAXFR && q.Type != message.TypeIXFR || !contains(c.server.config.Transfer, c.peer.Addr()) {
		return false
	}
	z := c.server.zones[message.Name(q.Key())]
	if z == nil {
		return false
	}
	t := &transfer{stream: c, cursor: z.Cursor(), query: *q}
	t.query.Keep()
	t.next, t.more = t.cursor.Next()
	c.transfer = t
	c.flow()
	c.Transport.UnregisterProducer()
	_ = c.Transport.RegisterProducer(t, false) // the one before has just gone
	return true
}

// ResumeProducing implements [protocol.Producer]: it sends one message, and ends the transfer after the last one.
func (t *transfer) ResumeProducing() {
	c := t.stream
	c.heard = c.Transport.Reactor().Now()
	if !t.more {
		c.transfer = nil
		c.Transport.UnregisterProducer()
		_ = c.Transport.RegisterProducer((*output)(c), true)
		c.flow()
		return
	}
	c.query = t.query
	c.begin()
	c.build.SetAuthoritative()
	for t.more {
		mark := c.build.Mark()
		c.build.Record(t.next)
		if c.build.Len() > transferSize && mark.Records() > 0 {
			c.build.Rewind(mark)
			break
		}
		t.next, t.more = t.cursor.Next()
	}
	c.send(c.finish(message.NoError))
}

// PauseProducing implements [protocol.Producer].
func (t *transfer) PauseProducing() {}

// StopProducing implements [protocol.Producer]. ConnectionLost follows.
func (t *transfer) StopProducing() {}
