// Package wasmtest has real modules for the tests of the packages around it: guests in Go and C, and the modules that
// wazero keeps as its own test data.
package wasmtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// dir is where this package's sources, and so its testdata, are.
var dir = sync.OnceValue(func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
})

// File returns the path of a file in this package's testdata.
func File(name string) string { return filepath.Join(dir(), "testdata", name) }

// Go compiles the Go program in the testdata folder name as a guest.
func Go(t testing.TB, name string) []byte {
	t.Helper()
	return guestbuild.Go(t, File(name))
}

// C compiles the C file name of testdata as a guest without a C library.
func C(t testing.TB, name string) []byte {
	t.Helper()
	return guestbuild.C(t, File(name), "-ffreestanding", "-fno-builtin")
}

// WazeroDir returns the folder of wazero's module.
func WazeroDir(t testing.TB) string {
	t.Helper()
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero")
	cmd.Dir = dir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// Corpus calls f with every module that wazero keeps as test data below folder sub of its source, by its path there.
// Many of them are invalid on purpose or need features that are not accepted.
func Corpus(t testing.TB, sub string, f func(path string, module []byte)) {
	t.Helper()
	root := WazeroDir(t)
	n := 0
	err := filepath.WalkDir(filepath.Join(root, sub), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(path) != ".wasm" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		rel, err := filepath.Rel(root, path)
		f(rel, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Fatalf("no module below %s of wazero's source", sub)
	}
}

// Seeds calls add with every sixteenth of wazero's test modules for the core specification's second version that has
// at most max bytes: some two hundred, of every sort.
func Seeds(t testing.TB, max int, add func(module []byte)) {
	n := 0
	Corpus(t, "internal/integration_test/spectest/v2", func(path string, module []byte) {
		if len(module) > max {
			return
		}
		if n++; n%16 == 0 {
			add(module)
		}
	})
}
