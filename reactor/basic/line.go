package basic

import "github.com/wasmnet/wasmnet/reactor/protocol"

// LineReceiver splits the stream into lines, or in raw mode delivers it as it comes. A line longer than MaxLength
// closes the connection, and so does a beginning of MaxLength + len(Delimiter) bytes without a delimiter.
type LineReceiver struct {
	protocol.Base
	// Handler gets the lines. It must be set; a [RawDataHandler] or [LineLengthHandler] has further powers.
	Handler LineHandler
	// Delimiter ends a line. Empty: CR LF.
	Delimiter []byte
	// MaxLength is the limit, in bytes. 0: [MaxLineLength].
	MaxLength int

	lines lines
	raw   bool
}

var _ protocol.Producer = (*LineReceiver)(nil)

// ConnectionMade keeps the transport.
func (p *LineReceiver) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if p.Handler == nil {
		panic("basic: LineReceiver without a Handler")
	}
}

// DataReceived delivers the lines that are complete. Called from inside a handler it appends data to what has been
// received.
func (p *LineReceiver) DataReceived(data []byte) { p.lines.receive(p.Transport, p, data) }

func (p *LineReceiver) parse() bool {
	if !p.raw {
		// A beginning as long as this cannot become a line of MaxLength any more.
		delimiter, limit := lineRules(p.Delimiter, p.MaxLength)
		if line, ok := p.lines.next(delimiter, limit); ok {
			p.Handler.LineReceived(line)
			return true
		}
		return p.lines.parse(p.Transport, p.Handler, delimiter, limit, limit+len(delimiter)-1)
	}
	if p.lines.available() == 0 {
		return false
	}
	p.Handler.(RawDataHandler).RawDataReceived(p.lines.rest())
	return true
}

// SetRawMode has everything that follows the line at hand delivered to the handler's RawDataReceived; it panics if
// there is none.
func (p *LineReceiver) SetRawMode() {
	if _, ok := p.Handler.(RawDataHandler); !ok {
		panic("basic: raw mode with a handler that has no RawDataReceived")
	}
	p.raw = true
	p.lines.passing, p.lines.scanned = false, 0
}

// SetLineMode ends raw mode. Called from RawDataReceived it is given the bytes that do not belong to the raw data any
// more, which are then split into lines; extra may be, and best is, a slice of the data that was delivered.
func (p *LineReceiver) SetLineMode(extra []byte) {
	p.raw, p.lines.scanned = false, 0
	if len(extra) > 0 && !p.lines.unread(extra) {
		p.DataReceived(extra)
	}
}

// ClearLineBuffer forgets what was received and not delivered, and returns it.
func (p *LineReceiver) ClearLineBuffer() []byte {
	l := &p.lines
	left := append(append([]byte(nil), l.held[l.off:]...), l.in...)
	l.off, l.in, l.scanned, l.passing = len(l.held), nil, 0, false
	return left
}

// SendLine writes line and the delimiter.
func (p *LineReceiver) SendLine(line []byte) error { return sendLine(p.Transport, line, p.Delimiter) }

// PauseProducing stops delivery and reading, also between two lines of one chunk.
func (p *LineReceiver) PauseProducing() { p.lines.pause(p.Transport) }

// ResumeProducing undoes PauseProducing. Lines that are waiting are delivered before it returns, unless it is called
// from inside a handler.
func (p *LineReceiver) ResumeProducing() { p.lines.resume(p.Transport, p) }

// StopProducing closes the connection and delivers nothing more.
func (p *LineReceiver) StopProducing() { p.lines.stop(p.Transport) }
