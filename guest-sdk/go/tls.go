//go:build wasip1

package wasmnet

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// StartTLS implements [protocol.Transport].
func (c *conn) StartTLS(o protocol.TLSOptions) error {
	if c.state != open {
		return protocol.ErrClosed
	}
	text, err := tlsOptions(o)
	if err != nil {
		return err
	}
	handOver()
	switch code := hostStartTLS(c.handle, stringPtr(text), int32(len(text))); abi.Code(code) {
	case abi.OK:
		return nil
	case abi.Conflict:
		return protocol.ErrTLSActive
	case abi.NotFound:
		if o.ClientCertificate != protocol.ClientCertificateConfigured {
			return fmt.Errorf("start TLS: identity %q, or roots for certificates of clients: not configured", o.Identity)
		}
		return fmt.Errorf("start TLS: identity %q: not configured", o.Identity)
	case abi.Invalid:
		return fmt.Errorf("start TLS: server name %q: a client needs the name that it verifies", o.ServerName)
	default:
		return codeError(code)
	}
}

var errDemand = errors.New("ClientCertificate is a server's option")

// demands are the values of the option client_certificate.
var demands = [...]string{
	protocol.ClientCertificateConfigured: "",
	protocol.ClientCertificateRequested:  "request",
	protocol.ClientCertificateRequired:   "require",
}

// tlsOptions writes o as start_tls reads it.
func tlsOptions(o protocol.TLSOptions) (string, error) {
	role := "client"
	if o.Server {
		role = "server"
	}
	switch {
	case !o.Server && o.ClientCertificate != protocol.ClientCertificateConfigured:
		return "", fmt.Errorf("start TLS: %w", errDemand)
	case int(o.ClientCertificate) >= len(demands):
		return "", fmt.Errorf("start TLS: ClientCertificate has no value %d", o.ClientCertificate)
	}
	var b strings.Builder
	b.WriteString("role=" + role)
	for _, option := range []struct{ key, value string }{
		{"server_name", o.ServerName}, {"alpn", strings.Join(o.ALPN, ",")}, {"identity", o.Identity},
		{"client_certificate", demands[o.ClientCertificate]},
	} {
		if strings.ContainsAny(option.value, "\n") {
			return "", fmt.Errorf("start TLS: %s %q: holds a line end", option.key, option.value)
		}
		if option.value != "" {
			b.WriteString("\n" + option.key + "=" + option.value)
		}
	}
	for _, name := range o.ALPN {
		if name == "" || strings.Contains(name, ",") {
			return "", fmt.Errorf("start TLS: alpn %q: not a protocol name", name)
		}
	}
	return b.String(), nil
}

// TLS implements [protocol.Transport].
func (c *conn) TLS() (protocol.TLSInfo, bool) {
	version, ok := info(c.handle, abi.InfoTLSVersion)
	if !ok {
		return protocol.TLSInfo{}, false
	}
	t := protocol.TLSInfo{Version: string(version)}
	t.ALPN = infoText(c.handle, abi.InfoALPN)
	t.ServerName = infoText(c.handle, abi.InfoSNI)
	t.CipherSuite = infoText(c.handle, abi.InfoCipher)
	t.PeerVerified = infoText(c.handle, abi.InfoPeerVerified) == "1"
	if der, ok := info(c.handle, abi.InfoPeerCertificate); ok {
		t.PeerCertificate = bytes.Clone(der)
	}
	return t, true
}

func (c *conn) handshakeCompleted() {
	if has(c.protocol, handshakeListener) {
		c.protocol.(protocol.HandshakeListener).HandshakeCompleted()
	}
}
