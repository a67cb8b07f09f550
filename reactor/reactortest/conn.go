package reactortest

import "github.com/wasmnet/wasmnet/reactor/protocol"

// Conn is one end of a connection in memory, a protocol.Transport.
type Conn struct {
	// Chunks says in what pieces this end receives. Nil: as the Reactor's Chunks says.
	Chunks Chunks

	r         *Reactor
	protocol  protocol.Protocol
	peer      *Conn
	connector *Connector // of a dialled connection
	host      protocol.Address
	remote    protocol.Address

	out []byte // written, and not yet under way
	in  []byte // under way from the peer

	doom      error // what the connection ends with in its next turn
	lost      error // what it has ended with
	losing    bool  // LoseConnection or AbortConnection was called
	writeLost bool  // LoseWriteConnection was called
	finished  bool  // our end of file is under way
	ended     bool  // the peer's end of file is under way
	endSeen   bool  // and was delivered
	paused    bool  // by PauseReading
	starved   bool  // by a nil ReadBuffer
	spliced   bool  // one end of a relay

	producer       protocol.Producer
	streaming      bool
	hungry         bool // a pull producer that has not been asked yet
	producerPaused bool
	output         *outputLimits // in the place of the Reactor's

	tls tlsState
}

var _ protocol.Transport = (*Conn)(nil)

// join makes the two ends of a connection, without telling the protocols.
func (r *Reactor) join(client, server protocol.Protocol, clientAddress, serverAddress protocol.Address) (c, s *Conn) {
	c = &Conn{r: r, protocol: client, host: clientAddress, remote: serverAddress}
	s = &Conn{r: r, protocol: server, host: serverAddress, remote: clientAddress}
	c.peer, s.peer = s, c
	return c, s
}

// begin tells the protocol.
func (c *Conn) begin() {
	c.r.conns = append(c.r.conns, c)
	c.protocol.ConnectionMade(c)
	if h, ok := c.protocol.(protocol.HandshakeListener); ok && c.tls.info != nil && c.lost == nil {
		h.HandshakeCompleted()
	}
}

// Protocol is the protocol at this end.
func (c *Conn) Protocol() protocol.Protocol { return c.protocol }

// Lost is the reason that the connection ended with; nil while it lives.
func (c *Conn) Lost() error { return c.lost }

// ReadingPaused reports whether the protocol wants no data for now.
func (c *Conn) ReadingPaused() bool { return c.paused || c.starved }

// turn runs one turn of the connection and reports whether anything happened.
func (c *Conn) turn() bool {
	if c.lost != nil {
		return false
	}
	if c.doom != nil {
		c.end(c.doom)
		return true
	}
	worked := c.handshake()
	if c.lost == nil && c.doom == nil {
		worked = c.read() || worked
	}
	if c.lost == nil && c.doom == nil {
		worked = c.flush() || worked
	}
	return worked || c.lost == nil && c.doom != nil
}

// read delivers one piece of what is under way, or the peer's end of file.
func (c *Conn) read() bool {
	if c.losing || c.paused || c.starved || c.tls.handshaking() {
		return false
	}
	if len(c.in) > 0 {
		return c.deliver()
	}
	if !c.ended || c.endSeen {
		return false
	}
	c.endSeen = true
	h, ok := c.protocol.(protocol.HalfCloser)
	if ok {
		h.ReadConnectionLost()
	}
	if c.lost == nil && c.doom == nil && (!ok || c.finished) {
		c.end(protocol.ErrConnectionDone)
	}
	return true
}

// largestRead is how much one turn delivers at most.
const largestRead = 64 << 10

func (c *Conn) deliver() bool {
	chunks := c.Chunks
	if chunks == nil {
		chunks = c.r.Chunks
	}
	n := min(chunks.next(len(c.in)), largestRead)
	var buffer []byte
	provider, own := c.protocol.(protocol.BufferProvider)
	if !own {
		if len(c.r.scratch) < n {
			c.r.scratch = make([]byte, n)
		}
		buffer = c.r.scratch
	} else if buffer = provider.ReadBuffer(); len(buffer) == 0 {
		c.starved = true
		return true
	}
	n = copy(buffer, c.in[:n])
	c.in = c.in[n:]
	c.protocol.DataReceived(buffer[:n])
	if !own {
		for i := range buffer[:n] {
			buffer[i] = 0xDB
		}
	}
	return true
}

// flush sends output on its way, and does what waited for that.
func (c *Conn) flush() bool {
	worked := false
	if n := c.sendable(); n > 0 {
		worked = true
		if c.peer.lost != nil {
			c.doom = protocol.ErrConnectionLost
			return true
		}
		c.peer.in = append(c.peer.in, c.out[:n]...)
		c.out = c.out[n:]
		c.tls.flushed(n)
	}
	worked = c.pace(worked) || worked
	if c.lost != nil || c.doom != nil || len(c.out) > 0 || c.producer != nil {
		return worked
	}
	if c.losing {
		c.end(protocol.ErrConnectionDone)
		return true
	}
	if c.writeLost && !c.finished {
		c.finished, c.peer.ended = true, true
		h, ok := c.protocol.(protocol.HalfCloser)
		if ok {
			h.WriteConnectionLost()
		}
		if c.endSeen && c.lost == nil && c.doom == nil {
			c.end(protocol.ErrConnectionDone)
		}
		return true
	}
	return worked
}

// sendable is how much of the output can go on its way now.
func (c *Conn) sendable() int {
	n := min(len(c.out), c.tls.sendable(len(c.out)))
	if c.peer.lost != nil {
		return n
	}
	return max(0, min(n, c.r.Window-len(c.peer.in)))
}

// pace pauses and resumes the producer.
func (c *Conn) pace(sent bool) bool {
	switch {
	case c.producer == nil || c.doom != nil:
		return false
	case !c.streaming:
		if len(c.out) > 0 || !sent && !c.hungry {
			return false
		}
		c.hungry = false
		c.producer.ResumeProducing()
	case !c.producerPaused && len(c.out) > c.limits().high:
		c.producerPaused = true
		c.producer.PauseProducing()
	case c.producerPaused && len(c.out) <= c.limits().low:
		c.producerPaused = false
		c.producer.ResumeProducing()
	default:
		return false
	}
	return true
}

// end is the last that happens to the connection.
func (c *Conn) end(reason error) {
	if c.lost != nil {
		return
	}
	c.lost = reason
	c.out, c.in = nil, nil
	for i, other := range c.r.conns {
		if other == c {
			c.r.conns = append(c.r.conns[:i:i], c.r.conns[i+1:]...)
			break
		}
	}
	if c.peer.lost == nil {
		if protocol.ReasonOf(reason) == protocol.ErrConnectionDone {
			c.peer.ended = true
		} else if c.peer.doom == nil {
			c.peer.doom = protocol.ErrConnectionLost
		}
	}
	if p := c.producer; p != nil {
		c.producer = nil
		p.StopProducing()
	}
	c.protocol.ConnectionLost(reason)
	if c.connector != nil {
		c.connector.lost(reason)
	}
}
