package policy

import (
	"errors"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Throttle is how fast connections may be, in each direction. The zero Throttle lets everything through.
type Throttle struct {
	// Read and Write have the buckets for bytes received and written; nil: no limit. One that throttles both
	// directions together may be given twice.
	Read, Write Buckets
	// HardCap bounds the bytes of one connection that wait for the write limit. A protocol that writes beyond it loses
	// its connection with [protocol.ErrLimit]. 0: 1 MiB. A registered producer is paused when 64 KiB wait, or a
	// quarter of the cap if that is less.
	HardCap int
}

// ThrottlingFactory keeps connections to a rate. What comes in too fast stays with the peer, whose connection is not
// read meanwhile. What is written too fast waits here, and producers are paused.
type ThrottlingFactory struct {
	WrappingFactory
	throttle Throttle
	high     int
}

var _ protocol.ClientFactory = (*ThrottlingFactory)(nil)

// Limits of the output that waits.
const (
	defaultHardCap = 1 << 20
	maxHighWater   = 64 << 10
)

var errThrottleCap = errors.New("output waiting for the write limit exceeds the hard cap; " +
	"register a producer to write at its pace")

// NewThrottlingFactory keeps the connections of f to the throttle.
func NewThrottlingFactory(f protocol.Factory, throttle Throttle) *ThrottlingFactory {
	if throttle.HardCap == 0 {
		throttle.HardCap = defaultHardCap
	}
	return &ThrottlingFactory{WrappingFactory{f}, throttle, min(maxHighWater, throttle.HardCap/4)}
}

// BuildProtocol implements [protocol.Factory].
func (f *ThrottlingFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := f.Factory.BuildProtocol(addr)
	if inner == nil {
		return nil
	}
	p := &throttledProtocol{ProtocolWrapper: ProtocolWrapper{Protocol: inner}, f: f}
	_, half := inner.(protocol.HalfCloser)
	_, buffers := inner.(protocol.BufferProvider)
	// Output that waits here must not be lost because the peer has closed its side.
	return expose(p, half || f.throttle.Write != nil, buffers)
}

// throttledProtocol is one connection. The reading side is in this file, the writing side is p.out.
type throttledProtocol struct {
	ProtocolWrapper
	f      *ThrottlingFactory
	clock  protocol.Clock
	read   *Bucket
	out    throttledOutput
	reason error // why it was aborted from here

	readTimer protocol.DelayedCall // until reading goes on; nil if it is not held up
	paused    bool                 // by the protocol
	held      bool                 // by the protocol, which had no buffer
	over      bool
}

func (p *throttledProtocol) ConnectionMade(t protocol.Transport) {
	p.Transport, p.clock = t, t.Reactor()
	now := p.clock.Now()
	if b := p.f.throttle.Read; b != nil {
		p.read = b.Acquire(t.Peer(), now)
	}
	if b := p.f.throttle.Write; b != nil {
		p.out.bucket = b.Acquire(t.Peer(), now)
	}
	p.out.p = p
	p.Protocol.ConnectionMade(p)
}

func (p *throttledProtocol) DataReceived(data []byte) {
	var wait time.Duration
	if p.read != nil {
		wait = p.read.take(p.clock.Now(), len(data))
	}
	if wait > 0 {
		stop(p.readTimer)
		p.readTimer = p.clock.CallLater(wait, p.readAgain)
		p.Transport.PauseReading()
	}
	p.Protocol.DataReceived(data)
}

func (p *throttledProtocol) readAgain() {
	p.readTimer = nil
	p.resume()
}

// resume resumes reading unless somebody wants it to pause.
func (p *throttledProtocol) resume() {
	if !p.paused && !p.held && p.readTimer == nil && !p.over && !p.out.lose {
		p.Transport.ResumeReading()
	}
}

func (p *throttledProtocol) ReadBuffer() []byte {
	buf := p.ProtocolWrapper.ReadBuffer()
	p.held = len(buf) == 0
	if p.read != nil {
		buf = buf[:min(len(buf), p.read.quantum())]
	}
	return buf
}

func (p *throttledProtocol) PauseReading() {
	p.paused = true
	p.Transport.PauseReading()
}

func (p *throttledProtocol) ResumeReading() {
	p.paused, p.held = false, false
	p.resume()
}

// ReadConnectionLost is what the transport would do for a protocol that does not know of half-closed connections, had
// it been told of this one: output goes out, but no producer is waited for.
func (p *throttledProtocol) ReadConnectionLost() {
	if _, ok := p.Protocol.(protocol.HalfCloser); ok {
		p.ProtocolWrapper.ReadConnectionLost()
		return
	}
	leave(p, p.out.producer)
}

func (p *throttledProtocol) ConnectionLost(reason error) {
	p.over = true
	stop(p.readTimer)
	p.out.discard()
	if p.read != nil {
		p.f.throttle.Read.Release(p.read)
	}
	if p.out.bucket != nil {
		p.f.throttle.Write.Release(p.out.bucket)
	}
	if p.reason != nil {
		reason = p.reason
	}
	p.Protocol.ConnectionLost(reason)
}

// stop cancels a timer that may be nil or over.
func stop(timer protocol.DelayedCall) {
	if timer != nil && timer.Active() {
		_ = timer.Cancel() // fails only if it is not active
	}
}
