package hostile

import (
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
	t.Run("a folder that others can write", func(t *testing.T) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		a := newArena(t, caching)
		a.log.wait(t, 1, "msg", "compiled modules are not kept", "error", "~chmod 700")
		a.attack(named(t, "name_section_lies"), host.ServiceConfig{}).dial().echoes("without a cache")
	})
}
