package amp

import "github.com/wasmnet/wasmnet/reactor/protocol"

// highWater is how much output may wait, in bytes, before no further box is delivered: an end that asks without reading
// the answers is not read itself.
const highWater = 64 << 10

// pause is why no boxes are delivered.
type pause uint8

const (
	forUser   pause = 1 << iota // PauseProducing was called
	forAsks                     // too many commands wait for their answers
	forOutput                   // the other end does not read
)

func (p *BinaryBoxProtocol) pause(why pause) {
	p.paused |= why
	p.Transport.PauseReading()
}

// resume delivers the boxes that are waiting, unless there is another reason not to.
func (p *BinaryBoxProtocol) resume(why pause) {
	if p.paused&why == 0 || p.inner != nil {
		return
	}
	if p.paused &^= why; p.paused != 0 {
		return
	}
	p.Transport.ResumeReading()
	if !p.busy {
		p.parser.feed(nil)
		p.deliver()
	}
}

// PauseProducing stops delivery and reading, also between two boxes of one chunk.
func (p *BinaryBoxProtocol) PauseProducing() { p.pause(forUser) }

// ResumeProducing undoes PauseProducing. Boxes that are waiting are delivered before it returns, unless it is called
// while a box is delivered.
func (p *BinaryBoxProtocol) ResumeProducing() { p.resume(forUser) }

// StopProducing closes the connection and delivers nothing more.
func (p *BinaryBoxProtocol) StopProducing() {
	p.pause(forUser)
	p.Transport.LoseConnection()
}

// outlet is registered with the transport while too much output waits, to hear when it has gone.
type outlet struct{ *BinaryBoxProtocol }

var _ protocol.Producer = outlet{}

// PauseProducing implements [protocol.Producer]: a pull producer is never paused.
func (o outlet) PauseProducing() {}

// ResumeProducing implements [protocol.Producer].
func (o outlet) ResumeProducing() {
	if o.Transport.Buffered() > 0 || o.paused&forOutput == 0 {
		return // it is asked once at the beginning
	}
	o.Transport.UnregisterProducer()
	o.resume(forOutput)
}

// StopProducing implements [protocol.Producer].
func (o outlet) StopProducing() {}
