// Package guestbuild compiles guests for tests, from Go, C and WebAssembly's text format. The same sources are compiled
// once a process. It needs the go tool, clang with lld, and wat2wasm of wabt.
package guestbuild

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Go compiles a package, which is an import path or a folder that begins with a point.
func Go(t testing.TB, pkg string) []byte {
	t.Helper()
	return built(t, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", output, pkg)
}

// C compiles a file, without a C library. Flags go to clang.
func C(t testing.TB, file string, flags ...string) []byte {
	t.Helper()
	args := append([]string{"clang", "--target=wasm32", "-O2", "-nostdlib", "-mbulk-memory", "-Wall", "-Wextra", "-Werror",
		"-Wl,--no-entry"}, flags...)
	return built(t, append(args, "-o", output, file)...)
}

// Wat assembles a file in text format, and keeps its names.
func Wat(t testing.TB, file string) []byte {
	t.Helper()
	return built(t, "wat2wasm", "--debug-names", "-o", output, file)
}

// WatText assembles text format.
func WatText(t testing.TB, text string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guest.wat")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Wat(t, file)
}

// output is the argument of a compiler in whose place comes the name of the file that it writes.
const output = "guest.wasm"

// guests has, for each command line, a function that returns the module and the compiler's error.
var guests sync.Map

func built(t testing.TB, command ...string) []byte {
	t.Helper()
	build, _ := guests.LoadOrStore(strings.Join(command, "\n"), sync.OnceValues(func() ([]byte, error) {
		wasm, err := compile(command)
		if err == nil && command[0] == "go" {
			warm(t, wasm)
		}
		return wasm, err
	}))
	wasm, err := build.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(wasm)
}

func compile(command []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "guestbuild")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, output)
	cmd := exec.Command(command[0], command[1:]...)
	for i, arg := range cmd.Args {
		if arg == output {
			cmd.Args[i] = file
		}
	}
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, text)
	}
	return os.ReadFile(file)
}
