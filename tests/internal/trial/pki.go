package trial

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// The names in the certificates of a [PKI].
const (
	ServerName = "server.test"
	ClientName = "client.test"
)

// PKI is a certification authority with the certificates of a server and a client, in PEM files.
type PKI struct {
	Roots                 string // a directory with the authority's certificate alone
	Root                  string // that file
	ServerCert, ServerKey string
	ClientCert, ClientKey string
}

// NewPKI makes one that lives as long as the test.
func NewPKI(t testing.TB) *PKI {
	t.Helper()
	p := &PKI{Roots: t.TempDir()}
	authority := testcert.NewCA(t)
	p.Root = testcert.WriteFile(t, p.Roots, "root.pem", authority.PEM)
	p.ServerKey, p.ServerCert = authority.Issue(t, testcert.Template{Names: []string{ServerName}}).Files(t)
	p.ClientKey, p.ClientCert = authority.Issue(t, testcert.Template{Names: []string{ClientName}}).Files(t)
	return p
}

// Server is the endpoint of a TLS server.
func (p *PKI) Server() string {
	return "ssl:0:interface=127.0.0.1:privateKey=" + endpoint.Quote(p.ServerKey) + ":certKey=" +
		endpoint.Quote(p.ServerCert)
}

// Client is the endpoint of a TLS client over the endpoint to, which verifies the server.
func (p *PKI) Client(to string) string { return TLSClient(to, ServerName, p.Roots) }

// TLSClient is the endpoint of a TLS client over the endpoint to, which verifies name by the roots in a directory.
func TLSClient(to, name, roots string) string {
	port := to[strings.LastIndexByte(to, ':')+1:]
	return "tls:" + name + ":" + port + ":trustRoots=" + endpoint.Quote(roots) + ":endpoint=" + endpoint.Quote(to)
}

// ServerConfig is the TLS configuration of the server.
func (p *PKI) ServerConfig(t testing.TB) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(p.ServerCert, p.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// ClientConfig is that of a client, which verifies the server.
func (p *PKI) ClientConfig(t testing.TB) *tls.Config {
	t.Helper()
	root, err := os.ReadFile(p.Root)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{ServerName: ServerName, RootCAs: x509.NewCertPool()}
	if !cfg.RootCAs.AppendCertsFromPEM(root) {
		t.Fatal("no certificate in ", p.Root)
	}
	return cfg
}
