package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

// producer is a registered producer.
type producer struct {
	protocol.Producer
	streaming bool
	paused    bool // a push producer was paused
	hungry    bool // a pull producer is to be asked for more
}

// RegisterProducer implements [protocol.Transport]. A pull producer is first asked when the current event is over.
func (c *Conn) RegisterProducer(p protocol.Producer, streaming bool) error {
	if c.flags&connOver != 0 {
		p.StopProducing()
		return nil
	}
	if c.producer != nil {
		return protocol.ErrProducerRegistered
	}
	c.producer = &producer{Producer: p, streaming: streaming, hungry: true}
	c.touch()
	return nil
}

// UnregisterProducer implements [protocol.Transport].
func (c *Conn) UnregisterProducer() {
	if c.flags&connOver == 0 && c.producer != nil {
		c.producer = nil
		c.touch()
	}
}

// notices are what a connection may have to tell its producer or its half-closer.
type noticeKind uint8

const (
	noNotice noticeKind = iota
	noticeHandshake
	noticeHalfClosed
	noticePause
	noticeResume
	noticePull
)

// due returns the notice that is to be given now.
func (c *Conn) due() noticeKind {
	if c.flags&connOver != 0 {
		return noNotice
	}
	if c.flags&connTellShaken != 0 {
		return noticeHandshake
	}
	if c.flags&connTellHalf != 0 {
		return noticeHalfClosed
	}
	p := c.producer
	switch {
	case p == nil || c.flags&connLeaving != 0:
		return noNotice
	case !p.streaming:
		if p.hungry && c.Buffered() == 0 {
			return noticePull
		}
	case p.paused:
		if c.Buffered() <= c.limits.low {
			return noticeResume
		}
	case c.Buffered() > c.limits.high:
		return noticePause
	}
	return noNotice
}

// notice puts the connection on the list if there is anything to tell.
func (c *Conn) notice() {
	if c.flags&connNoticed == 0 && c.due() != noNotice {
		c.flags |= connNoticed
		c.loop.notices.add(c)
	}
}

// giveNotices gives each connection on the list one notice. The next one, which may follow from it, has its time in the
// next turn: a pull producer that always has more does not keep the loop from its other connections.
func (l *Loop) giveNotices(r *runner) bool {
	for c := l.notices.take(); c != nil; c = l.notices.take() {
		c.flags &^= connNoticed
		due := c.due()
		if due == noNotice {
			continue
		}
		c.touch()
		r.active = c
		switch p := c.producer; due {
		case noticeHandshake:
			c.flags &^= connTellShaken
			c.proto.(protocol.HandshakeListener).HandshakeCompleted()
		case noticeHalfClosed:
			c.flags &^= connTellHalf
			c.proto.(protocol.HalfCloser).WriteConnectionLost()
		case noticePause:
			p.paused = true
			p.PauseProducing()
		case noticeResume:
			p.paused = false
			p.ResumeProducing()
		case noticePull:
			p.hungry = false
			p.ResumeProducing()
		}
		if r.gone {
			return false
		}
		r.active = nil
		l.settle()
	}
	return true
}
