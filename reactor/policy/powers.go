//go:build !wasip1

package policy

import (
	"crypto/tls"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// What the reactor's connections can do beyond [protocol.Transport], a wrapper that is its protocol's transport can do too.
// Relaying and passing descriptors are not among it: a policy has to see the bytes.

// SetOutputLimits is that of a reactor's connection, and fails with [protocol.ErrUnsupported] on another transport.
func (w *ProtocolWrapper) SetOutputLimits(high, low, hardCap int) error {
	t, ok := w.Transport.(interface {
		SetOutputLimits(high, low, hardCap int) error
	})
	if !ok {
		return fmt.Errorf("output limits: %w", protocol.ErrUnsupported)
	}
	return t.SetOutputLimits(high, low, hardCap)
}

// StartTLSConfig is that of a reactor's connection, and fails with [protocol.ErrUnsupported] on another transport.
func (w *ProtocolWrapper) StartTLSConfig(cfg *tls.Config, server bool) error {
	t, ok := w.Transport.(interface {
		StartTLSConfig(cfg *tls.Config, server bool) error
	})
	if !ok {
		return fmt.Errorf("TLS with a configuration of one's own: %w", protocol.ErrUnsupported)
	}
	return t.StartTLSConfig(cfg, server)
}

// StartTLSConfig logs what it does.
func (p *loggedProtocol) StartTLSConfig(cfg *tls.Config, server bool) error {
	err := p.ProtocolWrapper.StartTLSConfig(cfg, server)
	p.startsTLS(server, err)
	return err
}
