package reactor_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestSpliceTLS relays between a TLS connection and a plain one, through limits far below what one read brings.
func TestSpliceTLS(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		w.check(err)
		defer l.Close()
		f := newForward("tcp:" + l.Addr().String())
		made := f.recorder.onMade
		f.recorder.onMade = func(c *reactor.Conn) {
			if err := c.SetOutputLimits(4<<10, 1<<10, 8<<10); err != nil {
				t.Error(err)
			}
			made(c)
		}
		client := w.dialTLS(w.listen(w.server, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return f })), w.client)
		server, err := l.Accept()
		w.check(err)
		defer server.Close()
		w.check(wait(t, f.err, "Splice"))

		up, down := noise(3<<20, 1), noise(3<<20, 2)
		done := make(chan struct{}, 2)
		pass := func(from, to net.Conn, data []byte) {
			go func() {
				from.Write(data)
				from.(interface{ CloseWrite() error }).CloseWrite()
			}()
			go func() {
				if got, err := io.ReadAll(to); err != nil || !bytes.Equal(got, data) {
					t.Errorf("%d of %d bytes came through, %v", len(got), len(data), err)
				}
				done <- struct{}{}
			}()
		}
		pass(client, server, up)
		pass(server, client, down)
		wait(t, done, "the end of a direction")
		wait(t, done, "the end of a direction")
		expectReason(t, wait(t, f.ended, "ConnectionLost"), protocol.ErrConnectionDone)
		expectReason(t, wait(t, f.tail.ended, "ConnectionLost"), protocol.ErrConnectionDone)
	})
}
