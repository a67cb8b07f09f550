//go:build !unix

package reactor

import (
	"fmt"
	"net"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// openStdio fails: nothing here can end a read of standard input that waits.
func openStdio() (net.Conn, error) {
	return nil, fmt.Errorf("standard input and output on this system: %w", protocol.ErrUnsupported)
}
