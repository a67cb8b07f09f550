package basic

import (
	"strconv"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// NetstringReceiver receives netstrings: a length in decimal digits, a colon, the bytes, a comma. Anything that cannot
// be the beginning of a netstring of at most MaxLength bytes closes the connection at the first wrong byte: a number
// that is too large or has a leading zero, another byte than the colon or the comma.
type NetstringReceiver struct {
	protocol.Base
	// Handler gets the strings. It must be set.
	Handler StringHandler
	// MaxLength is the limit, in bytes. 0: [MaxStringLength].
	MaxLength int

	stream stream
	state  netstringState
	length int
	broken bool
	prefix [20]byte
}

var _ protocol.Producer = (*NetstringReceiver)(nil)

type netstringState uint8

const (
	netstringStart netstringState = iota // no digit yet
	netstringZero                        // the length is 0: a colon must follow
	netstringDigits
	netstringPayload
)

// ConnectionMade keeps the transport.
func (p *NetstringReceiver) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if p.Handler == nil {
		panic("basic: NetstringReceiver without a Handler")
	}
}

// DataReceived delivers the strings that are complete.
func (p *NetstringReceiver) DataReceived(data []byte) { p.stream.receive(p.Transport, p, data) }

// Broken reports whether the peer has sent something that is not a netstring (Twisted's brokenPeer).
func (p *NetstringReceiver) Broken() bool { return p.broken }

func (p *NetstringReceiver) parse() bool {
	s := &p.stream
	for p.state != netstringPayload {
		if s.available() == 0 {
			return false
		}
		if !p.header(s.take(1)[0]) {
			return p.fail()
		}
	}
	if s.available() <= p.length {
		return false
	}
	payload := s.take(p.length + 1)
	if payload[p.length] != ',' {
		return p.fail()
	}
	p.state, p.length = netstringStart, 0
	p.Handler.StringReceived(payload[:len(payload)-1])
	return true
}

// header takes one byte in front of the payload; false says that it is wrong there.
func (p *NetstringReceiver) header(b byte) bool {
	switch {
	case b == ':' && p.state != netstringStart:
		p.state = netstringPayload
	case b == '0' && p.state == netstringStart:
		p.state = netstringZero
	case '0' <= b && b <= '9' && p.state != netstringZero:
		length := uint64(p.length)*10 + uint64(b-'0')
		if length > uint64(stringLimit(p.MaxLength)) {
			return false
		}
		p.length, p.state = int(length), netstringDigits
	default:
		return false
	}
	return true
}

func (p *NetstringReceiver) fail() bool {
	p.broken = true
	p.Transport.LoseConnection()
	return false
}

// SendString writes s as a netstring.
func (p *NetstringReceiver) SendString(s []byte) error {
	prefix := append(strconv.AppendInt(p.prefix[:0], int64(len(s)), 10), ':')
	if _, err := p.Transport.Write(prefix); err != nil {
		return err
	}
	if _, err := p.Transport.Write(s); err != nil {
		return err
	}
	prefix[0] = ','
	_, err := p.Transport.Write(prefix[:1])
	return err
}

// PauseProducing stops delivery and reading, also between two strings of one chunk.
func (p *NetstringReceiver) PauseProducing() { p.stream.pause(p.Transport) }

// ResumeProducing undoes PauseProducing. Strings that are waiting are delivered before it returns, unless it is called
// from inside a handler.
func (p *NetstringReceiver) ResumeProducing() { p.stream.resume(p.Transport, p) }

// StopProducing closes the connection and delivers nothing more.
func (p *NetstringReceiver) StopProducing() { p.stream.stop(p.Transport) }
