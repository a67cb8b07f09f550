package amp

import (
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// BoxReceiver gets the boxes of a connection.
type BoxReceiver interface {
	// StartReceivingBoxes says that boxes can be sent from now on, with sender.
	StartReceivingBoxes(sender *BinaryBoxProtocol)
	// AmpBoxReceived delivers a box, which is valid until the call returns.
	AmpBoxReceived(box *Box)
	// StopReceivingBoxes is the last call; reason says why.
	StopReceivingBoxes(reason error)
}

// BinaryBoxProtocol sends and receives boxes. It knows nothing of commands.
type BinaryBoxProtocol struct {
	// Transport is that of the connection; nil before it is made.
	Transport protocol.Transport
	// Receiver gets the boxes. It must be set.
	Receiver BoxReceiver
	// MaxBoxLength is the largest encoding of a box that is accepted, in bytes. 0: [DefaultMaxBoxLength].
	MaxBoxLength int

	parser parser
	busy   bool // boxes are being delivered
	paused pause
	out    []byte // what SendBox encodes into

	locked  bool              // boxes are not sent any more: the protocol is about to switch
	inner   protocol.Protocol // what it has switched to
	holding bool              // boxes wait until TLS has started
	held    []byte            // those boxes
	tls     bool              // TLS was started while a box was delivered
	broken  error             // why this end closes the connection
}

var (
	_ protocol.Protocol = (*BinaryBoxProtocol)(nil)
	_ protocol.Producer = (*BinaryBoxProtocol)(nil)
)

// ConnectionMade implements [protocol.Protocol].
func (p *BinaryBoxProtocol) ConnectionMade(t protocol.Transport) {
	if p.Receiver == nil {
		panic("amp: BinaryBoxProtocol without a Receiver")
	}
	p.Transport = t
	p.parser.limit = p.MaxBoxLength
	if p.parser.limit <= 0 {
		p.parser.limit = DefaultMaxBoxLength
	}
	p.Receiver.StartReceivingBoxes(p)
}

// DataReceived implements [protocol.Protocol].
func (p *BinaryBoxProtocol) DataReceived(data []byte) {
	if p.inner != nil {
		p.inner.DataReceived(data)
		return
	}
	p.parser.feed(data)
	p.deliver()
}

// deliver gives the receiver the boxes that are complete.
func (p *BinaryBoxProtocol) deliver() {
	p.busy = true
	for p.paused == 0 && p.inner == nil && !p.Transport.Disconnecting() {
		box, err := p.parser.next()
		if err != nil {
			p.Close(err)
			break
		}
		if box == nil {
			break
		}
		p.Receiver.AmpBoxReceived(box)
		if p.Transport.Buffered() > highWater && p.Transport.RegisterProducer(outlet{p}, false) == nil {
			p.pause(forOutput)
		}
		if p.tls {
			p.tls = false
			if len(p.parser.in) > 0 {
				// They would be taken for what the peer has said under TLS.
				p.broken = ErrPlaintextAfterTLS
				p.Transport.AbortConnection()
			}
		}
	}
	p.busy = false
	switch {
	case p.inner != nil:
		p.handOver()
	case p.Transport.Disconnecting():
		p.parser.rest()
	default:
		p.parser.keep()
	}
}

// SendBox writes a box. It fails with a *[TooLongError], [ErrProtocolSwitched], [ErrNotConnected] or the error of the
// transport. The box can be used again at once.
func (p *BinaryBoxProtocol) SendBox(box *Box) error {
	switch {
	case p.locked:
		return ErrProtocolSwitched
	case p.Transport == nil:
		return ErrNotConnected
	}
	var err error
	if p.out, err = box.Append(p.out[:0]); err != nil {
		return err
	}
	if p.holding {
		p.held = append(p.held, p.out...)
		return nil
	}
	_, err = p.Transport.Write(p.out)
	if cap(p.out) > keepBuffer {
		p.out = nil
	}
	return err
}

// Close sends what was written and closes the connection; StopReceivingBoxes is given err, if it is not nil, in place
// of the transport's reason.
func (p *BinaryBoxProtocol) Close(err error) {
	if p.broken == nil && err != nil {
		p.broken = protocol.ErrConnectionAborted.Because(err)
	}
	p.Transport.LoseConnection()
}

// SwitchTo hands the connection over to another protocol, which is given all bytes after the box that is being
// delivered. No box can be sent any more.
func (p *BinaryBoxProtocol) SwitchTo(inner protocol.Protocol) {
	p.locked, p.inner = true, inner
	if !p.busy {
		p.handOver()
	}
}

func (p *BinaryBoxProtocol) handOver() {
	rest := p.parser.rest()
	if p.paused&forOutput != 0 {
		p.Transport.UnregisterProducer()
	}
	if p.paused != 0 {
		p.paused = 0
		p.Transport.ResumeReading()
	}
	p.inner.ConnectionMade(p.Transport)
	if len(rest) > 0 {
		p.inner.DataReceived(rest)
	}
}

// hold keeps boxes back until startTLS or release.
func (p *BinaryBoxProtocol) hold() { p.holding = true }

// startTLS upgrades the connection and sends the boxes that were held back.
func (p *BinaryBoxProtocol) startTLS(o protocol.TLSOptions) error {
	if err := p.Transport.StartTLS(o); err != nil {
		return err
	}
	p.tls = p.busy
	p.release()
	return nil
}

// release sends the boxes that were held back.
func (p *BinaryBoxProtocol) release() {
	held := p.held
	p.holding, p.held = false, nil
	if len(held) > 0 {
		// A write that fails is followed by ConnectionLost, which ends every call.
		_, _ = p.Transport.Write(held)
	}
}

// ConnectionLost implements [protocol.Protocol].
func (p *BinaryBoxProtocol) ConnectionLost(reason error) {
	if p.inner != nil {
		p.inner.ConnectionLost(reason)
	}
	if p.broken != nil {
		reason = p.broken
	}
	p.Receiver.StopReceivingBoxes(reason)
}
