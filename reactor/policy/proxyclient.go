package policy

import "github.com/wasmnet/wasmnet/reactor/protocol"

// ProxyClientFactory begins each connection with a PROXY protocol header, for servers that expect one. On an endpoint
// with TLS the header is inside; a protocol that wants it in front, where other proxies have it, connects without and
// calls StartTLS.
type ProxyClientFactory struct {
	WrappingFactory
	header []byte
}

var _ protocol.ClientFactory = (*ProxyClientFactory)(nil)

// NewProxyClientFactory has the connections of f begin with h: the one that they speak for, and where it connected to,
// or neither if they speak for themselves. It panics on a version other than 1 and 2.
func NewProxyClientFactory(f protocol.Factory, h ProxyHeader) *ProxyClientFactory {
	return &ProxyClientFactory{WrappingFactory{f}, AppendProxyHeader(nil, h)}
}

// BuildProtocol implements [protocol.Factory].
func (f *ProxyClientFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := f.Factory.BuildProtocol(addr)
	if inner == nil {
		return nil
	}
	return Expose(&proxyingProtocol{ProtocolWrapper{Protocol: inner}, f.header}, inner)
}

// proxyingProtocol is one connection.
type proxyingProtocol struct {
	ProtocolWrapper
	header []byte
}

func (p *proxyingProtocol) ConnectionMade(t protocol.Transport) {
	// It fails only if the connection is lost, of which the protocol hears.
	_, _ = t.Write(p.header)
	p.ProtocolWrapper.ConnectionMade(t)
}
