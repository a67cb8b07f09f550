package socks

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/relay"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxAttempts is how many of a name's addresses are tried.
const maxAttempts = 4

// connect serves CONNECT: it dials the addresses one after the other.
func (s *session) connect(addrs []netip.Addr) {
	if len(addrs) > maxAttempts {
		addrs = addrs[:maxAttempts]
	}
	d := &dial{session: s, addrs: addrs}
	d.next(nil)
}

// dial is the factory of the connection to a destination.
type dial struct {
	session *session
	addrs   []netip.Addr // still to be tried
}

var _ protocol.ClientFactory = (*dial)(nil)

// next tries the next address; why is how the attempt before ended.
func (d *dial) next(why error) {
	s := d.session
	for len(d.addrs) > 0 {
		to := endpointOf("tcp", d.addrs[0], s.request.port, s.service.ConnectTimeout)
		d.addrs = d.addrs[1:]
		connector, err := s.Transport.Reactor().Connect(to, d)
		if err == nil {
			s.release = connector.StopConnecting
			return
		}
		why = err
	}
	s.fail(codeOf(why))
}

// endpointOf is a client endpoint string.
func endpointOf(network string, a netip.Addr, port uint16, timeout time.Duration) string {
	return fmt.Sprintf("%s:%s:%d:timeout=%d", network, quote(a), port, int64(timeout/time.Second))
}

// quote writes an address as an argument of an endpoint string.
func quote(a netip.Addr) string { return strings.ReplaceAll(a.String(), ":", `\:`) }

// BuildProtocol implements [protocol.Factory].
func (d *dial) BuildProtocol(protocol.Address) protocol.Protocol {
	if d.session.IsLost() {
		return nil
	}
	return &target{session: d.session, joined: d.connected}
}

// connected is the end of the request. SOCKS 4 is told which address was dialled, which a name has led to; SOCKS 5 the
// address that the destination sees.
func (d *dial) connected(t protocol.Transport) netip.AddrPort {
	d.session.release = nil
	if d.session.request.version == version4 {
		return addrPort(t.Peer())
	}
	return addrPort(t.Host())
}

// StartedConnecting implements [protocol.ClientFactory].
func (d *dial) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (d *dial) ClientConnectionFailed(_ protocol.Connector, reason error) {
	if !d.session.IsLost() {
		d.next(reason)
	}
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (d *dial) ClientConnectionLost(protocol.Connector, error) {}

// target is the connection that a client asked for, dialled or accepted.
type target struct {
	relay.End
	session *session
	joined  func(t protocol.Transport) netip.AddrPort // gives the address that the client is told
}

// ConnectionMade implements [protocol.Protocol].
func (p *target) ConnectionMade(t protocol.Transport) {
	p.End.ConnectionMade(t)
	if p.session.IsLost() {
		t.AbortConnection()
		return
	}
	p.session.reply(granted, p.joined(t))
	p.session.join(&p.End)
}
