package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

func TestMounts(t *testing.T) {
	wasm := gopher(t)
	outside := filepath.Join(t.TempDir(), "secret")
	dir := t.TempDir()
	for name, text := range map[string]string{outside: "secret", filepath.Join(dir, "a.txt"): "alpha", filepath.Join(dir, "sub", "b.txt"): "beta"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.txt", filepath.Join(dir, "in")); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	m := w.load("gopher.wasm", wasm)
	for _, c := range []struct {
		mode  string
		steps [][2]string // what is asked, and what the answer holds
	}{
		{"", [][2]string{
			{"read /data/a.txt", "alpha"},
			{"read /data/sub/b.txt", "beta"},
			{"read /data/sub/../a.txt", "alpha"},
			{"read /data/in", "alpha"},
			{"list /data", "a.txt in out sub/"},
			{"stat /data/a.txt", "5 false"},
			{"stat /data/sub", "true"},
			{"stat /data", "true"},
			{"read /data/nothing", "error: open /data/nothing: No such file or directory"},
			{"read /data/out", "error"},
			{"read /data/../../etc/passwd", "error"},
			{"read /etc/passwd", "error"},
			{"read /data", "error"},
			{"list /data/a.txt", "error"},
			{"write /data/new x", "error: open /data/new: Read-only file system"},
			{"append /data/a.txt x", "error: open /data/a.txt: Read-only file system"},
			{"mkdir /data/d", "error: mkdir /data/d: Read-only file system"},
			{"remove /data/a.txt", "error"},
			{"rename /data/a.txt /data/c.txt", "error"},
			{"truncate /data/a.txt", "error"},
			{"read /data/a.txt", "alpha"},
		}},
		{":rw", [][2]string{
			{"write /data/new one", "ok"},
			{"append /data/new two", "ok"},
			{"read /data/new", "onetwo"},
			{"truncate /data/new", "ok"},
			{"read /data/new", "on"},
			{"mkdir /data/d", "ok"},
			{"mkdir /data/d", "error: mkdir /data/d: File exists"},
			{"rename /data/new /data/d/moved", "ok"},
			{"remove /data/d", "error"},
			{"remove /data/d/moved", "ok"},
			{"remove /data/d", "ok"},
			{"list /data", "a.txt in out sub/"},
			{"write /data/out x", "error"},
			{"write /data/../escaped x", "error"},
		}},
	} {
		s := w.service(m, host.ServiceConfig{Grants: grants(t, "mount="+dir+":/data"+c.mode, "env=GREETING=good day")})
		guest := call(t, w.serve(s))
		for _, step := range c.steps {
			if got := guest.ask(step[0]); !strings.Contains(got, step[1]) {
				t.Errorf("%s%s: %q, want %q", step[0], c.mode, got, step[1])
			}
		}
		if got := guest.ask("env GREETING"); got != "good day" {
			t.Errorf("environment: %q", got)
		}
	}
	if b, err := os.ReadFile(outside); string(b) != "secret" || err != nil {
		t.Errorf("what lies outside is now %q, %v", b, err)
	}
}

func TestMountsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	m := w.load("echo.wat", wat(t, "echo.wat"))
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	_, err := w.NewService(m, w.reactor, host.ServiceConfig{Grants: grants(t, "mount="+nowhere+":/data")})
	if err == nil || !contains(err.Error(), fmt.Sprintf("module echo.wat: mount %s:/data: ", nowhere)) {
		t.Errorf("NewService: %v", err)
	}
	for _, text := range []string{"mount=/tmp", "mount=:/x", "mount=/tmp:", "mount=/tmp:data", "mount=/tmp:/a/../b", "mount=/tmp:/a/:rw"} {
		var g host.Grants
		if err := g.Set(text); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	g := grants(t, "mount=/tmp:/data:rw", "mount=/var:/x")
	if got, want := g.String(), "mount=/tmp:/data:rw,mount=/var:/x"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
