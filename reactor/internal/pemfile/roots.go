package pemfile

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// LoadRoots returns the certificates in path as a pool of trusted roots. path is a PEM file with any number of
// certificates, or a directory, of which every file with a certificate is taken and every other file is passed over.
// Errors are [*Error].
func LoadRoots(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, systemError(path, err)
	}
	pool := x509.NewCertPool()
	if !info.IsDir() {
		n, err := addRoots(pool, path)
		if err == nil && n == 0 {
			err = &Error{path, ErrNoCertificate}
		}
		if err != nil {
			return nil, err
		}
		return pool, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, systemError(path, err)
	}
	total := 0
	for _, entry := range entries {
		name := filepath.Join(path, entry.Name())
		// Stat and not entry.Type: bundles are often directories of symbolic links. A dangling one is no file.
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			continue
		}
		n, err := addRoots(pool, name)
		if err != nil {
			return nil, err
		}
		total += n
	}
	if total == 0 {
		return nil, &Error{path, errors.New("no certificate in any file of this directory")}
	}
	return pool, nil
}

// addRoots adds the certificates of one file, and counts them.
func addRoots(pool *x509.CertPool, name string) (int, error) {
	data, err := readFile(name)
	if err != nil {
		return 0, err
	}
	n := 0
	for block := range blocks(data) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return 0, &Error{name, fmt.Errorf("certificate %d: %w", n+1, err)}
		}
		pool.AddCert(cert)
		n++
	}
	return n, nil
}
