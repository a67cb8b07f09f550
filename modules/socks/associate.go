package socks

import (
	"bytes"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	// maxPending bounds the datagrams of a client that wait for a name or a port.
	maxPending = 16
	// maxTalked bounds to how many addresses a client may have sent and still be answered; beyond it one is forgotten.
	maxTalked = 1024
)

// association relays the datagrams of one client: RFC 1928, 7. It ends with the client's connection.
type association struct {
	session *session
	inner   protocol.DatagramTransport // towards the client; nil until it is open
	outer   [2]*outlet                 // to the rest of the world, over IPv4 and IPv6
	client  netip.AddrPort             // the port is 0 until it is known
	talked  map[netip.AddrPort]struct{}
	pending int // datagrams that wait for a name
	scratch []byte
}

// associate serves UDP ASSOCIATE. The client's side is a port at the address that the client has connected to.
func (s *session) associate() {
	peer := addrPort(s.Transport.Peer()).Addr()
	on := addrPort(s.Transport.Host()).Addr()
	a := &association{session: s, client: netip.AddrPortFrom(peer, s.request.port), talked: map[netip.AddrPort]struct{}{}}
	if !peer.IsValid() || !on.IsValid() { // a UNIX socket, which has no host that datagrams could come from
		s.fail(generalFailure)
		return
	}
	port, err := s.Transport.Reactor().ListenUDP("udp:0:interface="+quote(on), a)
	if err != nil {
		s.fail(codeOf(err))
		return
	}
	s.waiting, s.association = true, a
	s.release = func() {
		port.StopListening()
		for _, o := range a.outer {
			if o != nil {
				o.port.StopListening()
			}
		}
	}
}

// StartProtocol implements [protocol.DatagramProtocol].
func (a *association) StartProtocol(t protocol.DatagramTransport) {
	a.inner = t
	a.session.reply(granted, addrPort(t.Host()))
}

// StopProtocol implements [protocol.DatagramProtocol].
func (a *association) StopProtocol(reason error) {
	if reason != nil && !a.session.IsLost() {
		a.session.fail(codeOf(reason))
	}
}

// DatagramReceived passes on what the client sends. Who the client is, is its address, and the port that it has named or
// that its first datagram comes from.
func (a *association) DatagramReceived(data []byte, from netip.AddrPort) {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if a.client.Port() == 0 && from.Addr() == a.client.Addr() {
		a.client = from
	}
	to, payload, ok := parseDatagram(data)
	if from != a.client || !ok {
		return
	}
	if to.name == "" {
		a.session.resolve(to, func(addrs []netip.Addr) { a.send(payload, addrs[0], to.port) }, func(error) {})
		return
	}
	if a.pending >= maxPending {
		return
	}
	a.pending++
	payload = bytes.Clone(payload)
	a.session.resolve(to, func(addrs []netip.Addr) {
		a.pending--
		a.send(payload, addrs[0], to.port)
	}, func(error) { a.pending-- })
}

// send sends to the rest of the world, from a port that is opened with the first datagram.
func (a *association) send(payload []byte, to netip.Addr, port uint16) {
	family, network := 0, "udp"
	if to.Is6() {
		family, network = 1, "udp6"
	}
	o := a.outer[family]
	if o == nil {
		o = &outlet{association: a}
		var err error
		if o.port, err = a.session.Transport.Reactor().ListenUDP(a.from(network, to), o); err != nil {
			return // as the network may drop it; the next one tries again
		}
		a.outer[family] = o
	}
	o.send(payload, netip.AddrPortFrom(to, port))
}

// from is the endpoint that datagrams to an address are sent from.
func (a *association) from(network string, to netip.Addr) string {
	if on := a.session.service.BindAddress; on.IsValid() && on.Is4() == to.Is4() {
		return fmt.Sprintf("%s:0:interface=%s", network, quote(on))
	}
	return network + ":0"
}

// outlet is the port that a client's datagrams leave by.
type outlet struct {
	association *association
	port        protocol.Port
	t           protocol.DatagramTransport // nil until it is open
	waiting     []parcel
}

// parcel is a datagram that waits for its outlet.
type parcel struct {
	payload []byte
	to      netip.AddrPort
}

func (o *outlet) send(payload []byte, to netip.AddrPort) {
	a := o.association
	if o.t == nil {
		if len(o.waiting) < maxPending {
			o.waiting = append(o.waiting, parcel{bytes.Clone(payload), to})
		}
		return
	}
	if _, known := a.talked[to]; !known && len(a.talked) >= maxTalked {
		for old := range a.talked {
			delete(a.talked, old)
			break
		}
	}
	a.talked[to] = struct{}{}
	o.t.WriteTo(payload, to)
}

// StartProtocol implements [protocol.DatagramProtocol].
func (o *outlet) StartProtocol(t protocol.DatagramTransport) {
	o.t = t
	for _, p := range o.waiting {
		o.send(p.payload, p.to)
	}
	o.waiting = nil
}

// StopProtocol implements [protocol.DatagramProtocol].
func (o *outlet) StopProtocol(error) {}

// DatagramReceived passes on to the client what those answer to whom it has sent.
func (o *outlet) DatagramReceived(data []byte, from netip.AddrPort) {
	a := o.association
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if _, known := a.talked[from]; !known || a.client.Port() == 0 {
		return
	}
	a.scratch = appendDatagram(a.scratch[:0], from, data)
	a.inner.WriteTo(a.scratch, a.client)
}
