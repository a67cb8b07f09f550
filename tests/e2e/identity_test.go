package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

// TestGuestStartsTLSWithAnIdentity: a guest upgrades connections in mid-stream and names the certificate, one of those that
// the operator has given it.
func TestGuestStartsTLSWithAnIdentity(t *testing.T) {
	wasm := filepath.Join(t.TempDir(), "starttls.wasm")
	if got := command(t, "", "wat2wasm", filepath.Join("testdata", "starttls.wat"), "-o", wasm); got.status != 0 {
		t.Fatalf("wat2wasm: %s", got.stderr)
	}
	firstKey, firstCert := selfSigned(t, "first.test")
	key, cert := selfSigned(t, "second.test")
	log := filepath.Join(t.TempDir(), "traffic")
	s := serve(t, "run", wasm, "--listen", "tcp:0:interface=127.0.0.1", "--identity", "first="+firstCert+","+firstKey,
		"--identity", "second="+cert+","+key, "--traffic-log", log)
	client := []string{"s_client", "-starttls", "smtp", "-quiet", "-no_ign_eof", "-verify_return_error",
		"-verify_hostname", "second.test", "-connect", "127.0.0.1:" + s.port(0), "-CAfile"}
	if got := talk(t, "over TLS\n", "openssl", append(client, cert)...); got != "over TLS\n" {
		t.Errorf("s_client saw %q", got)
	}
	if refused := command(t, "", "openssl", append(client, firstCert)...); refused.status == 0 {
		t.Errorf("a certificate that does not lead to the root is trusted: %s%s", refused.stdout, refused.stderr)
	}
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	// What went over both connections is in the traffic log, in clear.
	logged, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg=sent traffic=1`, `220 ready`, `msg="starting TLS" traffic=1`, `server=true`, `msg="TLS established" traffic=1`,
		`msg=received traffic=1`, `over TLS`, `msg=connected traffic=2`,
	} {
		if !strings.Contains(string(logged), want) {
			t.Errorf("%s is not in the traffic log:\n%s", want, logged)
		}
	}
	if info, err := os.Stat(log); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the traffic log has mode %v, %v", info.Mode(), err)
	}
}

// TestGuestDemandsACertificate: a guest that starts TLS lets in clients with a certificate that leads to --trust-clients.
func TestGuestDemandsACertificate(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "starttls.wat"))
	if err != nil {
		t.Fatal(err)
	}
	demanding := strings.NewReplacer(`identity=second`, `client_certificate=require`, `(i32.const 27)`, `(i32.const 38)`).
		Replace(string(text))
	wat := testcert.WriteFile(t, t.TempDir(), "demand.wat", []byte(demanding))
	wasm := wat[:len(wat)-1] + "sm"
	if got := command(t, "", "wat2wasm", wat, "-o", wasm); got.status != 0 {
		t.Fatalf("wat2wasm: %s", got.stderr)
	}
	key, cert := selfSigned(t, "mail.test")
	ca := testcert.NewCA(t)
	root := testcert.WriteFile(t, t.TempDir(), "root.pem", ca.PEM)
	s := serve(t, "run", wasm, "--listen", "tcp:0:interface=127.0.0.1", "--identity", "first="+cert+","+key,
		"--trust-clients", root)
	// With -quiet it stays until the server closes, so that it hears the alert.
	client := []string{"s_client", "-starttls", "smtp", "-quiet", "-verify_return_error",
		"-CAfile", cert, "-connect", "127.0.0.1:" + s.port(0)}
	mine, myCert := ca.Issue(t, testcert.Template{Names: []string{"me"}}).Files(t)
	if got := talk(t, "it is me\n", "openssl", append(client, "-no_ign_eof", "-key", mine, "-cert", myCert)...); got != "it is me\n" {
		t.Errorf("s_client saw %q", got)
	}
	other, otherCert := testcert.NewCA(t).Issue(t, testcert.Template{Names: []string{"me"}}).Files(t)
	for name, args := range map[string][]string{"none": nil, "a stranger's": {"-key", other, "-cert", otherCert}} {
		refused := command(t, "let me in\n", "openssl", append(client, args...)...)
		if strings.Contains(refused.stdout, "let me in") || !strings.Contains(refused.stderr, "alert") {
			t.Errorf("certificate %s: %s%s", name, refused.stdout, refused.stderr)
		}
	}
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestTrust: with --trust a module's connection is verified against those roots, and against the system's without.
func TestTrust(t *testing.T) {
	key, cert := selfSigned(t, "localhost")
	s := serve(t, "run", "qotd", "--listen", "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	connect := []string{"connect", "discard", "--to", "tls:localhost:" + s.port(0)}
	if got := wasmnet(t, append(connect, "--trust", cert)...); got.status != 0 {
		t.Errorf("status %d, %s", got.status, got.stderr)
	}
	if got := wasmnet(t, connect...); got.status != 1 || !strings.Contains(got.stderr, "unknown authority") {
		t.Errorf("status %d, %s", got.status, got.stderr)
	}
}
