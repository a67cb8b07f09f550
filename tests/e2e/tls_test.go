package e2e

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
)

// selfSigned writes a key and a certificate for the names given and for 127.0.0.1, and returns their files.
func selfSigned(t *testing.T, names ...string) (keyFile, certFile string) {
	t.Helper()
	return testcert.SelfSigned(t, append(names, "127.0.0.1")...).Files(t)
}

// talk runs a client that ends only when its input does: it sends text, waits for as many bytes to come back, and then
// lets the client go.
func talk(t *testing.T, text, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	_, writeErr := io.WriteString(in, text)
	n, readErr := io.ReadFull(out, got)
	in.Close()
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); writeErr != nil || readErr != nil {
		t.Errorf("%s: %v, %v, %v; it said %s", name, writeErr, readErr, err, stderr.String())
	}
	return string(got[:n])
}
