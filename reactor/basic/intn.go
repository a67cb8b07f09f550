package basic

import (
	"fmt"
	"unsafe"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The receivers of strings that have their length in front of them in 1, 2 or 4 bytes, big endian.
type (
	Int8Receiver  = IntReceiver[uint8]
	Int16Receiver = IntReceiver[uint16]
	Int32Receiver = IntReceiver[uint32]
)

// LengthLimitHandler is implemented by string handlers that have something to say about a string that is too long,
// before the connection is closed or instead of closing it.
type LengthLimitHandler interface {
	// LengthLimitExceeded is called when the length of a string has arrived and is more than MaxLength. If it does
	// not close the connection, the string is passed over.
	LengthLimitExceeded(length int64)
}

// IntReceiver receives strings that have their length in front of them, as a number of P's width in network byte order.
// A length of more than MaxLength closes the connection before any of the string is read.
type IntReceiver[P uint8 | uint16 | uint32] struct {
	protocol.Base
	// Handler gets the strings. It must be set; a [LengthLimitHandler] hears of lengths beyond the limit.
	Handler StringHandler
	// MaxLength is the limit, in bytes. 0: [MaxStringLength].
	MaxLength int

	stream  stream
	length  int   // of the string at hand
	started bool  // its length has arrived
	passing int64 // so many bytes are to be passed over
	prefix  [4]byte
}

var _ protocol.Producer = (*Int8Receiver)(nil)

// ConnectionMade keeps the transport.
func (p *IntReceiver[P]) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if p.Handler == nil {
		panic("basic: IntReceiver without a Handler")
	}
}

// DataReceived delivers the strings that are complete.
func (p *IntReceiver[P]) DataReceived(data []byte) { p.stream.receive(p.Transport, p, data) }

func (p *IntReceiver[P]) parse() bool {
	s := &p.stream
	if p.passing > 0 {
		p.passing -= int64(s.skip(int(min(p.passing, int64(s.available())))))
		return p.passing == 0
	}
	if !p.started {
		width := int(unsafe.Sizeof(P(0)))
		if s.available() < width {
			return false
		}
		var length P
		for _, b := range s.take(width) {
			length = P(uint32(length)<<8 | uint32(b))
		}
		if uint64(length) > uint64(stringLimit(p.MaxLength)) {
			p.exceeded(int64(length))
			return true
		}
		p.length, p.started = int(length), true
	}
	if s.available() < p.length {
		return false
	}
	p.started = false
	p.Handler.StringReceived(s.take(p.length))
	return true
}

func (p *IntReceiver[P]) exceeded(length int64) {
	p.passing = length
	if h, ok := p.Handler.(LengthLimitHandler); ok {
		h.LengthLimitExceeded(length)
	} else {
		p.Transport.LoseConnection()
	}
}

// SendString writes s with its length in front. It fails with an error that wraps [ErrStringTooLong].
func (p *IntReceiver[P]) SendString(s []byte) error {
	if uint64(len(s)) > uint64(^P(0)) {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrStringTooLong, len(s), ^P(0))
	}
	width := int(unsafe.Sizeof(P(0)))
	for i, n := width-1, uint32(len(s)); i >= 0; i, n = i-1, n>>8 {
		p.prefix[i] = byte(n)
	}
	if _, err := p.Transport.Write(p.prefix[:width]); err != nil {
		return err
	}
	_, err := p.Transport.Write(s)
	return err
}

// PauseProducing stops delivery and reading, also between two strings of one chunk.
func (p *IntReceiver[P]) PauseProducing() { p.stream.pause(p.Transport) }

// ResumeProducing undoes PauseProducing. Strings that are waiting are delivered before it returns, unless it is called
// from inside a handler.
func (p *IntReceiver[P]) ResumeProducing() { p.stream.resume(p.Transport, p) }

// StopProducing closes the connection and delivers nothing more.
func (p *IntReceiver[P]) StopProducing() { p.stream.stop(p.Transport) }
