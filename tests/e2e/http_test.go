package e2e

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// site makes a folder of files for module web.
func site(t *testing.T) (dir string, big []byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "site")
	big = make([]byte, 300_000)
	_, _ = rand.Read(big)
	for name, content := range map[string]string{
		"index.html":         `<a href="sub/">sub</a> <a href="big.bin">big</a> <a href="a%20b.txt">text</a>`,
		"sub/index.html":     `<a href="../">up</a> <a href="deep/page.html">deep</a>`,
		"sub/deep/page.html": `<p>the end</p>`,
		"a b.txt":            "hello world\n",
		"big.bin":            string(big),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	return dir, big
}

// serveSite runs module web on the folder, and returns its address.
func serveSite(t *testing.T, dir string, args ...string) (s *server, url string) {
	t.Helper()
	s = serve(t, append([]string{"run", "web", "--listen", "tcp:0:interface=127.0.0.1", "--set", "serve=files",
		"--allow", "mount=" + dir + ":/www"}, args...)...)
	return s, "http://127.0.0.1:" + s.port(0)
}

// curl runs curl, which must end well.
func curl(t *testing.T, input string, args ...string) result {
	t.Helper()
	got := command(t, input, "curl", append([]string{"-sS", "--max-time", "30"}, args...)...)
	if got.status != 0 {
		t.Errorf("curl %q: status %d, %s", args, got.status, got.stderr)
	}
	return got
}

func TestCurlGetsFiles(t *testing.T) {
	dir, big := site(t)
	s, url := serveSite(t, dir, "--set", "access-log=true")

	got := curl(t, "", "-v", url+"/a%20b.txt", url+"/big.bin", url+"/sub/")
	if want := "hello world\n" + string(big) + `<a href="../">up</a> <a href="deep/page.html">deep</a>`; got.stdout != want {
		t.Errorf("three files: %d bytes, want %d", len(got.stdout), len(want))
	}
	if n := strings.Count(got.stderr, "Re-using existing connection"); n != 2 {
		t.Errorf("the connection was used again %d times:\n%s", n, got.stderr)
	}
	if got := curl(t, "", "-r", "6-10", url+"/a%20b.txt"); got.stdout != "world" {
		t.Errorf("range: %q", got.stdout)
	}
	got = curl(t, "", "-r", "0-1,-3", url+"/big.bin")
	if !strings.Contains(got.stdout, "Content-Range: bytes 299997-299999/300000\r\n\r\n"+string(big[299_997:])) {
		t.Errorf("ranges: %q", got.stdout)
	}
	head := curl(t, "", "-I", url+"/a%20b.txt").stdout
	for _, want := range []string{"HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 12\r\n", "\r\nContent-Type: text/plain; charset=utf-8\r\n",
		"\r\nAccept-Ranges: bytes\r\n", "\r\nDate: "} {
		if !strings.Contains(head, want) {
			t.Errorf("-I: %q lacks %q", head, want)
		}
	}
	tag := regexp.MustCompile(`ETag: ("[^"]+")`).FindStringSubmatch(head)
	if tag == nil {
		t.Fatalf("no ETag: %q", head)
	}
	if got := curl(t, "", "-w", "%{http_code}", "-H", "If-None-Match: "+tag[1], url+"/a%20b.txt"); got.stdout != "304" {
		t.Errorf("the same tag: %q", got.stdout)
	}
	if got := curl(t, "", "-w", "%{http_code}", "-z", filepath.Join(dir, "a b.txt"), url+"/a%20b.txt"); got.stdout != "304" {
		t.Errorf("the same time: %q", got.stdout)
	}
	if got := curl(t, "", "-0", "-i", url+"/a%20b.txt"); !strings.HasPrefix(got.stdout, "HTTP/1.0 200 OK\r\n") || !strings.HasSuffix(got.stdout, "hello world\n") {
		t.Errorf("HTTP/1.0: %q", got.stdout)
	}
	if got := curl(t, "", "--compressed", "-i", url+"/a%20b.txt"); strings.Contains(got.stdout, "Content-Encoding") || !strings.HasSuffix(got.stdout, "hello world\n") {
		t.Errorf("--compressed: %q", got.stdout)
	}
	if got := curl(t, "", "-L", "-w", "%{url_effective}", url+"/sub"); !strings.HasSuffix(got.stdout, "</a>"+url+"/sub/") {
		t.Errorf("redirect: %q", got.stdout)
	}
	for _, path := range []string{"/../secret", "/%2e%2e/secret", "/sub/../../secret", "/link", "/..%2fsecret"} {
		if got := curl(t, "", "--path-as-is", "-w", "%{http_code}", url+path); got.stdout != "Not Found\n404" {
			t.Errorf("%s: %q", path, got.stdout)
		}
	}
	s.awaitLog(`\"GET /sub/../../secret HTTP/1.1\" 404 10 \"-\" \"curl/`)
}

func TestCurlUploads(t *testing.T) {
	s := serve(t, "run", "web", "--listen", "tcp:0:interface=127.0.0.1", "--set", "serve=echo")
	url := "http://127.0.0.1:" + s.port(0) + "/"
	body := make([]byte, 2<<20)
	_, _ = rand.Read(body)
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		want []string // in what curl says about the exchange
	}{
		"100-continue": {[]string{"-T", file, "-H", "Expect: 100-continue"}, []string{"< HTTP/1.1 100 Continue", "< Content-Length: 2097152"}},
		"chunked":      {[]string{"-T", "-"}, []string{"> Transfer-Encoding: chunked", "< Transfer-Encoding: chunked"}},
		"HTTP/1.0":     {[]string{"-0", "--data-binary", "@" + file}, []string{"< HTTP/1.0 200 OK"}},
	} {
		got := curl(t, string(body), append(c.args, "-v", url)...)
		if !bytes.Equal([]byte(got.stdout), body) {
			t.Errorf("%s: %d bytes came back, of %d", name, len(got.stdout), len(body))
		}
		for _, want := range c.want {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("%s: %q is not in\n%s", name, want, got.stderr)
			}
		}
	}
	if got := curl(t, "", "-X", "DELETE", "-w", "%{http_code}", url); got.stdout != "Method Not Allowed\n405" {
		t.Errorf("DELETE: %q", got.stdout)
	}
}

func TestWgetMirrorsAndContinues(t *testing.T) {
	dir, big := site(t)
	_, url := serveSite(t, dir)
	out := t.TempDir()
	got := command(t, "", "wget", "-q", "--mirror", "-nH", "-P", out, url+"/")
	if got.status != 0 {
		t.Errorf("wget: status %d, %s", got.status, got.stderr)
	}
	for _, name := range []string{"index.html", "sub/index.html", "sub/deep/page.html", "a b.txt", "big.bin"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if have, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(have, want) {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(have), err, len(want))
		}
	}
	part := filepath.Join(out, "big.bin")
	if err := os.Truncate(part, 123_456); err != nil {
		t.Fatal(err)
	}
	got = command(t, "", "wget", "-S", "-c", "-P", out, url+"/big.bin")
	if have, err := os.ReadFile(part); err != nil || !bytes.Equal(have, big) || !strings.Contains(got.stderr, "206 Partial Content") {
		t.Errorf("continued: %d bytes, %v\n%s", len(have), err, got.stderr)
	}
}
