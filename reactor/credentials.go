package reactor

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var _ protocol.CredentialedTransport = (*Conn)(nil)

// PeerCredentials implements [protocol.CredentialedTransport]. Linux, macOS and FreeBSD tell, FreeBSD without the
// process.
func (c *Conn) PeerCredentials() (who protocol.PeerCredentials, err error) {
	if c.flags&connOver != 0 {
		return who, protocol.ErrClosed
	}
	if c.peer.Network() != "unix" {
		return who, fmt.Errorf("peer credentials of a connection by %s: %w", c.peer.Network(), protocol.ErrUnsupported)
	}
	var failed error
	if err := c.sock.control(func(fd uintptr) { who, failed = peerCredentials(int(fd)) }); err != nil {
		return who, err
	}
	return who, failed
}
