// Package c_test builds the C examples and runs them in the host.
package c_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that is sure to come.
const patience = 30 * time.Second

// build compiles an example as the Makefile does.
func build(t *testing.T, name string) (path string) {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"Makefile", "wasmnet.h", "examples/" + name + ".c"} {
		text, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, part)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	target := "build/" + name + ".wasm"
	if text, err := exec.Command("make", "-C", dir, target).CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, text)
	}
	return filepath.Join(dir, target)
}

// dial serves the guest and connects to it.
func dial(t *testing.T, wasm string) *net.TCPConn {
	t.Helper()
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	module, err := h.LoadFile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	service, err := h.NewService(module, r, host.ServiceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	port, err := service.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- r.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(r.Stop(), <-ran); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", port.Host().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

func TestEcho(t *testing.T) {
	path := build(t, "echo")
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() > 300 {
		t.Errorf("the echo has %d bytes of wasm, want a few hundred", file.Size())
	}
	c := dial(t, path)
	text := strings.Repeat("hello", 10_000)
	io.WriteString(c, text)
	c.CloseWrite()
	if got, err := io.ReadAll(c); string(got) != text || err != nil {
		t.Errorf("%d bytes, %v, want %d", len(got), err, len(text))
	}
}

func TestChargen(t *testing.T) {
	c := dial(t, build(t, "chargen"))
	got := make([]byte, 20*95*74)
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	const first = ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefg\r\n"
	page := got[:95*74]
	if !strings.HasPrefix(string(page), first) || !bytes.Equal(got, bytes.Repeat(page, 20)) {
		t.Errorf("the pattern begins %q", page[:2*74])
	}
}
