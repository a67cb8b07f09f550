// Package dns is a name server (RFC 1034, RFC 1035). It answers with authority for zones that it is given as zone
// files, and asks other servers about the rest, whose answers it keeps: over UDP, TCP (RFC 7766) and TLS (RFC 7858),
// with EDNS (RFC 6891).
//
// Package message has the wire format, package zone the zones.
package dns

import (
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/modules/dns/zone"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Server answers queries. It is the factory of its TCP and TLS connections, and BuildDatagramProtocol makes the
// protocol of a UDP port.
//
// What it answers with authority it answers on any loop. A server that forwards lives on the loop of the reactor it was
// made for, and its endpoints must be opened there.
type Server struct {
	config    Config
	reactor   protocol.Reactor
	zones     map[message.Name]*zone.Zone
	forwarder *forwarder // nil: nothing is forwarded
}

var _ protocol.Factory = (*Server)(nil)

// New returns the server that c describes. It fails if two zones have the same name.
func New(r protocol.Reactor, c Config) (*Server, error) {
	s := &Server{config: c.withDefaults(), reactor: r, zones: map[message.Name]*zone.Zone{}}
	for _, z := range c.Zones {
		if s.zones[z.Origin()] != nil {
			return nil, fmt.Errorf("zone %s is given twice", z.Origin())
		}
		s.zones[z.Origin()] = z
	}
	if len(c.Upstreams) > 0 {
		s.forwarder = newForwarder(r, &s.config)
	}
	return s, nil
}

// BuildProtocol implements [protocol.Factory].
func (s *Server) BuildProtocol(protocol.Address) protocol.Protocol { return newStream(s) }

// BuildDatagramProtocol returns the protocol of a UDP port.
func (s *Server) BuildDatagramProtocol(protocol.Address) protocol.DatagramProtocol {
	return &port{responder: responder{server: s}}
}

// zoneOf returns the zone that a name in lower case belongs to: the one with the longest name.
func (s *Server) zoneOf(name []byte) *zone.Zone {
	for len(s.zones) > 0 {
		if z := s.zones[message.Name(name)]; z != nil {
			return z
		}
		if name[0] == 0 {
			break
		}
		name = name[1+int(name[0]):]
	}
	return nil
}

// port is one UDP port.
type port struct {
	responder
	transport protocol.DatagramTransport
}

var _ protocol.DatagramProtocol = (*port)(nil)

// StartProtocol implements [protocol.DatagramProtocol].
func (p *port) StartProtocol(t protocol.DatagramTransport) { p.transport = t }

// DatagramReceived implements [protocol.DatagramProtocol].
func (p *port) DatagramReceived(data []byte, from netip.AddrPort) {
	if response, _ := p.respond(data, asker{via: p, address: from}); response != nil {
		p.send(response, from)
	}
}

// StopProtocol implements [protocol.DatagramProtocol].
func (p *port) StopProtocol(error) { p.transport = nil }

// reply implements [replier].
func (p *port) reply(a answer, to netip.AddrPort) {
	if p.transport != nil {
		p.buf = a.appendTo(p.buf[:0])
		p.send(p.buf, to)
	}
}

// send gives a response away. One that cannot be sent is lost, as the network may lose it, and the asker asks again.
func (p *port) send(response []byte, to netip.AddrPort) { _ = p.transport.WriteTo(response, to) }
