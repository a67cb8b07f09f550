// Package readme builds and runs the programs that README.md shows.
package readme

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// blocks gives the code of README.md in one language, in order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// build writes a program to a folder of the module, so that it finds the packages as they are here, and compiles it.
func build(t *testing.T, name, source string, env []string, args ...string) {
	t.Helper()
	dir, err := os.MkdirTemp(".", "program")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(args[0], append(args[1:], "./"+filepath.Join(dir, name))...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

// answer runs the embedding program with a guest, and says something to it.
func answer(t *testing.T, program, guest, say string) string {
	t.Helper()
	cmd := exec.Command(program, guest)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, stderr)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
	}()
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		if _, addr, ok := strings.Cut(lines.Text(), "listening on "); ok {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got := make([]byte, len(say))
			_, werr := fmt.Fprint(c, say)
			if _, err := io.ReadFull(c, got); err != nil || werr != nil {
				t.Fatal(err, werr)
			}
			return string(got)
		}
	}
	t.Fatal("the program does not listen")
	return ""
}

func TestProgramsOfTheReadme(t *testing.T) {
	goCode, cCode := blocks(t, "go"), blocks(t, "c")
	if len(goCode) != 2 || len(cCode) != 1 {
		t.Fatalf("README.md shows %d programs in Go and %d in C, want 2 and 1", len(goCode), len(cCode))
	}
	out := t.TempDir()
	shout, echo, embed := filepath.Join(out, "shout.wasm"), filepath.Join(out, "echo.wasm"), filepath.Join(out, "embed")
	build(t, "main.go", goCode[0], []string{"GOOS=wasip1", "GOARCH=wasm"}, "go", "build", "-buildmode=c-shared", "-o", shout)
	build(t, "main.go", goCode[1], nil, "go", "build", "-o", embed)
	build(t, "echo.c", cCode[0], nil, "clang", "--target=wasm32", "-nostdlib", "-O2", "-Wl,--no-entry", "-I../../guest-sdk/c", "-o", echo)
	if got := answer(t, embed, shout, "louder"); got != "LOUDER" {
		t.Errorf("the guest in Go answers %q", got)
	}
	if got := answer(t, embed, echo, "again"); got != "again" {
		t.Errorf("the guest in C answers %q", got)
	}
}
