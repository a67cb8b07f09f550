package architecture

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// decoders are the packages, beside the modules, that take apart what comes from peers, guests, operators or files.
var decoders = []string{
	"reactor/amp", "reactor/basic", "reactor/endpoint", "reactor/http1", "reactor/httpclient", "reactor/internal/pemfile",
	"reactor/internal/tlsengine", "reactor/policy", "reactor/protocol", "host", "host/guesttest", "host/internal/image",
	"host/internal/rewrite", "host/internal/wasm", "guest-sdk/go/internal/blocking",
}

// unfuzzed are the modules without a fuzz target of their own, and why: they read nothing, or the package named reads for them.
var unfuzzed = map[string]string{
	"chargen": "", "daytime": "", "qotd": "", "time": "",
	"get":          "reactor/httpclient",
	"nethttp":      "net/http",
	"reverseproxy": "net/http",
	"websocket":    "github.com/coder/websocket",
}

// fuzzed reports whether a test in or below a folder of the project is a fuzz target.
func fuzzed(t *testing.T, folder string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", "..", filepath.FromSlash(folder)), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || found || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		found = bytes.Contains(text, []byte("\nfunc Fuzz"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestEveryDecoderIsFuzzed: whatever reads what others wrote has a fuzz target.
func TestEveryDecoderIsFuzzed(t *testing.T) {
	for _, folder := range decoders {
		if !fuzzed(t, folder) {
			t.Errorf("%s has no fuzz target", folder)
		}
	}
	modules, err := filepath.Glob(filepath.Join("..", "..", "modules", "*", "manifest.json"))
	if err != nil || len(modules) < 20 {
		t.Fatalf("%d modules, %v", len(modules), err)
	}
	for _, manifest := range modules {
		name := filepath.Base(filepath.Dir(manifest))
		reader, listed := unfuzzed[name]
		switch has := fuzzed(t, "modules/"+name); {
		case has && listed:
			t.Errorf("modules/%s has a fuzz target, and is listed as one without", name)
		case !has && !listed:
			t.Errorf("modules/%s has no fuzz target", name)
		case strings.HasPrefix(reader, "reactor/") && !fuzzed(t, reader):
			t.Errorf("%s, which reads for modules/%s, has no fuzz target", reader, name)
		}
	}
}
