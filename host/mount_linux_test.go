package host_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

func TestOpenFilesAreLimitedAndClosed(t *testing.T) {
	wasm := gopher(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, oneLoop)
	s := w.service(w.load("gopher.wasm", wasm), host.ServiceConfig{Grants: grants(t, "mount="+dir+":/data"),
		Limits: host.Limits{Handles: 5}})
	address := w.serve(s)
	for range 3 {
		guest := call(t, address)
		var answers []string
		for range 7 {
			answers = append(answers, guest.ask("open /data/f"))
		}
		if ok := strings.Count(strings.Join(answers, " "), "ok"); ok != 5 {
			t.Errorf("%d of 5 files opened: %q", ok, answers)
		}
		guest.close()
	}
	w.log.Wait(t, "limit exceeded", "limit=handles")
	w.log.WaitFor(t, 3, "connection closed")
	over := make(chan struct{}) // the event that was logged
	w.reactor.Loops()[0].CallFromThread(func() { close(over) })
	<-over
	if open := openFiles(t, dir); len(open) > 1 { // the directory itself
		t.Errorf("still open: %q", open)
	}
}

// openFiles are the files below dir that this process has open.
func openFiles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, e := range entries {
		if name, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(name, dir) {
			open = append(open, name)
		}
	}
	slices.Sort(open)
	return open
}
