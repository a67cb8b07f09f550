package pemfile

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

// presented does a handshake in which the client names server, and returns the names of the certificate it is shown.
func presented(t *testing.T, source *Source, server string) []string {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	done := make(chan error, 1)
	go func() {
		defer far.Close()
		conn := tls.Server(far, &tls.Config{GetCertificate: source.GetCertificate})
		done <- conn.Handshake()
	}()
	client := tls.Client(near, &tls.Config{ServerName: server, InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	names := client.ConnectionState().PeerCertificates[0].DNSNames
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return names
}

func expect(t *testing.T, source *Source, server, want string) {
	t.Helper()
	if got := presented(t, source, server); got[0] != want {
		t.Errorf("server name %q: certificate for %v, want %s", server, got, want)
	}
}

func writeLeaf(t *testing.T, ca *testcert.CA, dir, file string, names ...string) string {
	leaf := ca.Issue(t, testcert.Template{Names: names})
	return testcert.WriteFile(t, dir, file, leaf.CertPEM, leaf.KeyPEM)
}

func TestSourceChoosesByName(t *testing.T) {
	dir := t.TempDir()
	ca := testcert.NewCA(t)
	source, err := NewSource(
		Pair{Cert: writeLeaf(t, ca, dir, "first", "first.test")},
		Pair{Cert: writeLeaf(t, ca, dir, "wild", "*.wild.test")},
		Pair{Cert: writeLeaf(t, ca, dir, "exact", "exact.wild.test")},
	)
	if err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]string{
		"first.test":      "first.test",
		"a.wild.test":     "*.wild.test",
		"A.Wild.Test":     "*.wild.test",
		"exact.wild.test": "exact.wild.test",
		"a.b.wild.test":   "first.test",
		"unknown.test":    "first.test",
		"":                "first.test",
	} {
		expect(t, source, server, want)
	}
}

func TestSourceDirectory(t *testing.T) {
	dir := t.TempDir()
	ca := testcert.NewCA(t)
	writeLeaf(t, ca, dir, "a.test.pem", "a.test")
	writeLeaf(t, ca, dir, "b.test.pem", "b.test")
	testcert.WriteFile(t, dir, "notes.txt", []byte("no certificate"))
	source, err := NewSource(Pair{Cert: dir})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, source, "b.test", "b.test")
	expect(t, source, "c.test", "a.test")
	writeLeaf(t, ca, dir, defaultName, "default.test")
	if err := source.Reload(); err != nil {
		t.Fatal(err)
	}
	expect(t, source, "c.test", "default.test")

	if _, err := NewSource(Pair{Cert: dir, Key: filepath.Join(dir, "a.test.pem")}); err == nil {
		t.Error("a directory with a separate key was accepted")
	}
	if _, err := NewSource(Pair{Cert: t.TempDir()}); err == nil {
		t.Error("an empty directory was accepted")
	}
	if _, err := NewSource(); err == nil {
		t.Error("a source of nothing was accepted")
	}
}

// TestSourceReloads moves the source's clock, and the files' times where one test writes a file twice.
func TestSourceReloads(t *testing.T) {
	dir := t.TempDir()
	ca := testcert.NewCA(t)
	file := writeLeaf(t, ca, dir, "server.pem", "old.test")
	source, err := NewSource(Pair{Cert: file})
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Now()
	source.now = func() time.Time { return clock }
	var outcomes []error
	source.OnReload = func(err error) { outcomes = append(outcomes, err) }
	age := func(d time.Duration) {
		t.Helper()
		if err := os.Chtimes(file, clock.Add(d), clock.Add(d)); err != nil {
			t.Fatal(err)
		}
	}

	writeLeaf(t, ca, dir, "server.pem", "new.test")
	age(time.Minute)
	expect(t, source, "", "old.test") // not looked at yet

	clock = clock.Add(checkInterval)
	expect(t, source, "", "new.test")
	if len(outcomes) != 1 || outcomes[0] != nil {
		t.Fatalf("outcomes after a good change: %v", outcomes)
	}

	clock = clock.Add(checkInterval)
	expect(t, source, "", "new.test")
	if len(outcomes) != 1 {
		t.Fatalf("unchanged files were loaded again: %v", outcomes)
	}

	testcert.WriteFile(t, dir, "server.pem", []byte("half a fi"))
	for range 3 {
		clock = clock.Add(checkInterval)
		expect(t, source, "", "new.test")
	}
	if len(outcomes) != 2 || outcomes[1] == nil {
		t.Fatalf("outcomes after a bad change: %v, want one error", outcomes)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(checkInterval)
	expect(t, source, "", "new.test")
	if len(outcomes) != 3 || outcomes[2] == nil {
		t.Fatalf("outcomes after removal: %v, want a second error", outcomes)
	}

	writeLeaf(t, ca, dir, "server.pem", "repaired.test")
	clock = clock.Add(checkInterval)
	expect(t, source, "", "repaired.test")
	if len(outcomes) != 4 || outcomes[3] != nil {
		t.Fatalf("outcomes after the repair: %v", outcomes)
	}
}

func TestSourceClientCertificate(t *testing.T) {
	dir := t.TempDir()
	ca, stranger := testcert.NewCA(t), testcert.NewCA(t)
	server := ca.Issue(t, testcert.Template{Names: []string{"a.test"}})
	source, err := NewSource(Pair{Cert: writeLeaf(t, ca, dir, "client", "client.test")})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		ca   *testcert.CA
		want int
	}{{"accepted issuer", ca, 1}, {"other issuer", stranger, 0}} {
		t.Run(test.name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			defer far.Close()
			client := tls.Client(far, &tls.Config{InsecureSkipVerify: true, GetClientCertificate: source.GetClientCertificate})
			done := make(chan error, 1)
			go func() { done <- client.Handshake() }()
			conn := tls.Server(near, &tls.Config{
				Certificates: []tls.Certificate{server.TLS},
				ClientCAs:    test.ca.Pool(), ClientAuth: tls.RequestClientCert,
			})
			if err := conn.Handshake(); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if got := len(conn.ConnectionState().PeerCertificates); got != test.want {
				t.Errorf("client presented %d certificates, want %d", got, test.want)
			}
		})
	}
}
