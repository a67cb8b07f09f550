package wasmnet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// TestGreeter is what README.md shows under "Testing a guest".
func TestGreeter(t *testing.T) {
	g := guesttest.Open(t, greeter(t), host.ServiceConfig{})
	peer := g.Connect()
	peer.Send("world\r\n")
	if got := peer.Take(); got != "Hello, world!\r\n" {
		t.Errorf("it answered %q", got)
	}
	g.Advance(time.Minute)
	if got := peer.Take(); got != "Good bye.\r\n" || peer.Lost() == nil {
		t.Errorf("after a minute it said %q", got)
	}
	g.CheckChunks(t, []byte("world\r\nmoon\r\n"))
}

// greeter builds examples/greeter and returns the file.
func greeter(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "greeter.wasm")
	if err := os.WriteFile(file, guestbuild.Go(t, "./examples/greeter"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestReadmeShowsTheTest holds README.md to the test above.
func TestReadmeShowsTheTest(t *testing.T) {
	source, err := os.ReadFile("greeter_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "g.Connect()\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	if !strings.Contains(string(readme), body) {
		t.Errorf("README.md does not have the lines\n%s", body)
	}
}
