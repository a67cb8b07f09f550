//go:build !linux && !darwin && !freebsd

package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

func peerCredentials(int) (protocol.PeerCredentials, error) {
	return protocol.PeerCredentials{}, protocol.ErrUnsupported
}
