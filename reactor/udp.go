package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

// ConnectUDP implements [protocol.Reactor].
func (l *Loop) ConnectUDP(string, protocol.DatagramProtocol) (protocol.Port, error) {
	return nil, protocol.ErrUnsupported
}

// ListenUDP implements [protocol.Reactor].
func (l *Loop) ListenUDP(string, protocol.DatagramProtocol) (protocol.Port, error) {
	return nil, protocol.ErrUnsupported
}
