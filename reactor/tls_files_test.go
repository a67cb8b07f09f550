package reactor_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// tlsFiles are the PEM files of a server and of the root that its clients trust.
type tlsFiles struct{ dir, cert, key, roots string }

func (w *tlsWorld) writeFiles(name string) tlsFiles {
	dir := w.t.TempDir()
	leaf := w.ca.Issue(w.t, testcert.Template{Names: []string{name}})
	return tlsFiles{
		dir:   dir,
		cert:  testcert.WriteFile(w.t, dir, "cert.pem", leaf.CertPEM),
		key:   testcert.WriteFile(w.t, dir, "key.pem", leaf.KeyPEM),
		roots: testcert.WriteFile(w.t, dir, "roots.pem", w.ca.PEM),
	}
}

func (f tlsFiles) server() string {
	return fmt.Sprintf("ssl:0:privateKey=%s:certKey=%s:interface=127.0.0.1", endpoint.Quote(f.key), endpoint.Quote(f.cert))
}

// TestTLSEndpoints connects two endpoint strings.
func TestTLSEndpoints(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		files := w.writeFiles("127.0.0.1")
		server := newProbe()
		server.data = echoBack
		port, err := w.Listen(files.server(), server)
		w.check(err)
		client := clientProbe{newProbe()}
		client.shaken = func(p *probe) { p.write("hello") }
		w.on(func(l *reactor.Loop) {
			_, err = l.Connect(fmt.Sprintf("tls:127.0.0.1:%d:trustRoots=%s", port.Host().(protocol.TCPAddress).Port(),
				endpoint.Quote(files.roots)), client)
		})
		w.check(err)
		client.expect(t, "started", "made", "shaken")
		if got := client.expectData(t, 5); string(got) != "hello" {
			t.Errorf("client received %q", got)
		}
	})
}

// TestTLSReload replaces the files of a port that listens, first by bad ones.
func TestTLSReload(t *testing.T) {
	w := newTLSWorld(t, reactor.Config{})
	files := w.writeFiles("old.test")
	port, err := w.Listen(files.server(), newProbe())
	w.check(err)
	presented := func() string {
		conn := tls.Client(dial(t, port.Host()), &tls.Config{InsecureSkipVerify: true})
		w.check(conn.Handshake())
		return conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	deadline := time.Now().Add(patience)
	until := func(what string, done func(name string) bool) {
		t.Helper()
		for name := presented(); !done(name); name = presented() {
			if time.Now().After(deadline) {
				t.Fatalf("%s does not happen", what)
			}
		}
	}
	testcert.WriteFile(t, files.dir, "cert.pem", []byte("half a file"))
	until("logging the failure", func(name string) bool {
		if name != "old.test" {
			t.Fatalf("%s is presented", name)
		}
		return strings.Contains(w.log.String(), "cert.pem: not a PEM file")
	})
	leaf := w.ca.Issue(t, testcert.Template{Names: []string{"new.test"}})
	testcert.WriteFile(t, files.dir, "key.pem", leaf.KeyPEM)
	testcert.WriteFile(t, files.dir, "cert.pem", leaf.CertPEM)
	until("presenting the new certificate", func(name string) bool { return name == "new.test" })
	if !strings.Contains(w.log.String(), "certificates were read again") {
		t.Error("the success was not logged")
	}
}
