package policy

import "github.com/wasmnet/wasmnet/reactor/protocol"

// throttledOutput is what a connection wrote and may not send yet.
type throttledOutput struct {
	p      *throttledProtocol
	bucket *Bucket // nil: no limit, and everything here stays empty

	queue []byte
	paid  int                  // the first bytes of queue, which have been taken out of the bucket
	timer protocol.DelayedCall // until those may go

	lose, loseWrite bool // asked for; done when nothing waits and nothing more is produced

	producer  protocol.Producer // the protocol's; registered below as this throttledOutput
	streaming bool
	below     bool                 // the transport below has paused it
	paused    bool                 // it has been told to pause
	hungry    bool                 // a pull producer that is to be asked
	notice    protocol.DelayedCall // will tell it
}

// Write implements [protocol.Transport].
func (p *throttledProtocol) Write(data []byte) (int, error) {
	o := &p.out
	if o.bucket == nil {
		return p.Transport.Write(data)
	}
	if p.over || (o.lose || o.loseWrite) && o.producer == nil {
		return 0, protocol.ErrClosed
	}
	n := 0
	if len(o.queue) == 0 {
		var err error
		if n, err = o.send(data); err != nil {
			return 0, err
		}
		if n == len(data) {
			return n, nil
		}
	}
	if len(o.queue)+len(data)-n > p.f.throttle.HardCap {
		p.reason = protocol.ErrLimit.Because(errThrottleCap)
		p.AbortConnection()
		return 0, p.reason
	}
	o.queue = append(o.queue, data[n:]...)
	if o.producer != nil && o.streaming && len(o.queue) > p.f.high {
		o.tell()
	}
	return len(data), nil
}

// send writes what the bucket lets through of data now, and returns how much that was. The next bytes are then paid
// for, and the timer is set.
func (o *throttledOutput) send(data []byte) (sent int, err error) {
	quantum := o.bucket.quantum()
	for sent < len(data) {
		n := min(len(data)-sent, quantum)
		if wait := o.bucket.take(o.p.clock.Now(), n); wait > 0 {
			o.paid, o.timer = n, o.p.clock.CallLater(wait, o.due)
			break
		}
		if _, err := o.p.Transport.Write(data[sent : sent+n]); err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// due sends the bytes that were paid for, and what may follow them.
func (o *throttledOutput) due() {
	paid := o.paid
	o.paid, o.timer = 0, nil
	if _, err := o.p.Transport.Write(o.queue[:paid]); err != nil {
		o.queue = nil
		return
	}
	sent, err := o.send(o.queue[paid:])
	if err != nil {
		o.queue = nil
		return
	}
	if o.queue = o.queue[paid+sent:]; len(o.queue) == 0 {
		o.queue = nil
	}
	o.finish()
	o.update()
}

// finish passes on the close that was asked for, once nothing waits and nothing more is produced.
func (o *throttledOutput) finish() {
	switch {
	case len(o.queue) > 0 || o.producer != nil:
	case o.lose:
		o.p.Transport.LoseConnection()
	case o.loseWrite:
		o.p.Transport.LoseWriteConnection()
	}
}

// discard forgets everything that waits.
func (o *throttledOutput) discard() {
	stop(o.timer)
	o.bucket.give(o.paid)
	o.queue, o.paid, o.timer = nil, 0, nil
}

// LoseConnection implements [protocol.Transport].
func (p *throttledProtocol) LoseConnection() {
	if !p.out.lose {
		p.out.lose = true
		p.Transport.PauseReading()
		p.out.finish()
	}
}

// LoseWriteConnection implements [protocol.Transport].
func (p *throttledProtocol) LoseWriteConnection() {
	p.out.loseWrite = true
	p.out.finish()
}

// AbortConnection implements [protocol.Transport].
func (p *throttledProtocol) AbortConnection() {
	p.out.discard()
	p.Transport.AbortConnection()
}

// Disconnecting implements [protocol.Transport].
func (p *throttledProtocol) Disconnecting() bool { return p.out.lose || p.Transport.Disconnecting() }

// Buffered implements [protocol.Transport].
func (p *throttledProtocol) Buffered() int { return len(p.out.queue) + p.Transport.Buffered() }

// StartTLS implements [protocol.Transport]. What was written before it goes out before it, at once.
func (p *throttledProtocol) StartTLS(options protocol.TLSOptions) error {
	o := &p.out
	if len(o.queue) > 0 {
		o.bucket.take(p.clock.Now(), len(o.queue)-o.paid)
		o.paid = 0
		queue := o.queue
		o.discard()
		if _, err := p.Transport.Write(queue); err != nil {
			return err
		}
		o.update()
	}
	return p.Transport.StartTLS(options)
}

// RegisterProducer implements [protocol.Transport].
func (p *throttledProtocol) RegisterProducer(producer protocol.Producer, streaming bool) error {
	o := &p.out
	if o.producer != nil {
		return protocol.ErrProducerRegistered
	}
	o.producer, o.streaming = producer, streaming
	o.below, o.paused, o.hungry = false, false, false
	if err := p.Transport.RegisterProducer(o, streaming); err != nil {
		o.producer = nil
		return err
	}
	if len(o.queue) > p.f.high {
		o.tell()
	}
	return nil
}

// UnregisterProducer implements [protocol.Transport].
func (p *throttledProtocol) UnregisterProducer() {
	p.out.producer = nil
	p.Transport.UnregisterProducer()
	p.out.finish()
}

// PauseProducing is called by the transport below.
func (o *throttledOutput) PauseProducing() {
	o.below = true
	o.update()
}

// ResumeProducing is called by the transport below.
func (o *throttledOutput) ResumeProducing() {
	o.below, o.hungry = false, true
	o.update()
}

// StopProducing is called by the transport below.
func (o *throttledOutput) StopProducing() {
	if producer := o.producer; producer != nil {
		o.producer = nil
		producer.StopProducing()
	}
}

// tell has update called, in a later turn: this one is the producer's own.
func (o *throttledOutput) tell() {
	if o.notice == nil {
		o.notice = o.p.clock.CallLater(0, func() {
			o.notice = nil
			o.update()
		})
	}
}

// update tells the producer what it does not know yet.
func (o *throttledOutput) update() {
	if o.producer == nil || o.p.over {
		return
	}
	if !o.streaming {
		if o.hungry && len(o.queue) == 0 {
			o.hungry = false
			o.producer.ResumeProducing()
		}
		return
	}
	// Between the marks things stay as they are.
	high := o.p.f.high
	pause := o.below || len(o.queue) > high || o.paused && len(o.queue) > high/4
	if pause == o.paused {
		return
	}
	o.paused = pause
	if pause {
		o.producer.PauseProducing()
	} else {
		o.producer.ResumeProducing()
	}
}
