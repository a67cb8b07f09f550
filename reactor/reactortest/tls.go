package reactortest

import (
	"errors"
	"slices"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// tlsState is how far the playing of TLS has come on one end.
type tlsState struct {
	options *protocol.TLSOptions // StartTLS was called
	plain   int                  // so much of the output was written before it
	info    *protocol.TLSInfo    // the handshake is complete
}

func (s *tlsState) handshaking() bool { return s.options != nil && s.info == nil }

// sendable is how much of n bytes of output need not wait for the handshake.
func (s *tlsState) sendable(n int) int {
	if s.handshaking() {
		return s.plain
	}
	return n
}

func (s *tlsState) flushed(n int) { s.plain = max(0, s.plain-n) }

// StartTLS implements protocol.Transport. The handshake is complete when both ends have called it.
func (c *Conn) StartTLS(o protocol.TLSOptions) error {
	switch {
	case c.losing || c.lost != nil:
		return protocol.ErrClosed
	case c.tls.options != nil || c.tls.info != nil:
		return protocol.ErrTLSActive
	case !o.Server && o.ClientCertificate != protocol.ClientCertificateConfigured:
		return errors.New("ClientCertificate is a server's option")
	}
	o.ALPN = slices.Clone(o.ALPN)
	c.tls.options, c.tls.plain = &o, len(c.out)
	return nil
}

// TLS implements protocol.Transport.
func (c *Conn) TLS() (protocol.TLSInfo, bool) {
	if c.tls.info == nil {
		return protocol.TLSInfo{}, false
	}
	return *c.tls.info, true
}

// handshake goes on with the handshake, if there is one.
func (c *Conn) handshake() bool {
	if !c.tls.handshaking() || c.losing {
		return false
	}
	if len(c.in) > 0 {
		c.breakTLS(errors.New("the peer sent something else than a handshake"))
		return true
	}
	if c.peer.lost != nil || c.ended {
		c.breakTLS(errors.New("the peer closed the connection during the handshake"))
		return true
	}
	if !c.peer.tls.handshaking() || c.tls.plain > 0 || c.peer.tls.plain > 0 {
		return false
	}
	if len(c.peer.in) > 0 {
		return false // the peer meets what is wrong in its own turn
	}
	client, server := c, c.peer
	if c.tls.options.Server {
		client, server = server, client
	}
	info, err := negotiate(client.tls.options, server.tls.options)
	if err != nil {
		c.breakTLS(err)
		return true
	}
	server.tls.info, client.tls.info = info, info
	if asked := server.tls.options.ClientCertificate; asked != protocol.ClientCertificateConfigured {
		seen := *info
		seen.PeerVerified = client.tls.options.Identity != ""
		server.tls.info = &seen
	}
	for _, end := range []*Conn{server, client} {
		if h, ok := end.protocol.(protocol.HandshakeListener); ok && end.lost == nil && end.doom == nil {
			h.HandshakeCompleted()
		}
	}
	return true
}

func (c *Conn) breakTLS(err error) {
	reason := protocol.ErrTLS.Because(err)
	c.end(reason)
	if c.peer.tls.handshaking() && c.peer.lost == nil {
		c.peer.doom = reason
	}
}

// negotiate is what a handshake settles.
func negotiate(client, server *protocol.TLSOptions) (*protocol.TLSInfo, error) {
	if client.Server || !server.Server {
		return nil, errors.New("both ends of the handshake play the same part")
	}
	if server.ClientCertificate == protocol.ClientCertificateRequired && client.Identity == "" {
		return nil, errors.New("the client has no certificate, and the server requires one")
	}
	info := &protocol.TLSInfo{
		ServerName: client.ServerName, Version: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256",
	}
	if len(client.ALPN) == 0 || len(server.ALPN) == 0 {
		return info, nil
	}
	for _, name := range server.ALPN {
		if slices.Contains(client.ALPN, name) {
			info.ALPN = name
			return info, nil
		}
	}
	return nil, errors.New("the ends have no application protocol in common")
}
