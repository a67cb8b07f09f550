package reactor

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// secure puts TLS onto a connection that has no protocol yet. When the handshake is complete the connection is opened
// again; when it fails so does the connection.
func (c *Conn) secure(cfg *tls.Config, server bool) error {
	if err := c.sock.attach(c.loop, c); err != nil {
		return protocol.ErrConnectionLost.Because(err)
	}
	c.beginTLS(cfg, server)
	return nil
}

// StartTLS implements [protocol.Transport]. o.Identity names one of [Config.Identities].
func (c *Conn) StartTLS(o protocol.TLSOptions) error {
	if err := c.checkTLS(); err != nil {
		return err
	}
	cfg, err := c.identity(o)
	if err != nil {
		return fmt.Errorf("reactor: StartTLS: %w", err)
	}
	return c.StartTLSConfig(cfg, o.Server)
}

// StartTLSConfig is [Conn.StartTLS] with a configuration of one's own, for Go programs. It must not be changed any
// more. The minimum version is TLS 1.2 whatever it says. A client's ServerName may be left empty for the host that was
// dialled.
func (c *Conn) StartTLSConfig(cfg *tls.Config, server bool) error {
	err := c.checkTLS()
	if err != nil {
		return err
	}
	if server {
		cfg, err = c.loop.reactor.tlsServers.prepare(cfg)
	} else {
		cfg, err = tlsengine.ClientConfig(cfg, c.dialled())
	}
	if err != nil {
		return fmt.Errorf("reactor: StartTLS: %w", err)
	}
	c.beginTLS(cfg, server)
	return nil
}

// checkTLS says why TLS cannot begin now.
func (c *Conn) checkTLS() error {
	switch {
	case c.flags&(connOver|connEOF|connClosing) != 0:
		return protocol.ErrClosed
	case c.layer != nil:
		return protocol.ErrTLSActive
	}
	return nil
}

// identity is the configuration that o asks for.
func (c *Conn) identity(o protocol.TLSOptions) (*tls.Config, error) {
	cfg := c.loop.reactor.cfg.Identities[o.Identity]
	switch {
	case cfg != nil:
	case o.Server || o.Identity != "":
		return nil, fmt.Errorf("identity %q is not configured", o.Identity)
	default:
		cfg = &systemRoots
	}
	for _, name := range o.ALPN {
		if name == "" || len(name) > 255 {
			return nil, fmt.Errorf("ALPN names a protocol of %d bytes (want 1 to 255)", len(name))
		}
	}
	switch {
	case o.Server && o.ServerName != "":
		return nil, errors.New("ServerName is a client's option")
	case !o.Server && o.ClientCertificate != protocol.ClientCertificateConfigured:
		return nil, errors.New("ClientCertificate is a server's option")
	case o.ClientCertificate > protocol.ClientCertificateRequired:
		return nil, fmt.Errorf("ClientCertificate has no value %d", o.ClientCertificate)
	case o.ClientCertificate != protocol.ClientCertificateConfigured && cfg.ClientCAs == nil:
		return nil, fmt.Errorf("identity %q has no ClientCAs to verify clients with", o.Identity)
	}
	if o.Server {
		return c.loop.reactor.tlsServers.with(cfg, o), nil
	}
	if len(o.ALPN) > 0 || o.ServerName != "" {
		cfg = cfg.Clone()
		cfg.ServerName = cmp.Or(o.ServerName, cfg.ServerName)
		if len(o.ALPN) > 0 {
			cfg.NextProtos = o.ALPN
		}
	}
	return cfg, nil
}

// systemRoots is a client that verifies by the system's roots and presents nothing.
var systemRoots tls.Config

// dialled is the name or address that the connection was made to, or empty.
func (c *Conn) dialled() string {
	if k, ok := c.origin.(*connector); ok {
		return strings.TrimSuffix(k.to.Host, ".")
	}
	return ""
}

// TLS implements [protocol.Transport].
func (c *Conn) TLS() (protocol.TLSInfo, bool) {
	if c.layer == nil {
		return protocol.TLSInfo{}, false
	}
	return c.layer.info()
}

// tlsServers keeps what was made of the configurations that servers were given, so that a configuration that is used
// for many connections keeps one set of keys for session tickets.
type tlsServers struct {
	mu     sync.Mutex
	ready  map[*tls.Config]*tls.Config
	varied map[tlsVariant]*tls.Config
}

// tlsVariant is what options make of an identity.
type tlsVariant struct {
	identity *tls.Config
	alpn     string // each with a zero byte behind
	demand   protocol.ClientCertificate
}

// with is cfg as o wants it.
func (s *tlsServers) with(cfg *tls.Config, o protocol.TLSOptions) *tls.Config {
	key := tlsVariant{identity: cfg, demand: o.ClientCertificate}
	for _, name := range o.ALPN {
		key.alpn += name + "\x00"
	}
	if key == (tlsVariant{identity: cfg}) {
		return cfg
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.varied[key]; known != nil {
		return known
	}
	if len(s.varied) >= maxTLSServers {
		clear(s.varied)
	}
	if s.varied == nil {
		s.varied = map[tlsVariant]*tls.Config{}
	}
	cfg = cfg.Clone()
	if len(o.ALPN) > 0 {
		cfg.NextProtos = slices.Clone(o.ALPN)
	}
	switch o.ClientCertificate {
	case protocol.ClientCertificateRequested:
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case protocol.ClientCertificateRequired:
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	}
	s.varied[key] = cfg
	return cfg
}

// maxTLSServers bounds the configurations kept, for programs that make new ones all the time.
const maxTLSServers = 64

func (s *tlsServers) prepare(cfg *tls.Config) (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ready, ok := s.ready[cfg]; ok {
		return ready, nil
	}
	ready, err := tlsengine.ServerConfig(cfg)
	if err != nil || ready == cfg {
		return ready, err
	}
	if len(s.ready) >= maxTLSServers {
		clear(s.ready)
	}
	if s.ready == nil {
		s.ready = map[*tls.Config]*tls.Config{}
	}
	s.ready[cfg] = ready
	return ready, nil
}
