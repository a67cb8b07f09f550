package hostile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// Code on disk that is not what the host wrote is never run: the module is compiled again, and the log says why.
func TestDamagedCodeIsNotRun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	caching := func(hc *host.Config, _ *reactor.Config) { hc.CacheDir = dir }
	entry := func(g string) (path string, content []byte) {
		before, _ := filepath.Glob(filepath.Join(dir, "*.code"))
		h, err := host.New(host.Config{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Load(t.Context(), g, named(t, g).wasm); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		after, _ := filepath.Glob(filepath.Join(dir, "*.code"))
		for _, path := range after {
			if !slices.Contains(before, path) {
				content, err = os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return path, content
			}
		}
		t.Fatalf("%s was not stored", g)
		return "", nil
	}
	path, good := entry("name_section_lies")
	_, other := entry("wasi_exit")
	flip := func(at int) []byte {
		b := slices.Clone(good)
		b[at] ^= 0x40
		return b
	}
	for name, content := range map[string][]byte{
		"a bit of the head":   flip(0),
		"a bit of the seal":   flip(20),
		"a bit of the middle": flip(len(good) / 2),
		"a bit of the end":    flip(len(good) - 1),
		"cut in half":         good[:len(good)/2],
		"empty":               nil,
		"longer":              append(slices.Clone(good), 0xcc),
		"another module's":    other,
		"a program":           []byte("\x7fELF"),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			a := newArena(t, caching)
			s := a.attack(named(t, "name_section_lies"), host.ServiceConfig{})
			a.log.wait(t, 1, "msg", "compile cache", "error", "~damaged or was swapped")
			s.dial().echoes("compiled again")
		})
	}
	damaged := flip(len(good) / 2)
	for name, c := range map[string]struct {
		make func(folder string) error
		want string
	}{
		"others can write":      {func(folder string) error { return os.Chmod(folder, 0o777) }, "~chmod 700"},
		"a group can write":     {func(folder string) error { return os.Chmod(folder, 0o770) }, "~chmod 700"},
		"others can replace it": {func(folder string) error { return os.Chmod(filepath.Dir(folder), 0o777) }, "~swap what lies in it"},
		"a link": {func(folder string) error {
			return errors.Join(os.Rename(folder, folder+"-moved"), os.Symlink(folder+"-moved", folder))
		}, "~is a symbolic link"},
	} {
		t.Run("a folder: "+name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "parent", "cache")
			code := filepath.Join(folder, filepath.Base(path))
			err := errors.Join(os.MkdirAll(folder, 0o700), os.WriteFile(code, damaged, 0o600), c.make(folder))
			if err != nil {
				t.Fatal(err)
			}
			a := newArena(t, func(hc *host.Config, _ *reactor.Config) { hc.CacheDir = folder })
			a.log.once(t, "level", "WARN", "msg", "compiled modules are not kept", "error", c.want)
			a.attack(named(t, "name_section_lies"), host.ServiceConfig{}).dial().echoes("without a cache")
			if b, err := os.ReadFile(code); err != nil || !bytes.Equal(b, damaged) {
				t.Errorf("what lies in the folder was used: %v", err)
			}
		})
	}
}
