package host_test

import (
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func quiet(hc *host.Config, rc *reactor.Config) {
	hc.Logger = slog.New(slog.DiscardHandler)
	rc.Logger = hc.Logger
	rc.Loops = 1
}

// nativeEcho is what the sandboxed echo is compared with.
type nativeEcho struct{ protocol.Base }

func (e *nativeEcho) DataReceived(p []byte) { e.Transport.Write(p) }

// BenchmarkEcho is one message of 64 bytes there and back, over loopback TCP, by a guest and by a native protocol on
// the same reactor.
func BenchmarkEcho(b *testing.B) {
	b.Run("guest", func(b *testing.B) {
		w := newWorld(b, quiet)
		_, address := w.run("echo.wat", host.ServiceConfig{})
		pingPong(b, address)
	})
	b.Run("native", func(b *testing.B) {
		w := newWorld(b, quiet)
		p, err := w.reactor.Listen("tcp:0:interface=127.0.0.1", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			return &nativeEcho{}
		}))
		if err != nil {
			b.Fatal(err)
		}
		pingPong(b, p.Host().String())
	})
}

func pingPong(b *testing.B, address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	message := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(c, message); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnect is connecting, one message there and back, and closing.
func BenchmarkConnect(b *testing.B) {
	w := newWorld(b, quiet)
	_, address := w.run("echo.wat", host.ServiceConfig{})
	message := make([]byte, 64)
	b.ReportAllocs()
	for b.Loop() {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		c.Write(message)
		if _, err := io.ReadFull(c, message); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
