package trial

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	dir := t.TempDir()
	p := &PKI{Roots: filepath.Join(dir, "roots")}
	if err := os.Mkdir(p.Roots, 0o700); err != nil {
		t.Fatal(err)
	}
	authority := certificate("authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey(t)
	p.Root = writePEM(t, filepath.Join(p.Roots, "root.pem"), "CERTIFICATE", sign(t, authority, authority, key, key))
	issue := func(name string) (certFile, keyFile string) {
		leaf, leafKey := certificate(name), newKey(t)
		leaf.DNSNames = []string{name}
		leaf.KeyUsage = x509.KeyUsageDigitalSignature
		leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		der, err := x509.MarshalPKCS8PrivateKey(leafKey)
		if err != nil {
			t.Fatal(err)
		}
		return writePEM(t, filepath.Join(dir, name+".cert.pem"), "CERTIFICATE", sign(t, leaf, authority, leafKey, key)),
			writePEM(t, filepath.Join(dir, name+".key.pem"), "PRIVATE KEY", der)
	}
	p.ServerCert, p.ServerKey = issue(ServerName)
	p.ClientCert, p.ClientKey = issue(ClientName)
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

// certificate is a template for a day around now.
func certificate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-12 * time.Hour),
		NotAfter:     time.Now().Add(12 * time.Hour),
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, leaf, authority *x509.Certificate, leafKey, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func writePEM(t testing.TB, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
