// Package testcert makes certificates for tests: a certification authority and leaves with the names, the lifetime and
// the faults that a test wants.
package testcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// CA is a certification authority that lives as long as the test.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// PEM is the CA's own certificate.
	PEM []byte
}

// Leaf is a certificate with its private key.
type Leaf struct {
	TLS     tls.Certificate
	CertPEM []byte
	KeyPEM  []byte
}

// Template is what a certificate says.
type Template struct {
	Names   []string  // DNS names, or IP addresses
	Expires time.Time // zero: in an hour
}

// NewCA makes a certification authority.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	number := serial(tb)
	template := &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: "test CA " + number.String()},
		NotBefore:             time.Now().Add(-24 * time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	key := newKey(tb)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(tb, err)
	cert, err := x509.ParseCertificate(der)
	check(tb, err)
	return &CA{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// Pool holds the CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Issue makes a leaf for servers and clients.
func (ca *CA) Issue(tb testing.TB, t Template) Leaf {
	tb.Helper()
	if t.Expires.IsZero() {
		t.Expires = time.Now().Add(time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: serial(tb),
		Subject:      pkix.Name{CommonName: "test leaf"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     t.Expires,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	addNames(template, t.Names)
	key := newKey(tb)
	return sign(tb, template, ca.cert, key, ca.key)
}

// SelfSigned makes a server's certificate that is its own authority, for an hour.
func SelfSigned(tb testing.TB, names ...string) Leaf {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber:          serial(tb),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	addNames(template, names)
	key := newKey(tb)
	return sign(tb, template, template, key, key)
}

// Files writes the leaf to files of a directory that goes with the test.
func (l Leaf) Files(tb testing.TB) (keyFile, certFile string) {
	tb.Helper()
	dir := tb.TempDir()
	return WriteFile(tb, dir, "key.pem", l.KeyPEM), WriteFile(tb, dir, "cert.pem", l.CertPEM)
}

// Pool holds the leaf alone: the roots that verify one that is self-signed.
func (l Leaf) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(l.CertPEM)
	return pool
}

// addNames gives a certificate its names, the first of which is the common one.
func addNames(template *x509.Certificate, names []string) {
	if len(names) > 0 {
		template.Subject.CommonName = names[0]
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
}

func sign(tb testing.TB, template, authority *x509.Certificate, key, by *ecdsa.PrivateKey) Leaf {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), by)
	check(tb, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	check(tb, err)
	leaf := Leaf{
		CertPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		KeyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	leaf.TLS, err = tls.X509KeyPair(leaf.CertPEM, leaf.KeyPEM)
	check(tb, err)
	return leaf
}

// WriteFile writes the parts, one after the other, to the file dir/name and returns its path.
func WriteFile(tb testing.TB, dir, name string, parts ...[]byte) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	check(tb, os.WriteFile(path, bytes.Join(parts, nil), 0o600))
	return path
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(tb, err)
	return key
}

func serial(tb testing.TB) *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	check(tb, err)
	return n
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
