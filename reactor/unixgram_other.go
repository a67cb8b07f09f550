//go:build !unix

package reactor

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// openUNIXConn fails: there are no such sockets here.
func openUNIXConn(packetOptions) (packetConn, error) {
	return nil, fmt.Errorf("UNIX datagrams: %w", protocol.ErrUnsupported)
}
