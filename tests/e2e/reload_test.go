//go:build unix

package e2e

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// answering is a guest that answers everything with one letter.
func answering(t *testing.T, letter string) []byte {
	return guestbuild.WatText(t, `(module
		(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
		(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
		(import "wasmnet_v1" "metric" (func $metric (param i32 i32 i32 f64) (result i32)))
		(memory (export "memory") 1)
		(data (i32.const 0) "`+letter+`hits")
		(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 4096) (i32.const 4096)))
		(func (export "data_received") (param i32 i32)
			(drop (call $metric (i32.const 0) (i32.const 1) (i32.const 4) (f64.const 1)))
			(drop (call $write (local.get 0) (i32.const 0) (i32.const 1)))))`)
}

// TestReload replaces a module's file under a server: connections that are there keep what they have, new ones are served
// by the new module, and a file that is no module changes nothing.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "guest.wasm")
	write := func(wasm []byte) {
		t.Helper()
		if err := os.WriteFile(file, wasm, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(answering(t, "a"))
	s := serve(t, "run", file, "--listen", "tcp:0:interface=127.0.0.1", "--metrics", "tcp:0:interface=127.0.0.1")
	s.awaitLog("metrics on ")
	_, at, _ := strings.Cut(s.logged(), "metrics on tcp:")
	at, _, _ = strings.Cut(at, "\n")

	old, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	hears(t, old, "a")
	for n, c := range []struct{ module, said, want string }{
		{"", "not reloaded: the module at work stays", "a"},
		{"b", "msg=reloaded", "b"},
	} {
		module := []byte("no module")
		if c.module != "" {
			module = answering(t, c.module)
		}
		write(module)
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.awaitLog(c.said)
		fresh, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
		if err != nil {
			t.Fatal(err)
		}
		defer fresh.Close()
		hears(t, fresh, c.want)
		hears(t, old, "a")
		text := metrics(t, at)
		for _, want := range []string{"# TYPE wasmnet_connections gauge\n", `wasmnet_connections{module="` + file + `",generation="1"} 2`} {
			if !strings.Contains(text, want) {
				t.Errorf("%d: the metrics have no %q:\n%s", n, want, text)
			}
		}
		if second := strings.Contains(text, `wasmnet_guest_hits{module="`+file+`",generation="2"} 1`); second != (c.want == "b") {
			t.Errorf("%d: the metrics of a second generation: %t\n%s", n, second, text)
		}
	}
	old.Close()
}

func hears(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, 1)
	if _, err := io.WriteString(c, "?"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("it answered %q, %v, want %q", got, err, want)
	}
}

func metrics(t *testing.T, at string) string {
	t.Helper()
	r, err := http.Get("http://" + at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%s, %v: %s", r.Status, err, text)
	}
	return string(text)
}
