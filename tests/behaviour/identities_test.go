package behaviour

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// identities are the certificates of both ends, as natives and as guests are configured with them.
type identities struct {
	certificates map[string]tls.Certificate // "server" and "client"
	roots        *x509.CertPool
}

func newIdentities(t *testing.T) *identities {
	t.Helper()
	files := trial.NewPKI(t)
	load := func(cert, key string) tls.Certificate {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	return &identities{
		certificates: map[string]tls.Certificate{
			"server": load(files.ServerCert, files.ServerKey),
			"client": load(files.ClientCert, files.ClientKey),
		},
		roots: files.ClientConfig(t).RootCAs,
	}
}

// natives are those of [reactor.Config]. A server with the identity "strict" demands a certificate.
func (p *identities) natives() map[string]*tls.Config {
	server, client := []tls.Certificate{p.certificates["server"]}, []tls.Certificate{p.certificates["client"]}
	return map[string]*tls.Config{
		"server": {Certificates: server, ClientCAs: p.roots},
		"strict": {Certificates: server, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: p.roots},
		"client": {Certificates: client, RootCAs: p.roots},
	}
}

// guests are those of a service.
func (p *identities) guests() host.TLS {
	return host.TLS{Roots: p.roots, ClientRoots: p.roots, Identities: []host.Identity{
		{Name: "server", Certificate: p.certificates["server"]},
		{Name: "client", Certificate: p.certificates["client"]},
	}}
}
