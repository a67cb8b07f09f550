package e2e

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// guest builds one of the hostile guests from its text.
func guest(t *testing.T, name string) string {
	t.Helper()
	wasm := filepath.Join(t.TempDir(), name+".wasm")
	if got := command(t, "", "wat2wasm", filepath.Join("..", "hostile", "guests", name+".wat"), "-o", wasm); got.status != 0 {
		t.Fatalf("wat2wasm: %s", got.stderr)
	}
	return wasm
}

// ends sends data to a guest and waits for the connection's end.
func ends(t *testing.T, port string, data ...byte) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(c); len(rest) > 0 {
		t.Errorf("the guest answered %q", rest)
	}
}

func TestTrapEndsOneConnection(t *testing.T) {
	s := serve(t, "run", guest(t, "traps"), "--listen", "tcp:0:interface=127.0.0.1")
	for trap, says := range []string{0: "unreachable", 1: "integer divide by zero", 7: "out of bounds memory access"} {
		if says == "" {
			continue
		}
		ends(t, s.port(0), byte(trap))
		s.awaitLog(says)
	}
	if strings.Contains(s.logged(), "goroutine ") {
		t.Errorf("a stack trace of the host is in the log:\n%s", s.logged())
	}
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

func TestEndlessLoopEndsOneConnection(t *testing.T) {
	s := serve(t, "run", guest(t, "loop"), "--listen", "tcp:0:interface=127.0.0.1", "--limit", "fuel=50000000", "--log-format", "json")
	for range 2 {
		ends(t, s.port(0), 'x')
	}
	s.awaitLog(`"limit":"fuel"`)
	for _, line := range strings.Split(strings.TrimSpace(s.logged()), "\n") {
		if !strings.HasPrefix(line, "wasmnet: ") && !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestRefusedModulesAreNamed(t *testing.T) {
	for name, says := range map[string]string{
		"import_unknown": "unknown import",
		"import_memory":  "memory",
		"no_memory":      "memory",
	} {
		got := wasmnet(t, "run", guest(t, name), "--listen", "tcp:0")
		lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
		if got.status != 1 || len(lines) != 1 || !strings.HasPrefix(lines[0], "wasmnet: module ") || !strings.Contains(lines[0], says) {
			t.Errorf("%s: status %d, %q", name, got.status, got.stderr)
		}
	}
}

func TestSignalsDrainAndThenEnd(t *testing.T) {
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1", "--drain", "1h")
	c, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	speak := func(text string) {
		t.Helper()
		got := make([]byte, len(text))
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	speak("before the signal")
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.awaitLog("draining")
	speak("while it drains")
	// The listener is closed in a turn of its loop, soon after the message.
	for deadline := time.Now().Add(patience); ; {
		late, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
		if err != nil {
			break
		}
		late.Close()
		if time.Now().After(deadline) {
			t.Fatal("it still accepts connections while it drains")
		}
	}
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if rest, _ := io.ReadAll(c); len(rest) > 0 {
		t.Errorf("%q came after the end", rest)
	}
}

func TestDrainWaitsForConnections(t *testing.T) {
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1", "--drain", "1h")
	c, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 2)
	if _, err := io.WriteString(c, "hi"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.awaitLog("draining")
	c.Close()
	<-s.ended
	if status := s.cmd.ProcessState.ExitCode(); status != 0 {
		t.Errorf("exit status %d after a complete drain", status)
	}
}

func TestOpenCacheIsNotUsed(t *testing.T) {
	dir := t.TempDir()
	// A compile cache that others can write must not be used, and not be in the way.
	cache := filepath.Join(dir, "cache")
	if err := os.Mkdir(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1", "--cache", cache)
	s.awaitLog("compiled modules are not kept")
	echoOnce(t, s.port(0))
	if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
		t.Errorf("the cache holds %v, %v", left, err)
	}
}
