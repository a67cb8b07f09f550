package guestbuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// warm has a program without the race detector compile a guest into the compile cache of the user, where tests that use it
// find the machine code: with the race detector that takes a minute. If it fails they compile themselves.
func warm(t testing.TB, wasm []byte) {
	if !raceDetector {
		return
	}
	file := filepath.Join(t.TempDir(), output)
	err := os.WriteFile(file, wasm, 0o600)
	if err == nil {
		var text []byte
		text, err = exec.Command("go", "run", "github.com/wasmnet/wasmnet/cmd/wasmnet", "compile", file).CombinedOutput()
		t.Logf("%s", text)
	}
	if err != nil {
		t.Logf("compiling ahead: %v", err)
	}
}
