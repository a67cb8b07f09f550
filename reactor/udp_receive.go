package reactor

import (
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// readable implements [handler]. One datagram is delivered; an event for the rest of its batch is put behind those that
// the turn has still to deal with, so that whoever has the loop then goes on.
func (p *DatagramPort) readable(r *runner) {
	l := p.loop
	again := p.again
	p.again = false
	switch {
	case p.closed || p.held || p.paused:
		return
	case p.batch == nil && again:
		return // the event was for a batch that is gone
	case p.batch == nil:
		b := l.takeDatagrams()
		if err := p.sock.receive(b); err != nil {
			l.returnDatagrams(b)
			p.receiveFailed(err)
			return
		}
		p.batch = b
	}
	if p.batch.n-p.batch.at > 1 || p.buffers != nil {
		p.goOn()
	}
	if p.buffers == nil {
		p.deliver(r, nil)
		return
	}
	buf := p.buffers.ReadBuffer()
	switch {
	case r.gone:
	case len(buf) == 0:
		p.held = true
		p.watch()
	case !p.closed:
		p.deliver(r, buf)
	}
}

// goOn has readable called again in this turn, or in the next one if this one is past its events.
func (p *DatagramPort) goOn() {
	if !p.again {
		p.again = true
		p.loop.events = append(p.loop.events, event{p.sock.eventKey(), interestRead})
	}
}

// deliver takes a datagram from the batch and gives it to the protocol, in buf if that is not nil. It is the last thing
// that its caller does.
func (p *DatagramPort) deliver(r *runner, buf []byte) {
	l, b := p.loop, p.batch
	i := b.at
	size := b.size[i]
	if b.at++; b.at == b.n {
		p.batch = nil
	}
	room := maxDatagram
	if buf != nil {
		room = len(buf)
	}
	if size > room {
		l.reactor.log.Debug("a datagram is longer than its receiver's buffer", "port", p.events.String(),
			"bytes", size, "buffer", room)
		p.finish(b)
		return
	}
	data := b.slot(i)[:size]
	if buf != nil {
		data = buf[:copy(buf, data)]
	}
	l.delivering = b
	p.events.received(data, b, i)
	if r.gone {
		return
	}
	l.delivering = nil
	p.finish(b)
}

// finish gives a batch back that was delivered.
func (p *DatagramPort) finish(b *datagrams) {
	if b.at == b.n {
		p.loop.returnDatagrams(b)
	}
}

// receiveFailed deals with an error that a receiving socket reports. It is that of a datagram sent before.
func (p *DatagramPort) receiveFailed(err error) {
	if err == errAgain {
		return
	}
	if isRefused(err) {
		p.refused()
		return
	}
	p.loop.reactor.log.Debug("a datagram port reports an error", "port", p.events.String(), "error", err)
}

func isRefused(err error) bool {
	return protocol.ReasonOf(dialReason(err)) == protocol.ErrConnectionRefused
}

// refused tells the protocol, in a later turn, that nobody listens at the peer.
func (p *DatagramPort) refused() {
	if p.refuser == nil || p.refusals {
		return
	}
	p.refusals = true
	p.loop.CallFromThread(func() {
		p.refusals = false
		if !p.closed {
			p.refuser.ConnectionRefused()
		}
	})
}

// writable implements [handler].
func (p *DatagramPort) writable(*runner) {}

// PauseReading stops delivery until ResumeReading. The system keeps what arrives meanwhile, as far as it has room.
func (p *DatagramPort) PauseReading() {
	p.paused = true
	p.watch()
}

// ResumeReading undoes PauseReading, and asks again for a buffer that was refused.
func (p *DatagramPort) ResumeReading() {
	p.paused, p.held = false, false
	p.watch()
	if p.batch != nil && !p.closed {
		p.loop.CallFromThread(p.goOn)
	}
}

// watch has the poller tell of what arrives, or not.
func (p *DatagramPort) watch() {
	if p.closed || !p.started {
		return
	}
	if err := p.sock.want(!p.paused && !p.held); err != nil {
		p.stop(protocol.ErrConnectionLost.Because(err))
	}
}

// takeDatagrams returns an empty batch.
func (l *Loop) takeDatagrams() *datagrams {
	if b := l.idleDatagrams; b != nil {
		l.idleDatagrams = nil
		return b
	}
	return newDatagrams()
}

// returnDatagrams keeps a batch for the next port, unless it may still be read.
func (l *Loop) returnDatagrams(b *datagrams) {
	if !b.kept {
		b.n, b.at = 0, 0
		l.idleDatagrams = b
	}
}
