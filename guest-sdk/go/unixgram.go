//go:build wasip1

package wasmnet

import (
	"errors"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// unixPort is one UNIX socket for datagrams. It implements [protocol.UNIXDatagramTransport] and [protocol.Port].
type unixPort struct {
	port
	protocol protocol.UNIXDatagramProtocol
	peer     protocol.UNIXAddress // without a name on an unconnected socket
}

var (
	_ protocol.UNIXDatagramReactor   = theReactor
	_ protocol.UNIXDatagramTransport = (*unixPort)(nil)
	_ protocol.Port                  = (*unixPort)(nil)
	_ portEvents                     = (*unixPort)(nil)
)

var (
	errNoName    = errors.New("a socket without a name cannot be sent to")
	errConnected = errors.New("the socket is connected to another peer")
)

// ListenUNIXDatagram implements [protocol.UNIXDatagramReactor].
func (*reactor) ListenUNIXDatagram(endpoint string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	handle, err := openPort("listen", endpoint, isUNIXDatagram(endpoint), listen)
	if err != nil {
		return nil, err
	}
	return newUNIXPort(handle, p), nil
}

// ConnectUNIXDatagram implements [protocol.UNIXDatagramReactor].
func (*reactor) ConnectUNIXDatagram(endpoint string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	handle, err := openPort("connect", endpoint, isUNIXDatagram(endpoint), connectPort)
	if err != nil {
		return nil, err
	}
	return newUNIXPort(handle, p), nil
}

func newUNIXPort(handle int32, proto protocol.UNIXDatagramProtocol) *unixPort {
	p := &unixPort{protocol: proto}
	p.add(handle, p)
	return p
}

func (p *unixPort) start() {
	p.peer.Name = infoText(p.handle, abi.InfoPeer)
	p.protocol.StartProtocol(p)
}

func (p *unixPort) deliver(data, from []byte) {
	p.protocol.DatagramReceived(data, protocol.UNIXAddress{Name: string(from)})
}

func (p *unixPort) stop(reason error) { p.protocol.StopProtocol(reason) }

func (p *unixPort) refuser() (r protocol.ConnectionRefuser, ok bool) {
	r, ok = p.protocol.(protocol.ConnectionRefuser)
	return r, ok
}

// WriteTo implements [protocol.UNIXDatagramTransport].
func (p *unixPort) WriteTo(data []byte, to protocol.UNIXAddress) error {
	switch {
	case to.Name == "":
		return errNoName
	case p.peer.Name == "":
		return p.send(data, []byte(to.Name))
	case to != p.peer:
		return errConnected
	}
	return p.send(data, nil)
}

// Write implements [protocol.UNIXDatagramTransport].
func (p *unixPort) Write(data []byte) error { return p.send(data, nil) }

// Peer implements [protocol.UNIXDatagramTransport].
func (p *unixPort) Peer() (peer protocol.Address, ok bool) { return p.peer, p.peer.Name != "" }
