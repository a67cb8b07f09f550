package blocking

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/nettest"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What holds for every net.Conn holds for these.
func TestConnIsANetConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b, _, _ := connect(t, NewListener("test"))
		return a, b, func() {
			a.Close()
			b.Close()
		}, nil
	})
}

// A peer that does not read stops the writer after a bounded number of bytes; what it reads then is all of it.
func TestBackpressureBothWays(t *testing.T) {
	server, client, a, b := connect(t, NewListener("test"))
	const size = 4 << 20
	sent := make(chan error, 1)
	go func() {
		_, err := server.Write(bytes.Repeat([]byte("x"), size))
		sent <- errors.Join(err, server.CloseWrite())
	}()
	b.mu.Lock()
	for b.pauses == 0 || a.streaming { // the reader is paused, and the writer waits for everything to be sent
		b.changed.Wait()
	}
	queued := len(b.queue)
	b.mu.Unlock()
	if queued > writeHigh+writePiece {
		t.Errorf("%d bytes queued", queued)
	}
	client.mu.Lock()
	if len(client.buffer) > readHigh+64<<10 {
		t.Errorf("%d bytes wait for Read", len(client.buffer))
	}
	client.mu.Unlock()
	if n, err := io.Copy(io.Discard, struct{ io.Reader }{client}); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if a.held || b.held {
		t.Error("somebody is still not read from")
	}
}

func TestErrorsOfEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(server, client *Conn)
		read  error
		write error
	}{
		"the peer closes":         {func(s, _ *Conn) { s.Close() }, io.EOF, syscall.EPIPE},
		"the peer half-closes":    {func(s, _ *Conn) { s.CloseWrite() }, io.EOF, nil},
		"the peer resets":         {func(s, _ *Conn) { s.Abort() }, syscall.ECONNRESET, syscall.ECONNRESET},
		"closed here":             {func(_, c *Conn) { c.Close() }, net.ErrClosed, net.ErrClosed},
		"aborted here":            {func(_, c *Conn) { c.Abort() }, net.ErrClosed, net.ErrClosed},
		"sending side closed":     {func(s, c *Conn) { c.CloseWrite(); s.Close() }, io.EOF, net.ErrClosed},
		"the read deadline":       {func(_, c *Conn) { c.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded, nil},
		"the whole deadline":      {func(_, c *Conn) { c.SetDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded, os.ErrDeadlineExceeded},
		"the reason is the sdk's": {func(s, _ *Conn) { s.Abort() }, protocol.ErrConnectionLost, protocol.ErrConnectionLost},
	} {
		t.Run(name, func(t *testing.T) {
			server, client, _, _ := connect(t, NewListener("test"))
			c.end(server, client)
			_, err := client.Read(make([]byte, 1))
			if !errors.Is(err, c.read) {
				t.Errorf("Read: %v, want %v", err, c.read)
			}
			var op *net.OpError
			if c.read != io.EOF && (!errors.As(err, &op) || op.Op != "read" || op.Timeout() != (c.read == os.ErrDeadlineExceeded)) {
				t.Errorf("Read: %#v", err)
			}
			if _, err := client.Write([]byte("x")); !errors.Is(err, c.write) {
				t.Errorf("Write: %v, want %v", err, c.write)
			}
		})
	}
}

func TestListenerThatIsClosed(t *testing.T) {
	l := NewListener("test")
	if err := l.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Accept: %v", err)
	}
	if err := l.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := l.Accept()
		waits <- err
	}()
	client, server := net.Pipe()
	l.Add(server)
	if err := <-waits; err != nil {
		t.Errorf("Accept: %v", err)
	}
	other, refused := net.Pipe()
	l.Add(refused)
	if err := errors.Join(l.Close(), client.Close()); err != nil {
		t.Error(err)
	}
	if _, err := other.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a connection that was not accepted: %v", err)
	}
	if l.BuildProtocol(nil) != nil || !errors.Is(l.Close(), net.ErrClosed) {
		t.Error("it is not closed")
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
}
