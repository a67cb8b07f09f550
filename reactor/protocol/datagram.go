package protocol

import "net/netip"

// DatagramProtocol receives the datagrams of one UDP port.
type DatagramProtocol interface {
	// StartProtocol says that t can be used.
	StartProtocol(t DatagramTransport)
	// DatagramReceived delivers one datagram and its sender. data is valid until the call returns.
	DatagramReceived(data []byte, from netip.AddrPort)
	// StopProtocol is the last event; reason is nil after StopListening.
	StopProtocol(reason error)
}

// ConnectionRefuser is implemented by protocols of connected ports that want to hear that nobody listens at the peer.
type ConnectionRefuser interface {
	ConnectionRefused()
}

// DatagramTransport is the protocol's side of a UDP port.
type DatagramTransport interface {
	// WriteTo sends one datagram; p may be reused at once. It fails with [ErrMessageTooLong], [ErrClosed], or
	// the system's error. A datagram that the kernel has no room for is dropped, as the network may drop it.
	WriteTo(p []byte, to netip.AddrPort) error
	// Write sends to the connected peer.
	Write(p []byte) error
	// Host is the bound address.
	Host() Address
	// Peer is the connected peer; ok is false on an unconnected port.
	Peer() (peer Address, ok bool)
	// StopListening closes the port.
	StopListening()
	// Reactor is the loop that owns the port.
	Reactor() Reactor
}

// DatagramFactory is a [Factory] that also serves datagram ports which the operator opens.
type DatagramFactory interface {
	// BuildDatagramProtocol returns the protocol for a port bound to host, or nil to close the port.
	BuildDatagramProtocol(host Address) DatagramProtocol
}
