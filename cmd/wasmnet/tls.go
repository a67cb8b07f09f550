package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
)

// tlsFlags are those of the certificates that guests may use.
type tlsFlags struct {
	identities []string
	trust      []string
	clients    []string
}

func addTLSFlags(cmd *cobra.Command) *tlsFlags {
	f := &tlsFlags{}
	cmd.Flags().StringArrayVar(&f.identities, "identity", nil,
		"a certificate that the module may present when it starts TLS, as `name=cert.pem,key.pem` (the key may be in the same file); repeatable, the first is the default")
	cmd.Flags().StringArrayVar(&f.trust, "trust", nil,
		"a PEM `file` with roots for servers that the module connects to with TLS, in place of the system's; repeatable")
	cmd.Flags().StringArrayVar(&f.clients, "trust-clients", nil,
		"a PEM `file` with roots for the clients of which the module demands a certificate when it starts TLS; repeatable")
	return f
}

// load reads the files. Keys stay with the host.
func (f *tlsFlags) load() (t host.TLS, err error) {
	for _, text := range f.identities {
		id, err := loadIdentity(text)
		if err != nil {
			return t, fmt.Errorf("--identity %s: %w", text, err)
		}
		for _, other := range t.Identities {
			if other.Name == id.Name {
				return t, usageError{fmt.Errorf("--identity %s: %s is given twice", text, id.Name)}
			}
		}
		t.Identities = append(t.Identities, id)
	}
	if t.Roots, err = loadRoots("--trust", f.trust); err != nil {
		return t, err
	}
	t.ClientRoots, err = loadRoots("--trust-clients", f.clients)
	return t, err
}

// loadRoots reads the files given with a flag; without any the result is nil.
func loadRoots(flag string, files []string) (roots *x509.CertPool, err error) {
	for _, name := range files {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", flag, err)
		}
		if roots == nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: %s: there is no certificate in it (PEM is expected)", flag, name)
		}
	}
	return roots, nil
}

func loadIdentity(text string) (id host.Identity, err error) {
	name, files, ok := strings.Cut(text, "=")
	if !ok || name == "" || files == "" {
		return id, usageError{errors.New("want name=cert.pem,key.pem")}
	}
	cert, key, ok := strings.Cut(files, ",")
	if !ok {
		key = cert
	}
	id.Name = name
	id.Certificate, err = tls.LoadX509KeyPair(cert, key)
	return id, err
}
