package policy

import (
	"net/netip"
	"testing"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(s string) protocol.TCPAddress {
	return protocol.TCPAddress{AddrPort: netip.MustParseAddrPort(s)}
}

// always builds the same protocol.
func always(p protocol.Protocol) protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p })
}

// build has f build a protocol for a peer.
func build(f protocol.Factory, peer string) protocol.Protocol { return f.BuildProtocol(tcp(peer)) }
