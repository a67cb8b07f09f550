// Package answer serves the small protocols that answer a datagram with a few of their own, beside their connections.
package answer

import (
	"net/netip"
	"slices"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// MaxLength is the longest datagram that a small protocol sends by itself, in bytes: RFC 864 and 865 ask for so much.
const MaxLength = 512

// mute are the ports of protocols that answer whatever they are sent. Two of them would keep each other busy for ever, if
// somebody sent one of them a datagram in the name of the other. Port 0 is nobody's.
var mute = []uint16{0, 7, 11, 13, 17, 19, 37}

// Factory makes the protocols of a service's connections, and of its datagram ports.
type Factory struct {
	protocol.FactoryFunc
	// Answer is called with each datagram; it keeps no reference to question. nil: there are no answers.
	Answer func(question []byte, to Asker)
}

var _ protocol.DatagramFactory = (*Factory)(nil)

// BuildDatagramProtocol implements [protocol.DatagramFactory].
func (f *Factory) BuildDatagramProtocol(protocol.Address) protocol.DatagramProtocol {
	return &port{answer: f.Answer}
}

// Asker is who has sent a datagram.
type Asker struct {
	transport protocol.DatagramTransport
	address   netip.AddrPort
}

// Send answers with one datagram. One that cannot be sent is dropped, as the network may drop it.
func (a Asker) Send(answer []byte) { a.transport.WriteTo(answer, a.address) }

type port struct {
	transport protocol.DatagramTransport
	answer    func([]byte, Asker)
}

func (p *port) StartProtocol(t protocol.DatagramTransport) { p.transport = t }

func (p *port) StopProtocol(error) {}

func (p *port) DatagramReceived(data []byte, from netip.AddrPort) {
	if p.answer != nil && !slices.Contains(mute, from.Port()) {
		p.answer(data, Asker{p.transport, from})
	}
}
