package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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

const (
	serverName = "server.test"
	clientName = "client.test"
)

// pki is a certification authority with the certificates of a server and a client, in PEM files.
type pki struct {
	roots                 string // a directory with the authority's certificate alone
	root                  string // that file
	serverCert, serverKey string
	clientCert, clientKey string
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	dir := t.TempDir()
	p := &pki{roots: filepath.Join(dir, "roots")}
	if err := os.Mkdir(p.roots, 0o700); err != nil {
		t.Fatal(err)
	}
	authority := certificate("authority")
	authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = true, true, x509.KeyUsageCertSign
	key := newKey(t)
	p.root = writePEM(t, filepath.Join(p.roots, "root.pem"), "CERTIFICATE", sign(t, authority, authority, key, key))
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
	p.serverCert, p.serverKey = issue(serverName)
	p.clientCert, p.clientKey = issue(clientName)
	return p
}

// server is the endpoint of a TLS server.
func (p *pki) server() string {
	return "ssl:0:interface=127.0.0.1:privateKey=" + endpoint.Quote(p.serverKey) + ":certKey=" +
		endpoint.Quote(p.serverCert)
}

// client is the endpoint of a TLS client over the endpoint to, which verifies the server.
func (p *pki) client(to string) string { return tlsClient(to, serverName, p.roots) }

func tlsClient(to, name, roots string) string {
	port := to[strings.LastIndexByte(to, ':')+1:]
	return "tls:" + name + ":" + port + ":trustRoots=" + endpoint.Quote(roots) + ":endpoint=" + endpoint.Quote(to)
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

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, leaf, authority *x509.Certificate, leafKey, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func writePEM(t *testing.T, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
