package basic

import "github.com/wasmnet/wasmnet/reactor/protocol"

// LineOnlyReceiver splits the stream into lines and knows no other mode. It differs from [LineReceiver] in one more
// thing: an unfinished line closes the connection as soon as it is longer than MaxLength, and what has come of the
// delimiter counts.
type LineOnlyReceiver struct {
	protocol.Base
	// Handler gets the lines. It must be set; a [LineLengthHandler] hears of lines that are too long.
	Handler LineHandler
	// Delimiter ends a line. Empty: CR LF.
	Delimiter []byte
	// MaxLength is the limit, in bytes. 0: [MaxLineLength].
	MaxLength int

	lines lines
}

var _ protocol.Producer = (*LineOnlyReceiver)(nil)

// ConnectionMade keeps the transport.
func (p *LineOnlyReceiver) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if p.Handler == nil {
		panic("basic: LineOnlyReceiver without a Handler")
	}
}

// DataReceived delivers the lines that are complete.
func (p *LineOnlyReceiver) DataReceived(data []byte) { p.lines.receive(p.Transport, p, data) }

func (p *LineOnlyReceiver) parse() bool {
	delimiter, limit := lineRules(p.Delimiter, p.MaxLength)
	if line, ok := p.lines.next(delimiter, limit); ok {
		p.Handler.LineReceived(line)
		return true
	}
	return p.lines.parse(p.Transport, p.Handler, delimiter, limit, limit)
}

// SendLine writes line and the delimiter.
func (p *LineOnlyReceiver) SendLine(line []byte) error {
	return sendLine(p.Transport, line, p.Delimiter)
}

// PauseProducing stops delivery and reading, also between two lines of one chunk.
func (p *LineOnlyReceiver) PauseProducing() { p.lines.pause(p.Transport) }

// ResumeProducing undoes PauseProducing. Lines that are waiting are delivered before it returns, unless it is called
// from inside a handler.
func (p *LineOnlyReceiver) ResumeProducing() { p.lines.resume(p.Transport, p) }

// StopProducing closes the connection and delivers nothing more.
func (p *LineOnlyReceiver) StopProducing() { p.lines.stop(p.Transport) }
