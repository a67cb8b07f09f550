package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// thirdparty is the guest in ./testdata/thirdparty, a module of its own, built once.
var thirdparty = sync.OnceValues(func() (string, error) {
	wasm := filepath.Join(filepath.Dir(program), "thirdparty.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", wasm, ".")
	build.Dir = filepath.Join("testdata", "thirdparty")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=-mod=readonly")
	if text, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(text)))
	}
	return wasm, nil
})

func serveThirdParty(t *testing.T, server string, args ...string) *server {
	t.Helper()
	wasm, err := thirdparty()
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, append([]string{"run", wasm, "--listen", "tcp:0:interface=127.0.0.1", "--set", "server=" + server}, args...)...)
}

// chi, the HTTP router, with middleware that compresses, logs, authenticates and recovers.
func TestThirdPartyRouter(t *testing.T) {
	s := serveThirdParty(t, "chi")
	url := "http://127.0.0.1:" + s.port(0)
	if got := fetched(t, "--compressed", "-w", " %{http_code}", url+"/articles/17"); got != "article 17 200" {
		t.Errorf("%q", got)
	}
	body := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(body, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"404 page not found\n 404", []string{url + "/articles/x"}},
		{" 405", []string{"-X", "POST", url + "/articles/17"}},
		{" 401", []string{"-T", body, url + "/admin/file"}},
		{"put 10485760 bytes to file, <nil> 200", []string{"-u", "ann:secret", "-T", body, url + "/admin/file"}},
		{" 500", []string{url + "/panic"}},
	} {
		if got := fetched(t, append([]string{"-w", " %{http_code}"}, c.args...)...); got != c.want {
			t.Errorf("%q: %q, want %q", c.args, got, c.want)
		}
	}
	s.awaitLog("/articles/17")
}

// An SSH server on golang.org/x/crypto/ssh, with OpenSSH's client.
func TestThirdPartySSH(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	for _, name := range []string{key, filepath.Join(dir, "stranger")} {
		if r := command(t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", name); r.status != 0 {
			t.Fatalf("ssh-keygen: %s", r.stderr)
		}
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	s := serveThirdParty(t, "ssh", "--set", "authorized="+strings.TrimSpace(string(public)))
	ssh := func(key, input string, words ...string) result {
		return command(t, input, "ssh", append([]string{
			"-F", "none", "-p", s.port(0), "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
			"-o", "StrictHostKeyChecking=accept-new", "-o", "UserKnownHostsFile=" + filepath.Join(dir, "hosts"), "ann@127.0.0.1",
		}, words...)...)
	}
	input := strings.Repeat("all of this comes back\n", 100_000)
	for range 2 { // the host's key is the image's: the second connection finds the first one's
		r := ssh(key, input, "one", "two")
		if want := `ann: ["one" "two"]` + "\n" + input; r.stdout != want || r.status != 7 {
			t.Errorf("status %d, %d bytes of %d: %s", r.status, len(r.stdout), len(want), r.stderr)
		}
		if want := fmt.Sprintf("%d bytes, <nil>\n", len(input)); r.stderr != want {
			t.Errorf("on standard error %q, want %q", r.stderr, want)
		}
	}
	if r := ssh(filepath.Join(dir, "stranger"), "", "x"); r.status != 255 || !strings.Contains(r.stderr, "Permission denied") {
		t.Errorf("a stranger: status %d, %s", r.status, r.stderr)
	}
}

// github.com/miekg/dns, over UDP and TCP, with dig.
func TestThirdPartyDNS(t *testing.T) {
	s := serveThirdParty(t, "dns", "--listen", "udp:0:interface=127.0.0.1")
	dig := func(port string, args ...string) string {
		t.Helper()
		r := command(t, "", "dig", append([]string{"@127.0.0.1", "-p", port, "+tries=1", "+time=20"}, args...)...)
		if r.status != 0 {
			t.Fatalf("dig: status %d, %s%s", r.status, r.stdout, r.stderr)
		}
		return r.stdout
	}
	if got := dig(s.port(1), "www.example.org", "TXT", "+ignore"); !strings.Contains(got, "flags: qr aa tc rd") &&
		!strings.Contains(got, "flags: qr tc rd") || !strings.Contains(got, `"record number 0 by udp"`) {
		t.Errorf("UDP: %s", got)
	}
	if got := dig(s.port(0), "www.example.org", "TXT", "+tcp", "+short"); strings.Count(got, "by tcp") != 40 {
		t.Errorf("TCP: %s", got)
	}
	if got := dig(s.port(1), "example.com", "+ignore"); !strings.Contains(got, "REFUSED") {
		t.Errorf("another zone: %s", got)
	}
}
