// Package pemfile loads what TLS needs from PEM files: certificates with their keys, and bundles of trusted roots. Its
// errors name the file and the problem. [Source] serves several certificates by server name and takes up changed
// files without a restart.
package pemfile

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile bounds what is read from one file. The largest public bundles are below 1 MiB.
const maxFile = 16 << 20

// Error is a file that could not be used. Its text begins with the file's name.
type Error struct {
	File string
	Err  error
}

func (e *Error) Error() string { return e.File + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// What can be wrong with a file, besides the system's own errors.
var (
	ErrNoCertificate = errors.New("no certificate in this file (want a PEM block CERTIFICATE)")
	ErrNoKey         = errors.New("no private key in this file (want a PEM block PRIVATE KEY)")
	ErrKeyEncrypted  = errors.New("private key is encrypted; decrypt it with openssl pkey")
	ErrNotPEM        = errors.New("not a PEM file")
	ErrTooLarge      = fmt.Errorf("file is larger than %d bytes", maxFile)
)

// LoadKeyPair returns the certificate chain in certFile with the private key in keyFile. An empty name stands for the
// other file: certificate and key are then both in that one, in any order. Every certificate of chainFiles is
// appended to the chain. The result has its Leaf parsed. Errors are [*Error].
func LoadKeyPair(certFile, keyFile string, chainFiles ...string) (tls.Certificate, error) {
	if certFile == "" {
		certFile = keyFile
	}
	if keyFile == "" {
		keyFile = certFile
	}
	certData, err := readPEM(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	keyData := certData
	if keyFile != certFile {
		if keyData, err = readPEM(keyFile); err != nil {
			return tls.Certificate{}, err
		}
	}
	chain, err := certificates(certFile, certData)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := privateKey(keyFile, keyData)
	if err != nil {
		return tls.Certificate{}, err
	}
	for _, name := range chainFiles {
		data, err := readPEM(name)
		if err != nil {
			return tls.Certificate{}, err
		}
		more, err := certificates(name, data)
		if err != nil {
			return tls.Certificate{}, err
		}
		chain = append(chain, more...)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return tls.Certificate{}, pairError(certFile, keyFile, err)
	}
	return pair, nil
}

// pairError blames the file that err is about, as far as crypto/tls says.
func pairError(certFile, keyFile string, err error) error {
	text := strings.TrimPrefix(err.Error(), "tls: ")
	switch {
	case strings.Contains(text, "does not match"):
		return &Error{keyFile, fmt.Errorf("private key does not belong to the certificate in %s", certFile)}
	case strings.Contains(text, "private key"):
		return &Error{keyFile, errors.New(text)}
	}
	return &Error{certFile, err}
}

// certificates returns the certificate blocks of data, PEM encoded, leaving out whatever stands between them.
func certificates(name string, data []byte) ([]byte, error) {
	var chain bytes.Buffer
	for block := range blocks(data) {
		if block.Type == "CERTIFICATE" {
			// Encoding to a buffer fails only for headers that cannot be encoded; there are none.
			_ = pem.Encode(&chain, &pem.Block{Type: block.Type, Bytes: block.Bytes})
		}
	}
	if chain.Len() == 0 {
		return nil, &Error{name, ErrNoCertificate}
	}
	return chain.Bytes(), nil
}

// privateKey returns the first private key block of data, PEM encoded.
func privateKey(name string, data []byte) ([]byte, error) {
	for block := range blocks(data) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, &Error{name, ErrKeyEncrypted}
		}
		if block.Type == "PRIVATE KEY" || strings.HasSuffix(block.Type, " PRIVATE KEY") {
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}), nil
		}
	}
	return nil, &Error{name, ErrNoKey}
}

// blocks yields the PEM blocks of data.
func blocks(data []byte) func(yield func(*pem.Block) bool) {
	return func(yield func(*pem.Block) bool) {
		for {
			var block *pem.Block
			if block, data = pem.Decode(data); block == nil || !yield(block) {
				return
			}
		}
	}
}

// readPEM reads a file that holds at least one PEM block.
func readPEM(name string) ([]byte, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block == nil {
		return nil, &Error{name, ErrNotPEM}
	}
	return data, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, systemError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, systemError(name, err)
	}
	if len(data) > maxFile {
		return nil, &Error{name, ErrTooLarge}
	}
	return data, nil
}

// systemError drops operation and path from err, which [Error] names itself.
func systemError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &Error{name, err}
}
