package reactor

import (
	"crypto/tls"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// secure puts TLS onto a connection that has no protocol yet. When the handshake is complete the connection is opened
// again; when it fails so does the connection.
func (c *Conn) secure(*tls.Config, bool) error {
	return protocol.ErrTLS.Because(protocol.ErrUnsupported)
}

// StartTLS implements [protocol.Transport].
func (c *Conn) StartTLS(protocol.TLSOptions) error { return protocol.ErrUnsupported }

// TLS implements [protocol.Transport].
func (c *Conn) TLS() (protocol.TLSInfo, bool) {
	if c.layer == nil {
		return protocol.TLSInfo{}, false
	}
	return c.layer.info()
}
