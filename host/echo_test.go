package host_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

var isolations = []host.Isolation{host.PerConnection, host.PerLoop, host.PerService}

func TestEchoInEachIsolation(t *testing.T) {
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			w := newWorld(t)
			s := w.service(w.load("echo.wasm", withManifest(wat(t, "echo.wat"), `{"isolation":"service"}`)),
				host.ServiceConfig{Isolation: isolation})
			address := w.serve(s)
			for range 3 {
				a, b := dial(t, address), dial(t, address)
				send(t, a, "hello")
				send(t, b, "good evening")
				receive(t, b, "good evening")
				receive(t, a, "hello")
				a.Close()
				b.Close()
			}
		})
	}
}

func TestEchoOfManyBytes(t *testing.T) {
	w := newWorld(t)
	_, address := w.run("echo.wat", host.ServiceConfig{})
	c := dial(t, address)
	sent := make([]byte, 3<<20)
	rand.Read(sent)
	go func() {
		c.Write(sent)
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sent, got) {
		t.Error("the bytes that came back are others")
	}
}

// withManifest adds a manifest to a module.
func withManifest(wasm []byte, manifest string) []byte {
	name := "wasmnet.manifest"
	body := append([]byte{byte(len(name))}, name...)
	body = append(body, manifest...)
	section := []byte{0}
	for n := uint(len(body)); ; n >>= 7 {
		if n < 0x80 {
			section = append(section, byte(n))
			break
		}
		section = append(section, byte(n)|0x80)
	}
	return append(append(bytes.Clone(wasm), section...), body...)
}
