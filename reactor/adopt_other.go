//go:build !unix

package reactor

import (
	"net"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// inheritedListener fails: there is no handing over of sockets here.
func inheritedListener(int, string) (net.Listener, error) { return nil, protocol.ErrUnsupported }
