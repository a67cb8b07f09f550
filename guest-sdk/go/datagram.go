//go:build wasip1

package wasmnet

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagramPort is one UDP port. It implements [protocol.DatagramTransport] and [protocol.Port].
type datagramPort struct {
	handle   int32
	protocol protocol.DatagramProtocol
	peer     netip.AddrPort // invalid on an unconnected port
	started  bool
	closing  bool
	to       netip.AddrPort // whom text names
	text     []byte
}

var (
	_ protocol.DatagramTransport = (*datagramPort)(nil)
	_ protocol.Port              = (*datagramPort)(nil)
)

// isDatagram reports whether an endpoint string is one of datagrams.
func isDatagram(endpoint string) bool {
	return strings.HasPrefix(endpoint, "udp:") || strings.HasPrefix(endpoint, "udp6:")
}

// ListenUDP implements [protocol.Reactor].
func (*reactor) ListenUDP(endpoint string, p protocol.DatagramProtocol) (protocol.Port, error) {
	if !hot.running {
		return nil, fmt.Errorf("listen %s: %w", endpoint, protocol.ErrNotRunning)
	}
	if !isDatagram(endpoint) {
		return nil, fmt.Errorf("listen %s: not a datagram endpoint", endpoint)
	}
	handle, err := listen(endpoint)
	if err != nil {
		return nil, err
	}
	return newPort(handle, p), nil
}

// ConnectUDP implements [protocol.Reactor].
func (*reactor) ConnectUDP(endpoint string, p protocol.DatagramProtocol) (protocol.Port, error) {
	if !hot.running {
		return nil, fmt.Errorf("connect %s: %w", endpoint, protocol.ErrNotRunning)
	}
	if !isDatagram(endpoint) {
		return nil, fmt.Errorf("connect %s: not a datagram endpoint", endpoint)
	}
	handle := hostConnect(stringPtr(endpoint), int32(len(endpoint)))
	if handle < 0 {
		return nil, fmt.Errorf("connect %s: %w", endpoint, codeError(handle))
	}
	return newPort(handle, p), nil
}

func newPort(handle int32, p protocol.DatagramProtocol) *datagramPort {
	port := &datagramPort{handle: handle, protocol: p}
	ports.put(handle, port)
	return port
}

// newServicePort is a port that the operator opened.
func newServicePort(handle int32) {
	port := newPort(handle, nil)
	if f, ok := rootFactory.(protocol.DatagramFactory); ok {
		port.protocol = f.BuildDatagramProtocol(port.Host())
	}
	if port.protocol == nil {
		port.StopListening()
		return
	}
	port.made()
}

// made is the port's first event.
func (p *datagramPort) made() {
	if a, ok := address(p.handle, abi.InfoPeer); ok {
		if tcp, ok := a.(protocol.TCPAddress); ok {
			p.peer = tcp.AddrPort
		}
	}
	p.started = true
	p.protocol.StartProtocol(p)
}

func (p *datagramPort) received(data, from []byte) {
	if p.closing || !p.started {
		return
	}
	if sender, ok := parseAddrPort(from); ok {
		p.to, p.text = sender, append(p.text[:0], from...) // it is most likely answered
		p.protocol.DatagramReceived(data, sender)
	}
}

// refused tells the protocol that nobody listens at the peer.
func (p *datagramPort) refused() {
	if r, ok := p.protocol.(protocol.ConnectionRefuser); ok && !p.closing {
		r.ConnectionRefused()
	}
}

// lost is the port's last event.
func (p *datagramPort) lost(reason error) {
	ports.remove(p.handle)
	if p.protocol == nil {
		return
	}
	if p.closing {
		reason = nil
	}
	p.closing = true
	p.protocol.StopProtocol(reason)
}

// WriteTo implements [protocol.DatagramTransport].
func (p *datagramPort) WriteTo(data []byte, to netip.AddrPort) error {
	if to != p.to {
		p.to, p.text = to, to.AppendTo(p.text[:0])
	}
	return p.send(data, p.text)
}

// Write implements [protocol.DatagramTransport].
func (p *datagramPort) Write(data []byte) error { return p.send(data, nil) }

func (p *datagramPort) send(data, to []byte) error {
	code := hostSendDatagram(p.handle, bytesPtr(data), int32(len(data)), bytesPtr(to), int32(len(to)))
	switch {
	case code == int32(abi.TooBig):
		return protocol.ErrMessageTooLong
	case code < 0:
		return codeError(code)
	}
	return nil
}

// Host implements [protocol.DatagramTransport] and [protocol.Port].
func (p *datagramPort) Host() protocol.Address {
	a, _ := address(p.handle, abi.InfoHost)
	if tcp, ok := a.(protocol.TCPAddress); ok {
		return protocol.UDPAddress(tcp)
	}
	return a
}

// Peer implements [protocol.DatagramTransport].
func (p *datagramPort) Peer() (peer protocol.Address, ok bool) {
	return protocol.UDPAddress{AddrPort: p.peer}, p.peer.IsValid()
}

// StopListening implements [protocol.DatagramTransport] and [protocol.Port].
func (p *datagramPort) StopListening() {
	if !p.closing {
		p.closing = true
		hostStopListening(p.handle)
	}
}

// Reactor implements [protocol.DatagramTransport].
func (p *datagramPort) Reactor() protocol.Reactor { return theReactor }
