package e2e

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"
)

// backend is a TCP server of the test.
type backend struct {
	t *testing.T
	net.Listener
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &backend{t, l}
}

// accept takes a connection.
func (b *backend) accept() *net.TCPConn {
	b.t.Helper()
	c, err := b.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	return patient(b.t, c)
}

// patient bounds all that is done with a connection, which is closed with the test.
func patient(t *testing.T, c net.Conn) *net.TCPConn {
	t.Helper()
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

func dialTo(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return patient(t, c)
}

// forwarder serves the module in front of a backend, in both modes.
func forwarder(t *testing.T, test func(t *testing.T, b *backend, dial func() *net.TCPConn)) {
	for _, mode := range []string{"splice", "relay"} {
		t.Run(mode, func(t *testing.T) {
			b := newBackend(t)
			address := b.Addr().String()
			s := serve(t, "run", "portforward", "--listen", "tcp:0:interface=127.0.0.1", "--set", "to=tcp:"+address, "--set", "mode="+mode,
				"--allow", "dial=tcp:"+address)
			test(t, b, func() *net.TCPConn { return dialTo(t, "127.0.0.1:"+s.port(0)) })
		})
	}
}

// send writes size bytes that depend on seed, and closes the sending side. It returns their hash.
func send(c *net.TCPConn, seed uint64, size int) (sum [sha256.Size]byte, err error) {
	source := mathrand.NewChaCha8([32]byte{byte(seed)})
	h := sha256.New()
	_, err = io.CopyN(io.MultiWriter(h, c), source, int64(size))
	return [sha256.Size]byte(h.Sum(nil)), errors.Join(err, c.CloseWrite())
}

// receive reads to the end and returns the hash.
func receive(c *net.TCPConn) (sum [sha256.Size]byte, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, c)
	return [sha256.Size]byte(h.Sum(nil)), n, err
}

func TestForwardOfFiftyMegabytesBothWays(t *testing.T) {
	const size = 50 << 20
	forwarder(t, func(t *testing.T, b *backend, dial func() *net.TCPConn) {
		client := dial()
		server := b.accept()
		type result struct {
			sum [sha256.Size]byte
			err error
		}
		sent := map[*net.TCPConn]chan result{client: make(chan result, 1), server: make(chan result, 1)}
		for c, done := range sent {
			go func() {
				sum, err := send(c, uint64(len(done)), size)
				done <- result{sum, err}
			}()
		}
		received := make(chan result, 1)
		go func() {
			sum, _, err := receive(server)
			received <- result{sum, err}
		}()
		atClient, n, err := receive(client)
		if err != nil || n != size {
			t.Errorf("the client is sent %d bytes: %v", n, err)
		}
		atServer := <-received
		fromClient, fromServer := <-sent[client], <-sent[server]
		if err := errors.Join(atServer.err, fromClient.err, fromServer.err); err != nil {
			t.Error(err)
		}
		if atClient != fromServer.sum || atServer.sum != fromClient.sum {
			t.Error("what arrives is not what was sent")
		}
	})
}

// TestForwardWithProxyHeaders chains two forwarders: the first one tells the second one, which expects headers, whom a
// connection is from, and that one tells the backend the same.
func TestForwardWithProxyHeaders(t *testing.T) {
	b := newBackend(t)
	address := b.Addr().String()
	last := serve(t, "run", "portforward", "--listen", "haproxy:tcp:0:interface=127.0.0.1", "--set", "to=tcp:"+address,
		"--set", "proxy-protocol=v1", "--allow", "dial=tcp:"+address)
	between := "127.0.0.1:" + last.port(0)
	first := serve(t, "run", "portforward", "--listen", "tcp:0:interface=127.0.0.1", "--set", "to=tcp:"+between,
		"--set", "proxy-protocol=v2", "--allow", "dial=tcp:"+between)
	client := dialTo(t, "127.0.0.1:"+first.port(0))
	if _, err := io.WriteString(client, "hello"); err != nil {
		t.Fatal(err)
	}
	from, to := client.LocalAddr().(*net.TCPAddr), client.RemoteAddr().(*net.TCPAddr)
	want := fmt.Sprintf("PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\nhello", from.Port, to.Port)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(b.accept(), got); err != nil || string(got) != want {
		t.Errorf("the backend is sent %q, %v; want %q", got, err, want)
	}
}

func TestForwardOfHalfCloses(t *testing.T) {
	forwarder(t, func(t *testing.T, b *backend, dial func() *net.TCPConn) {
		client := dial()
		if _, err := client.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		if err := client.CloseWrite(); err != nil { // maybe before there is a backend
			t.Fatal(err)
		}
		server := b.accept()
		if got, err := io.ReadAll(server); err != nil || string(got) != "question" {
			t.Fatalf("the backend is sent %q, %v", got, err)
		}
		if _, err := server.Write(bytes.Repeat([]byte("answer"), 100_000)); err != nil {
			t.Fatal(err)
		}
		server.Close()
		if got, err := io.ReadAll(client); err != nil || len(got) != 600_000 {
			t.Errorf("the client is sent %d bytes, %v", len(got), err)
		}
	})
}

func TestForwardOfResets(t *testing.T) {
	forwarder(t, func(t *testing.T, b *backend, dial func() *net.TCPConn) {
		client := dial()
		server := b.accept()
		exchangeWord(t, client, server)
		if err := errors.Join(client.SetLinger(0), client.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(server); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the backend sees %v after the client's reset", err)
		}
		client = dial()
		server = b.accept()
		exchangeWord(t, server, client)
		if err := errors.Join(server.SetLinger(0), server.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(client); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the client sees %v after the backend's reset", err)
		}
	})
}

func exchangeWord(t *testing.T, from, to net.Conn) {
	t.Helper()
	word := make([]byte, 4)
	if _, err := from.Write([]byte("word")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(to, word); err != nil || string(word) != "word" {
		t.Fatalf("%q, %v", word, err)
	}
}

// A sender is held back by a receiver that does not read, and not by anybody's memory.
func TestForwardToASlowBackend(t *testing.T) {
	forwarder(t, func(t *testing.T, b *backend, dial func() *net.TCPConn) {
		client := dial()
		server := b.accept()
		const size = 64 << 20
		sent := make(chan int64, 1)
		go func() {
			if err := client.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
				t.Error(err)
			}
			n, _ := io.CopyN(client, mathrand.NewChaCha8([32]byte{}), size)
			sent <- n
		}()
		n := <-sent
		if n == size {
			t.Error("64 MiB are taken for a backend that does not read")
		}
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, got, err := receive(server); err != nil || got != n {
			t.Errorf("the backend is sent %d of %d bytes: %v", got, n, err)
		}
	})
}

func TestForwardToNobody(t *testing.T) {
	b := newBackend(t)
	address := b.Addr().String()
	b.Close()
	s := serve(t, "run", "portforward", "--listen", "tcp:0:interface=127.0.0.1", "--set", "to=tcp:"+address, "--allow", "dial=tcp:"+address)
	if got, err := io.ReadAll(dialTo(t, "127.0.0.1:"+s.port(0))); err != nil || len(got) > 0 {
		t.Errorf("refused: the client is sent %q, %v", got, err)
	}
	denied := serve(t, "run", "portforward", "--listen", "tcp:0:interface=127.0.0.1", "--set", "to=tcp:"+newBackend(t).Addr().String(),
		"--allow", "dial=tcp:*:*")
	if got, err := io.ReadAll(dialTo(t, "127.0.0.1:"+denied.port(0))); err != nil || len(got) > 0 {
		t.Errorf("denied: the client is sent %q, %v", got, err)
	}
	denied.awaitLog("dial")
}
