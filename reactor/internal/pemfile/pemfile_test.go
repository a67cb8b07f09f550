package pemfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

func TestLoadKeyPair(t *testing.T) {
	dir := t.TempDir()
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test"}})
	cert := testcert.WriteFile(t, dir, "cert.pem", []byte("Bag Attributes: comment\n"), leaf.CertPEM)
	key := testcert.WriteFile(t, dir, "key.pem", leaf.KeyPEM)
	certFirst := testcert.WriteFile(t, dir, "both.pem", leaf.CertPEM, leaf.KeyPEM)
	keyFirst := testcert.WriteFile(t, dir, "reversed.pem", leaf.KeyPEM, leaf.CertPEM)
	chain := testcert.WriteFile(t, dir, "chain.pem", ca.PEM)

	for _, test := range []struct {
		name, cert, key string
		chain           []string
		length          int
	}{
		{"separate files", cert, key, nil, 1},
		{"combined, named as certificate", certFirst, "", nil, 1},
		{"combined, named as key", "", keyFirst, nil, 1},
		{"combined, named twice", certFirst, certFirst, nil, 1},
		{"with chain", cert, key, []string{chain}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := LoadKeyPair(test.cert, test.key, test.chain...)
			if err != nil {
				t.Fatal(err)
			}
			if got.Leaf == nil || got.Leaf.DNSNames[0] != "a.test" || len(got.Certificate) != test.length {
				t.Fatalf("leaf %v, chain of %d, want %d", got.Leaf, len(got.Certificate), test.length)
			}
		})
	}
}

func TestLoadKeyPairErrors(t *testing.T) {
	dir := t.TempDir()
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test"}})
	other := ca.Issue(t, testcert.Template{Names: []string{"a.test"}})
	cert := testcert.WriteFile(t, dir, "cert.pem", leaf.CertPEM)
	key := testcert.WriteFile(t, dir, "key.pem", leaf.KeyPEM)
	wrongKey := testcert.WriteFile(t, dir, "wrong.pem", other.KeyPEM)
	text := testcert.WriteFile(t, dir, "text.pem", []byte("not a certificate"))
	huge := testcert.WriteFile(t, dir, "huge.pem", bytes.Repeat([]byte("x"), maxFile+1))
	corruptCert := testcert.WriteFile(t, dir, "corrupt.pem",
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("garbage")}))
	corruptKey := testcert.WriteFile(t, dir, "corrupt-key.pem",
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("garbage")}))
	encrypted := testcert.WriteFile(t, dir, "encrypted.pem",
		pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))
	oldEncrypted := testcert.WriteFile(t, dir, "old-encrypted.pem", pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x")}))
	missing := filepath.Join(dir, "missing.pem")

	for _, test := range []struct {
		name, cert, key string
		chain           []string
		file            string // blamed
		is              error
		says            string
	}{
		{"missing certificate", missing, key, nil, missing, fs.ErrNotExist, ""},
		{"missing key", cert, missing, nil, missing, fs.ErrNotExist, ""},
		{"missing chain", cert, key, []string{missing}, missing, fs.ErrNotExist, ""},
		{"a directory", dir, key, nil, dir, nil, "directory"},
		{"not PEM", text, key, nil, text, ErrNotPEM, ""},
		{"too large", huge, key, nil, huge, ErrTooLarge, ""},
		{"no certificate", key, key, nil, key, ErrNoCertificate, ""},
		{"no key", cert, "", nil, cert, ErrNoKey, ""},
		{"no certificate in chain", cert, key, []string{key}, key, ErrNoCertificate, ""},
		{"another certificate's key", cert, wrongKey, nil, wrongKey, nil, "does not belong to the certificate in " + cert},
		{"corrupt certificate", corruptCert, key, nil, corruptCert, nil, "x509"},
		{"corrupt key", cert, corruptKey, nil, corruptKey, nil, "private key"},
		{"encrypted key", cert, encrypted, nil, encrypted, ErrKeyEncrypted, ""},
		{"key encrypted in the old form", cert, oldEncrypted, nil, oldEncrypted, ErrKeyEncrypted, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadKeyPair(test.cert, test.key, test.chain...)
			var fileError *Error
			if !errors.As(err, &fileError) || fileError.File != test.file {
				t.Fatalf("error %v does not blame %s", err, test.file)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v, want %v", err, test.is)
			}
			if !strings.HasPrefix(err.Error(), test.file+": ") || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %q does not say %q after the file's name", err, test.says)
			}
		})
	}
}

func TestLoadRoots(t *testing.T) {
	dir := t.TempDir()
	one, two, three := testcert.NewCA(t), testcert.NewCA(t), testcert.NewCA(t)
	bundle := testcert.WriteFile(t, dir, "bundle.pem", one.PEM, two.PEM)
	testcert.WriteFile(t, dir, "5ed36f99.0", three.PEM)
	testcert.WriteFile(t, dir, "README", []byte("not a certificate"))

	trusts := func(pool *x509.CertPool, ca *testcert.CA) bool {
		leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test"}}).TLS.Leaf
		_, err := leaf.Verify(x509.VerifyOptions{Roots: pool})
		return err == nil
	}
	for _, test := range []struct {
		name, path string
		want       [3]bool
	}{
		{"file", bundle, [3]bool{true, true, false}},
		{"directory", dir, [3]bool{true, true, true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pool, err := LoadRoots(test.path)
			if err != nil {
				t.Fatal(err)
			}
			if got := [3]bool{trusts(pool, one), trusts(pool, two), trusts(pool, three)}; got != test.want {
				t.Fatalf("trusted %v, want %v", got, test.want)
			}
		})
	}
}

func TestLoadRootsErrors(t *testing.T) {
	dir, empty := t.TempDir(), t.TempDir()
	none := testcert.WriteFile(t, dir, "none.pem", []byte("nothing"))
	corrupt := testcert.WriteFile(t, dir, "corrupt.pem", testcert.NewCA(t).PEM,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("garbage")}))
	for _, test := range []struct{ name, path, blamed, says string }{
		{"missing", filepath.Join(dir, "missing"), filepath.Join(dir, "missing"), "no such file"},
		{"no certificate", none, none, "no certificate"},
		{"empty directory", empty, empty, "no certificate"},
		{"corrupt certificate in a directory", dir, corrupt, "certificate 2: x509"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadRoots(test.path)
			var fileError *Error
			if !errors.As(err, &fileError) || fileError.File != test.blamed || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error %v, want %s: … %s", err, test.blamed, test.says)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	leaf := testcert.NewCA(f).Issue(f, testcert.Template{Names: []string{"a.test"}})
	f.Add(leaf.CertPEM)
	f.Add(append(leaf.KeyPEM, leaf.CertPEM...))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		name := testcert.WriteFile(t, dir, "fuzz.pem", data)
		if pair, err := LoadKeyPair(name, ""); err == nil && (pair.Leaf == nil || pair.PrivateKey == nil) {
			t.Fatal("a pair without leaf or key was accepted")
		}
		if _, err := LoadRoots(name); err != nil && !strings.HasPrefix(err.Error(), name) {
			t.Fatalf("error %q does not name the file", err)
		}
	})
}
