package endpoint

import (
	"crypto/tls"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

// files are the PEM files of a test.
type files struct {
	dir                                              string
	ca, cert, key, both, otherKey, text, dh, missing string
}

func makeFiles(t *testing.T) files {
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test", "127.0.0.1"}})
	other := ca.Issue(t, testcert.Template{Names: []string{"b.test"}})
	dir := t.TempDir()
	certs := filepath.Join(dir, "certs")
	if err := os.Mkdir(certs, 0o700); err != nil {
		t.Fatal(err)
	}
	testcert.WriteFile(t, certs, "b.pem", other.CertPEM, other.KeyPEM)
	return files{
		dir:      certs,
		ca:       testcert.WriteFile(t, dir, "ca.pem", ca.PEM),
		cert:     testcert.WriteFile(t, dir, "cert.pem", leaf.CertPEM),
		key:      testcert.WriteFile(t, dir, "key.pem", leaf.KeyPEM),
		both:     testcert.WriteFile(t, dir, "both.pem", leaf.KeyPEM, leaf.CertPEM),
		otherKey: testcert.WriteFile(t, dir, "other.pem", other.KeyPEM),
		text:     testcert.WriteFile(t, dir, "text.pem", []byte("hello\n")),
		dh:       testcert.WriteFile(t, dir, "dh.pem", pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: []byte{1}})),
		missing:  filepath.Join(dir, "missing.pem"),
	}
}

// expand writes the names of f's files into text, quoted.
func (f files) expand(text string) string {
	for name, path := range map[string]string{
		"DIR": f.dir, "CA": f.ca, "CERT": f.cert, "KEY": f.key, "BOTH": f.both, "OTHER": f.otherKey, "TEXT": f.text,
		"DH": f.dh, "MISSING": f.missing,
	} {
		text = strings.ReplaceAll(text, "{"+name+"}", Quote(path))
	}
	return text
}

// handshake runs one TLS handshake between two endpoints' configurations and returns the client's view.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		a, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer a.Close()
		conn := tls.Server(a, server)
		if err = conn.Handshake(); err == nil {
			_, err = conn.Write([]byte("x"))
		}
		served <- err
	}()
	b, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	conn := tls.Client(b, client)
	if err = conn.Handshake(); err == nil {
		_, err = conn.Read(make([]byte, 1)) // a server that refuses the client's certificate says so only now
	}
	b.Close()
	if serverErr := <-served; err == nil {
		err = serverErr
	}
	return conn.ConnectionState(), err
}

func TestTLSHandshakes(t *testing.T) {
	f := makeFiles(t)
	tests := []struct {
		name, server, client string
		cert                 string // the server's, by name
		alpn                 string
		version              uint16
		err                  string
	}{
		{
			name:   "ssl both sides",
			server: "ssl:0:privateKey={KEY}:certKey={CERT}:dhParameters={DH}:sslmethod=SSLv23_METHOD",
			client: "ssl:127.0.0.1:1:caCertsDir={CA}", cert: "a.test", version: tls.VersionTLS13,
		},
		{
			name:   "one file, TLS 1.2 only, chain",
			server: "ssl:0:privateKey={BOTH}:extraCertChain={CA}:sslmethod=TLSv1_2_METHOD",
			client: "ssl:10.0.0.1:1:hostname=a.test:caCertsDir={CA}", cert: "a.test", version: tls.VersionTLS12,
		},
		{
			name:   "unknown authority",
			server: "ssl:0:privateKey={BOTH}", client: "ssl:a.test:1", err: "certificate signed by unknown authority",
		},
		{
			name:   "wrong name",
			server: "ssl:0:privateKey={BOTH}", client: "tls:c.test:1:trustRoots={CA}", err: "not c.test",
		},
		{
			name:   "SNI from a directory and a file, ALPN",
			server: "tls:{BOTH}:0:path={DIR}:alpn=h2,http/1.1", client: "tls:b.test:1:trustRoots={CA}:alpn=http/1.1",
			cert: "b.test", alpn: "http/1.1", version: tls.VersionTLS13,
		},
		{
			name:   "SNI, the first certificate is the default",
			server: "tls:{BOTH}:0:path={DIR}", client: "tls:127.0.0.1:1:trustRoots={CA}",
			cert: "a.test", version: tls.VersionTLS13,
		},
		{
			name:   "mutual",
			server: "tls:{DIR}:0:trustRoots={CA}", cert: "b.test", version: tls.VersionTLS13,
			client: "tls:b.test:1:trustRoots={CA}:certificate={CERT}:privateKey={KEY}",
		},
		{
			name:   "client certificate missing",
			server: "ssl:0:privateKey={BOTH}:trustRoots={CA}", client: "tls:a.test:1:trustRoots={CA}",
			err: "certificate required",
		},
		{
			name:   "over another endpoint",
			server: "ssl:0:privateKey={BOTH}", client: `tls:a.test:1:trustRoots={CA}:endpoint=unix\:/x`,
			cert: "a.test", version: tls.VersionTLS13,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, err := ParseServer(f.expand(test.server))
			if err != nil {
				t.Fatal(err)
			}
			client, err := ParseClient(f.expand(test.client))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseClient(client.Text); err != nil {
				t.Errorf("canonical form: %v", err)
			}
			state, err := handshake(t, server.TLS, client.TLS)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			names := state.PeerCertificates[0].DNSNames
			if !slices.Contains(names, test.cert) || state.NegotiatedProtocol != test.alpn || state.Version != test.version {
				t.Errorf("certificate of %v, protocol %q, version %x", names, state.NegotiatedProtocol, state.Version)
			}
		})
	}
}

func TestTLSDescriptions(t *testing.T) {
	f := makeFiles(t)
	tests := []struct{ text, network, address string }{
		{"ssl:443:privateKey={BOTH}", "tcp", ":443"},
		{`ssl:443:privateKey={BOTH}:interface=\:\:1`, "tcp6", "[::1]:443"},
		{"tls:{DIR}", "tcp6", "[::]:443"},
		{"tls:{DIR}:8443", "tcp6", "[::]:8443"},
		{"tls:port=0:path={DIR}:interface=127.0.0.1", "tcp", "127.0.0.1:0"},
		{`tls:{DIR}:0:interface=\:\:ffff\:127.0.0.1`, "tcp6", "[::ffff:127.0.0.1]:0"},
	}
	for _, test := range tests {
		for _, prefix := range []string{"", "haproxy:"} {
			s, err := ParseServer(prefix + f.expand(test.text))
			if err != nil {
				t.Error(err)
				continue
			}
			if s.Network != test.network || s.Address != test.address || s.TLS == nil || s.Proxy != (prefix != "") {
				t.Errorf("%s: %+v", test.text, s)
			}
			if again, err := ParseServer(s.Text); err != nil || again.Text != s.Text || again.Address != s.Address {
				t.Errorf("%s: canonical form %s gives %+v, %v", test.text, s.Text, again, err)
			}
		}
	}
	c, err := ParseClient(f.expand(`tls:a.test:1:endpoint=unix\:/a\\\:b`))
	if err != nil || c.Network != "unix" || c.Path != "/a:b" || c.TLS.ServerName != "a.test" {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = ParseClient(`ssl:fe80\:\:1%lo:1`)
	if err != nil || c.Host != "fe80::1%lo" || c.TLS.ServerName != "fe80::1" {
		t.Errorf("%+v, %v", c, err)
	}
}

// Every problem with a file names the argument and the file, and the offset is that of the file's name.
func TestTLSFileErrors(t *testing.T) {
	f := makeFiles(t)
	empty := t.TempDir()
	tests := []struct{ text, argument, file, problem string }{
		{"ssl:1:privateKey={MISSING}", "privateKey", f.missing, "no such file"},
		{"ssl:1:privateKey={CERT}", "privateKey", f.cert, "no private key in this file"},
		{"ssl:1:privateKey={KEY}", "privateKey", f.key, "no certificate in this file"},
		{"ssl:1:privateKey={KEY}:certKey={MISSING}", "certKey", f.missing, "no such file"},
		{"ssl:1:privateKey={KEY}:certKey={TEXT}", "certKey", f.text, "not a PEM file"},
		{"ssl:1:privateKey={OTHER}:certKey={CERT}", "privateKey", f.otherKey, "does not belong to the certificate"},
		{"ssl:1:privateKey={BOTH}:extraCertChain={KEY}", "extraCertChain", f.key, "no certificate in this file"},
		{"ssl:1:privateKey={BOTH}:trustRoots={KEY}", "trustRoots", f.key, "no certificate in this file"},
		{"ssl:1:privateKey={BOTH}:dhParameters={KEY}", "dhParameters", f.key, "no PEM block DH PARAMETERS"},
		{"ssl:1:privateKey={BOTH}:dhParameters={MISSING}", "dhParameters", f.missing, "no such file"},
		{"tls:{MISSING}:1", "path", f.missing, "no such file"},
		{"tls:{BOTH}:1:path={KEY}", "path", f.key, "no certificate in this file"},
		{"tls:" + Quote(empty), "path", empty, "no *.pem file in this directory"},
		{"haproxy:ssl:1:privateKey={MISSING}", "privateKey", f.missing, "no such file"},
	}
	for _, test := range tests {
		text := f.expand(test.text)
		_, err := ParseServer(text)
		wantFileError(t, text, err, test.argument, test.file, test.problem)
	}
	tests = []struct{ text, argument, file, problem string }{
		{"ssl:a:1:certKey={MISSING}", "certKey", f.missing, "no such file"},
		{"ssl:a:1:privateKey={OTHER}:certKey={CERT}", "privateKey", f.otherKey, "does not belong to the certificate"},
		{"ssl:a:1:caCertsDir={MISSING}", "caCertsDir", f.missing, "no such file"},
		{"ssl:a:1:caCertsDir=" + Quote(empty), "caCertsDir", empty, "no certificate in any file"},
		{"tls:a:1:certificate={CERT}", "certificate", f.cert, "no private key in this file"},
		{"tls:a:1:privateKey={KEY}", "privateKey", f.key, "no certificate in this file"},
		{"tls:a:1:trustRoots={TEXT}", "trustRoots", f.text, "no certificate in this file"},
	}
	for _, test := range tests {
		text := f.expand(test.text)
		_, err := ParseClient(text)
		wantFileError(t, text, err, test.argument, test.file, test.problem)
	}
}

func wantFileError(t *testing.T, text string, err error, argument, file, problem string) {
	t.Helper()
	perr, ok := err.(*ParseError)
	if !ok {
		t.Errorf("%s: error %v is no *ParseError", text, err)
		return
	}
	if !strings.HasPrefix(perr.Reason, argument+": "+file+": ") || !strings.Contains(perr.Reason, problem) {
		t.Errorf("%s: %s; want %s: %s: %s", text, perr.Reason, argument, file, problem)
	}
	if !strings.HasPrefix(text[perr.Offset:], Quote(file)) || perr.Unwrap() == nil {
		t.Errorf("%s: offset %d points at %q, cause %v", text, perr.Offset, text[perr.Offset:], perr.Err)
	}
}

// Without an argument the key is server.pem, as in Twisted; the error says so.
func TestDefaultKey(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := ParseServer("ssl:443")
	wantError(t, "ssl:443", err, 7, "privateKey: server.pem: no such file")
}

func TestTLSErrors(t *testing.T) {
	f := makeFiles(t)
	for text, want := range map[string]string{
		"ssl:1:privateKey={BOTH}:sslmethod=TLSv1_METHOD": "sslmethod TLSv1_METHOD is obsolete and insecure",
		"ssl:1:privateKey={BOTH}:sslmethod=x":            `sslmethod "x" is unknown`,
		"ssl:1:privateKey={BOTH}:alpn=":                  "alpn is empty",
		"ssl:1:privateKey={BOTH}:interface=127.0.0.1:x=": "unknown argument x (ssl takes privateKey, certKey, ",
		"tls:{DIR}:x": "port is not a number from 0 to 65535",
		"tls:port=1":  "path is missing: want tls:PATH:PORT",
	} {
		_, err := ParseServer(f.expand(text))
		if perr, ok := err.(*ParseError); !ok || !strings.HasPrefix(perr.Reason, want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A changed file is heard of.
func TestOnReload(t *testing.T) {
	f := makeFiles(t)
	s, err := ParseServer(f.expand("tls:{BOTH}:0"))
	if err != nil {
		t.Fatal(err)
	}
	var heard []error
	s.OnReload(func(err error) { heard = append(heard, err) })
	if s.certificates.OnReload == nil {
		t.Fatal("the function was not kept")
	}
	s.certificates.OnReload(os.ErrNotExist)
	if !slices.Equal(heard, []error{os.ErrNotExist}) {
		t.Errorf("heard %v", heard)
	}
	plain, err := ParseServer("tcp:0")
	if err != nil {
		t.Fatal(err)
	}
	plain.OnReload(func(error) { t.Error("called without TLS") })
}
