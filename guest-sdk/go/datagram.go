//go:build wasip1

package wasmnet

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagramPort is one UDP port. It implements [protocol.DatagramTransport] and [protocol.Port].
type datagramPort struct {
	port
	protocol protocol.DatagramProtocol
	peer     netip.AddrPort // invalid on an unconnected port
	to       netip.AddrPort // whom text names
	text     []byte
}

var (
	_ protocol.DatagramTransport = (*datagramPort)(nil)
	_ protocol.Port              = (*datagramPort)(nil)
	_ portEvents                 = (*datagramPort)(nil)
)

// ListenUDP implements [protocol.Reactor].
func (*reactor) ListenUDP(endpoint string, p protocol.DatagramProtocol) (protocol.Port, error) {
	handle, err := openPort("listen", endpoint, isUDP(endpoint), listen)
	if err != nil {
		return nil, err
	}
	return newUDPPort(handle, p), nil
}

// ConnectUDP implements [protocol.Reactor].
func (*reactor) ConnectUDP(endpoint string, p protocol.DatagramProtocol) (protocol.Port, error) {
	handle, err := openPort("connect", endpoint, isUDP(endpoint), connectPort)
	if err != nil {
		return nil, err
	}
	return newUDPPort(handle, p), nil
}

func newUDPPort(handle int32, proto protocol.DatagramProtocol) *datagramPort {
	p := &datagramPort{protocol: proto}
	p.add(handle, p)
	return p
}

func (p *datagramPort) start() {
	if a, ok := address(p.handle, abi.InfoPeer); ok {
		if tcp, ok := a.(protocol.TCPAddress); ok {
			p.peer = tcp.AddrPort
		}
	}
	p.protocol.StartProtocol(p)
}

func (p *datagramPort) deliver(data, from []byte) {
	if sender, ok := parseAddrPort(from); ok {
		p.to, p.text = sender, append(p.text[:0], from...) // it is most likely answered
		p.protocol.DatagramReceived(data, sender)
	}
}

func (p *datagramPort) stop(reason error) { p.protocol.StopProtocol(reason) }

func (p *datagramPort) refuser() (r protocol.ConnectionRefuser, ok bool) {
	r, ok = p.protocol.(protocol.ConnectionRefuser)
	return r, ok
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

// Peer implements [protocol.DatagramTransport].
func (p *datagramPort) Peer() (peer protocol.Address, ok bool) {
	return protocol.UDPAddress{AddrPort: p.peer}, p.peer.IsValid()
}
