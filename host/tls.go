package host

import (
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"sync"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TLS is what a service's guests may use when they dial with TLS or upgrade a connection. Keys stay in the host.
type TLS struct {
	// Roots verify the servers that guests connect to. nil: the system's.
	Roots *x509.CertPool
	// ClientRoots verify the clients of which guests demand a certificate. nil: they cannot.
	ClientRoots *x509.CertPool
	// Identities are certificates guests may present, by the name they ask for. A server presents the first if it
	// names none.
	Identities []Identity
}

// An Identity is a certificate with its key under a name.
type Identity struct {
	Name        string
	Certificate tls.Certificate
}

// trust has a server be verified against the service's roots, unless its endpoint names others.
func (s *Service) trust(e *endpoint.Client) {
	if e.TLS != nil && s.tls.Roots != nil && e.TLS.RootCAs == nil {
		e.TLS.RootCAs = s.tls.Roots
	}
}

// configurable is a transport that takes a configuration of its caller's making.
type configurable interface {
	StartTLSConfig(cfg *tls.Config, server bool) error
}

// startTLS upgrades a connection as a guest asks.
func (s *Service) startTLS(t protocol.Transport, o protocol.TLSOptions) error {
	c, ok := t.(configurable)
	if !ok {
		return t.StartTLS(o)
	}
	var identity []tls.Certificate
	if o.Identity != "" || o.Server {
		n := slices.IndexFunc(s.tls.Identities, func(id Identity) bool { return o.Identity == "" || id.Name == o.Identity })
		if n < 0 {
			return abi.NotFound
		}
		identity = []tls.Certificate{s.tls.Identities[n].Certificate}
		o.Identity = s.tls.Identities[n].Name
	}
	if !o.Server {
		if o.ServerName == "" {
			return abi.Invalid
		}
		return c.StartTLSConfig(&tls.Config{ServerName: o.ServerName, NextProtos: o.ALPN, RootCAs: s.tls.Roots,
			Certificates: identity}, false)
	}
	if o.ClientCertificate != protocol.ClientCertificateConfigured && s.tls.ClientRoots == nil {
		return abi.NotFound // crypto/tls would take the system's
	}
	cfg := s.tlsServers.get(o, identity, s.tls.ClientRoots)
	if cfg == nil {
		return abi.Limit
	}
	return c.StartTLSConfig(cfg, true)
}

// tlsServers are a service's configurations as a TLS server. The reactor keeps something for each, session keys among it,
// so connections that ask for the same share one, and there is an end to how many guests can ask for.
type tlsServers struct {
	mu  sync.Mutex
	all map[string]*tls.Config
}

const maxTLSServers = 64

// get returns the configuration for what o asks, or nil if there are too many.
func (t *tlsServers) get(o protocol.TLSOptions, identity []tls.Certificate, clients *x509.CertPool) *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	demand := clientAuth[o.ClientCertificate]
	key := strings.Join(append([]string{demand.String(), o.Identity}, o.ALPN...), "\n") // none of them holds a newline
	cfg := t.all[key]
	if cfg == nil && len(t.all) < maxTLSServers {
		cfg = &tls.Config{NextProtos: o.ALPN, Certificates: identity, ClientAuth: demand, ClientCAs: clients}
		if t.all == nil {
			t.all = map[string]*tls.Config{}
		}
		t.all[key] = cfg
	}
	return cfg
}

// clientAuth is what a demand means.
var clientAuth = [...]tls.ClientAuthType{
	protocol.ClientCertificateConfigured: tls.NoClientCert,
	protocol.ClientCertificateRequested:  tls.VerifyClientCertIfGiven,
	protocol.ClientCertificateRequired:   tls.RequireAndVerifyClientCert,
}

// demands are the values of the option client_certificate.
var demands = map[string]protocol.ClientCertificate{
	"none":    protocol.ClientCertificateConfigured,
	"request": protocol.ClientCertificateRequested,
	"require": protocol.ClientCertificateRequired,
}

// maxTLSOptions is the longest text of options.
const maxTLSOptions = 4 * kib

func startTLS(i *instance, s []uint64) {
	r, _ := i.handles.Get(int32(s[0]))
	text, fits := i.text(s[1], s[2], maxTLSOptions)
	if _, ok := r.(*datagrams); ok {
		ret(s, abi.Unsupported)
		return
	}
	c, _ := r.(*conn)
	switch {
	case c == nil:
		ret(s, abi.Handle)
		return
	case !c.writable():
		ret(s, abi.Closed)
		return
	case !fits:
		ret(s, abi.Invalid)
		return
	}
	o := protocol.TLSOptions{Server: c.dial == nil && c.exit == nil}
	if c.dial != nil {
		o.ServerName = c.dial.host
	}
	if !parseTLSOptions(text, &o) {
		ret(s, abi.Invalid)
		return
	}
	ret(s, codeOf(i.svc.startTLS(c.t, o)))
}

// parseTLSOptions reads lines of key=value.
func parseTLSOptions(text string, o *protocol.TLSOptions) bool {
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(line, "=")
		switch {
		case line == "":
		case !ok:
			return false
		case key == "role" && (value == "server" || value == "client"):
			o.Server = value == "server"
		case key == "server_name":
			o.ServerName = value
		case key == "alpn":
			o.ALPN = strings.Split(value, ",")
			if slices.ContainsFunc(o.ALPN, func(name string) bool { return name == "" || len(name) > 255 }) {
				return false
			}
		case key == "identity":
			o.Identity = value
		case key == "client_certificate":
			if o.ClientCertificate, ok = demands[value]; !ok {
				return false
			}
		default:
			return false
		}
	}
	return o.Server || o.ClientCertificate == protocol.ClientCertificateConfigured
}
