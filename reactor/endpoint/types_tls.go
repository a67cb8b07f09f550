package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/internal/pemfile"
)

func init() {
	RegisterServer(Type[Server]{
		Name:       "ssl",
		Positional: []string{"port"},
		Named: []string{"privateKey", "certKey", "extraCertChain", "sslmethod", "dhParameters", "trustRoots", "alpn",
			"interface", "backlog"},
		Parse: parseSSLServer,
	})
	RegisterServer(Type[Server]{
		Name:       "tls",
		Positional: []string{"path", "port"},
		Named:      []string{"trustRoots", "alpn", "interface", "backlog"},
		Repeated:   []string{"path"},
		Parse:      parseTLSServer,
	})
	RegisterClient(Type[Client]{
		Name:       "ssl",
		Positional: []string{"host", "port"},
		Named:      []string{"hostname", "certKey", "privateKey", "caCertsDir", "alpn", "timeout", "bindAddress"},
		Parse: func(a *Args) (*Client, error) {
			c := connectTo(a, "tcp")
			c.TLS = clientTLS(a, "certKey", "caCertsDir")
			verifyAs(a, c, "hostname", a.Default("hostname", c.Host))
			return c, nil
		},
	})
	RegisterClient(Type[Client]{
		Name:       "tls",
		Positional: []string{"host", "port"},
		Named:      []string{"certificate", "privateKey", "trustRoots", "alpn", "endpoint", "timeout", "bindAddress"},
		Parse:      parseTLSClient,
	})
}

func parseSSLServer(a *Args) (*Server, error) {
	s := listenOn(a, "tcp", "", a.Port("port", 0))
	key := "server.pem"
	if a.Has("privateKey") || !a.trusted {
		key = a.File("privateKey")
	}
	pair := pemfile.Pair{Cert: key, Key: key}
	if a.Has("certKey") {
		pair.Cert = a.File("certKey")
	}
	if a.Has("extraCertChain") {
		pair.Chain = []string{a.File("extraCertChain")}
	}
	serverTLS(a, s, pair)
	switch method := a.Default("sslmethod", "TLS_METHOD"); method {
	case "TLS_METHOD", "SSLv23_METHOD":
	case "TLSv1_2_METHOD":
		s.TLS.MaxVersion = tls.VersionTLS12
	case "SSLv2_METHOD", "SSLv3_METHOD", "TLSv1_METHOD", "TLSv1_1_METHOD":
		a.Fail("sslmethod", "sslmethod %s is obsolete and insecure (leave it out: TLS 1.2 and 1.3)", method)
	default:
		a.Fail("sslmethod", "sslmethod %q is unknown (TLS_METHOD is TLS 1.2 and 1.3, TLSv1_2_METHOD 1.2 only)", method)
	}
	if a.Has("dhParameters") {
		checkDH(a)
	}
	return s, nil
}

func parseTLSServer(a *Args) (*Server, error) {
	port := 443
	if a.Has("port") {
		port = a.Port("port", 0)
	}
	network := "tcp6"
	if strings.Contains(a.Default("interface", ""), ".") {
		network = "tcp"
	}
	s := listenOn(a, network, "::", port)
	a.File("path")
	var pairs []pemfile.Pair
	for _, path := range a.All("path") {
		pairs = append(pairs, pemfile.Pair{Cert: path})
	}
	serverTLS(a, s, pairs...)
	return s, nil
}

func parseTLSClient(a *Args) (*Client, error) {
	c := connectTo(a, "tcp")
	cfg := clientTLS(a, "certificate", "trustRoots")
	if !a.Has("endpoint") {
		c.TLS = cfg
		verifyAs(a, c, "host", c.Host)
		return c, nil
	}
	inner, err := parseClient(a.String("endpoint"), a.trusted)
	var perr *ParseError
	if errors.As(err, &perr) {
		a.fail("endpoint", perr.Offset, err, err.Error())
		return nil, nil
	}
	for _, name := range []string{"timeout", "bindAddress"} {
		if a.Has(name) {
			a.Fail(name, "with endpoint=, %s belongs into the endpoint", name)
		}
	}
	wrapped, err := WrapClientTLS(cfg, c.Host, inner)
	if err != nil {
		a.fail("endpoint", 0, err, "endpoint: "+err.Error())
	}
	return wrapped, nil
}

// serverTLS gives s the TLS configuration of a server with these certificates.
func serverTLS(a *Args, s *Server, pairs ...pemfile.Pair) {
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: alpn(a)}
	if a.err != nil {
		return // no file is touched for a string that is wrong anyway
	}
	source, err := pemfile.NewSource(pairs...)
	if err != nil {
		blame(a, err)
		return
	}
	s.certificates, s.TLS.GetCertificate = source, source.GetCertificate
	if a.Has("trustRoots") {
		s.TLS.ClientCAs, s.TLS.ClientAuth = loadRoots(a, "trustRoots"), tls.RequireAndVerifyClientCert
	}
}

// blame remembers the error that a file could not be used as one about the argument that names it.
func blame(a *Args, err error) {
	var file *pemfile.Error
	if errors.As(err, &file) {
		for _, f := range a.fields {
			if f.value == file.File || f.value != "" && filepath.Dir(file.File) == filepath.Clean(f.value) {
				a.failAt(f.valueAt, err, f.name+": "+err.Error())
			}
		}
	}
	a.FailFile("privateKey", err) // the file that is read if no argument names one
}

// clientTLS makes the TLS configuration of a client from the arguments called certificate, privateKey and roots.
func clientTLS(a *Args, certificate, roots string) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: alpn(a)}
	var pair pemfile.Pair
	if a.Has("privateKey") {
		pair = pemfile.Pair{Cert: a.File("privateKey"), Key: a.File("privateKey")}
	}
	if a.Has(certificate) {
		pair.Cert = a.File(certificate)
	}
	if a.err != nil {
		return cfg
	}
	if pair.Cert != "" {
		source, err := pemfile.NewSource(pair)
		if err != nil {
			blame(a, err)
			return cfg
		}
		cfg.GetClientCertificate = source.GetClientCertificate
	}
	if a.Has(roots) {
		cfg.RootCAs = loadRoots(a, roots)
	}
	return cfg
}

func loadRoots(a *Args, name string) *x509.CertPool {
	path := a.File(name)
	if a.err != nil {
		return nil
	}
	roots, err := pemfile.LoadRoots(path)
	if err != nil {
		a.FailFile(name, err)
	}
	return roots
}

// verifyAs sets the name by which the server is verified.
func verifyAs(a *Args, c *Client, argument, host string) {
	name, err := serverName(host)
	if err != nil {
		if !a.Has(argument) {
			argument = "host"
		}
		a.fail(argument, 0, err, argument+" "+host+": "+err.Error())
	}
	c.TLS.ServerName = name
}

// alpn reads a list of application protocols.
func alpn(a *Args) []string {
	if !a.Has("alpn") {
		return nil
	}
	names := strings.Split(a.String("alpn"), ",")
	for _, name := range names {
		if name == "" || len(name) > 255 {
			a.Fail("alpn", "alpn names a protocol of %d bytes (want 1 to 255 each, separated by commas)", len(name))
		}
	}
	return names
}

// checkDH holds dhParameters to be what it says. It has no further effect: crypto/tls offers forward secrecy by elliptic
// curves only, and needs no parameters for that.
func checkDH(a *Args) {
	name := a.File("dhParameters")
	if a.err != nil {
		return
	}
	data, err := os.ReadFile(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if block, _ := pem.Decode(data); err == nil && (block == nil || block.Type != "DH PARAMETERS") {
		err = errors.New("no PEM block DH PARAMETERS in this file")
	}
	if err != nil {
		a.FailFile("dhParameters", fmt.Errorf("%s: %w", name, err))
	}
}
