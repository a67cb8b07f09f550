package reactortest_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// TestProxyProtocol is how a server behind the PROXY protocol is tested: in pieces of one byte, the source is the
// header's.
func TestProxyProtocol(t *testing.T) {
	r := reactortest.NewReactor()
	r.Chunks = reactortest.Sizes(1)
	server, client := &reactortest.Recorder{}, &reactortest.Recorder{}
	of := func(p protocol.Protocol) protocol.Factory {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p })
	}
	if _, err := r.Listen("haproxy:tcp:80", of(server)); !errors.Is(err, protocol.ErrUnsupported) {
		t.Errorf("haproxy: in memory: %v", err)
	}
	if _, err := r.Listen("tcp:80", policy.NewProxyFactory(of(server), time.Second)); err != nil {
		t.Fatal(err)
	}
	source := protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("192.0.2.1:1000")}
	header := policy.ProxyHeader{Version: 2, Source: source, Destination: protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("192.0.2.2:80")}}
	if _, err := r.Connect("tcp:127.0.0.1:80", policy.NewProxyClientFactory(of(client), header)); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	client.Transport.Write([]byte("hello"))
	r.Settle()
	if got := server.Take(); got != "hello" || server.Transport.Peer() != protocol.Address(source) {
		t.Errorf("received %q from %v", got, server.Transport.Peer())
	}
}
