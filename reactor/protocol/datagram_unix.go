package protocol

// UNIXDatagramProtocol receives the datagrams of one UNIX socket.
type UNIXDatagramProtocol interface {
	// StartProtocol says that t can be used.
	StartProtocol(t UNIXDatagramTransport)
	// DatagramReceived delivers one datagram and its sender, whose name is empty if it is bound to none: it cannot be
	// answered then. The name says where the sender may be answered, and proves nothing about who it is. In a guest a
	// name is an absolute path, or an abstract one; a sender with a relative path has none. data is valid until the call
	// returns.
	DatagramReceived(data []byte, from UNIXAddress)
	// StopProtocol is the last event; reason is nil after StopListening.
	StopProtocol(reason error)
}

// UNIXDatagramTransport is the protocol's side of a UNIX socket for datagrams.
type UNIXDatagramTransport interface {
	// WriteTo sends one datagram; p may be reused at once. It fails with [ErrMessageTooLong], [ErrClosed],
	// [ErrConnectionRefused] where nobody receives, or the system's error. A datagram that the receiver has no room
	// for is dropped.
	WriteTo(p []byte, to UNIXAddress) error
	// Write sends to the connected peer. That nobody receives any more is told to a [ConnectionRefuser] instead.
	Write(p []byte) error
	// Host is the name that the socket is bound to, or empty.
	Host() Address
	// Peer is the connected peer; ok is false on an unconnected socket.
	Peer() (peer Address, ok bool)
	// StopListening closes the socket, and removes its file.
	StopListening()
	// Reactor is the loop that owns the socket.
	Reactor() Reactor
}

// UNIXDatagramFactory is a [Factory] that also serves UNIX sockets for datagrams which the operator opens.
type UNIXDatagramFactory interface {
	// BuildUNIXDatagramProtocol returns the protocol for a socket bound to host, or nil to close it.
	BuildUNIXDatagramProtocol(host Address) UNIXDatagramProtocol
}

// UNIXDatagramReactor is implemented by reactors that have such sockets: those of package reactor and reactortest, and the
// Go SDK's.
type UNIXDatagramReactor interface {
	// ListenUNIXDatagram opens a socket that others send to, "unixgram:PATH". The error wraps [ErrCannotListen].
	ListenUNIXDatagram(endpoint string, p UNIXDatagramProtocol) (Port, error)
	// ConnectUNIXDatagram opens a socket that exchanges datagrams with one peer, "unixgram:PATH", or
	// "unixgram:PATH:bindAddress=OWN" to be answered. The peer must be there: the error wraps [ErrConnectionRefused] or
	// another reason if it is not, and [ErrConnectBind] if the socket's own name cannot be had.
	ConnectUNIXDatagram(endpoint string, p UNIXDatagramProtocol) (Port, error)
}
