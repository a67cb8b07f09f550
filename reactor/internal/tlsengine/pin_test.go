package tlsengine

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
)

// The tests in this file hold what this package relies on in crypto/tls and what crypto/tls does not promise.

// fakeConn is a net.Conn that reads from in, with err when it is empty. During a handshake it is a net.Pipe.
type fakeConn struct {
	net.Conn
	handshaking bool
	in          bytes.Buffer
	err         error
	reads       int
	out         bytes.Buffer
	writeErr    error
}

func (c *fakeConn) Read(p []byte) (int, error) {
	if c.handshaking {
		return c.Conn.Read(p)
	}
	c.reads++
	if c.in.Len() == 0 {
		return 0, c.err
	}
	return c.in.Read(p)
}

func (c *fakeConn) Write(p []byte) (int, error) {
	switch {
	case c.handshaking:
		return c.Conn.Write(p)
	case c.writeErr != nil:
		return 0, c.writeErr
	}
	return c.out.Write(p)
}

// established returns both sides of a session whose handshake is over, on connections that belong to the test.
func established(t *testing.T, version uint16) (client, server *tls.Conn, clientWire, serverWire *fakeConn) {
	t.Helper()
	w := newWorld(t)
	w.server.MaxVersion = version
	w.server.SessionTicketsDisabled = true // nothing but what the test writes
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	clientWire = &fakeConn{Conn: near, handshaking: true, err: errWouldBlock}
	serverWire = &fakeConn{Conn: far, handshaking: true, err: errWouldBlock}
	client, server = tls.Client(clientWire, w.client), tls.Server(serverWire, w.server)
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	clientWire.handshaking, serverWire.handshaking = false, false
	return client, server, clientWire, serverWire
}

func eachVersion(t *testing.T, test func(t *testing.T, version uint16)) {
	for _, version := range versions {
		t.Run(version.name, func(t *testing.T) { test(t, version.number) })
	}
}

func TestPinTemporaryReadErrorIsResumableAtAnyByte(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		client, server, clientWire, serverWire := established(t, version)
		sent := pattern(12_000)
		if _, err := client.Write(sent); err != nil {
			t.Fatal(err)
		}
		var got []byte
		buffer := make([]byte, 100)
		for _, b := range clientWire.out.Bytes() {
			serverWire.in.WriteByte(b)
			for {
				n, err := server.Read(buffer)
				got = append(got, buffer[:n]...)
				if err == errWouldBlock {
					break
				}
				if err != nil {
					t.Fatalf("after %d bytes of plaintext: %v", len(got), err)
				}
			}
		}
		if !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes arrived, some changed", len(got))
		}
	})
}

func TestPinOtherReadErrorStays(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		client, server, clientWire, serverWire := established(t, version)
		serverWire.err = ErrTruncated
		for range 2 {
			// Not io.EOF: that would be taken for close_notify.
			if _, err := server.Read(make([]byte, 1)); err != ErrTruncated {
				t.Fatalf("read: %v, want the connection's error as it is", err)
			}
		}
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		serverWire.in.Write(clientWire.out.Bytes())
		if _, err := server.Read(make([]byte, 1)); err != ErrTruncated {
			t.Fatalf("read of a good record after the error: %v", err)
		}
	})
}

func TestPinCloseNotifyIsEOFWithoutAFurtherRead(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		client, server, clientWire, serverWire := established(t, version)
		if err := client.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		serverWire.in.Write(clientWire.out.Bytes())
		serverWire.err = ErrTruncated
		if _, err := server.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("read: %v, want EOF", err)
		}
		if _, err := server.Write([]byte("x")); err != nil {
			t.Fatalf("write after the peer's close_notify: %v", err)
		}
		if _, err := client.Write([]byte("x")); err == nil {
			t.Fatal("write after CloseWrite succeeded")
		}
	})
}

func TestPinWriteErrorIsPermanent(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		client, _, clientWire, _ := established(t, version)
		clientWire.writeErr = errWouldBlock
		if _, err := client.Write([]byte("x")); err == nil {
			t.Fatal("the connection's error did not show")
		}
		clientWire.writeErr = nil
		_, err := client.Write([]byte("x"))
		var temporary net.Error
		if !errors.As(err, &temporary) || temporary.Timeout() != true || err == errWouldBlock {
			t.Fatalf("second write: %v, want a permanent error made of the first", err)
		}
		if clientWire.out.Len() != 0 {
			t.Fatal("bytes were written after an error")
		}
	})
}

func TestPinHandshakeErrorStays(t *testing.T) {
	w := newWorld(t)
	client := w.newClient(t)
	<-client.woken
	client.step()
	conn := &fakeConn{err: errWouldBlock}
	server := tls.Server(conn, w.server)
	if err := server.Handshake(); err != errWouldBlock {
		t.Fatalf("handshake on an empty connection: %v", err)
	}
	conn.in.Write(client.out)
	before := conn.reads
	if err := server.Handshake(); err != errWouldBlock || conn.reads != before || conn.out.Len() != 0 {
		t.Fatalf("second attempt: %v, %d reads, %d bytes written", err, conn.reads-before, conn.out.Len())
	}
}

// TestPinReadTakesNoMoreThanARecordNeeds shows that what crypto/tls has not asked for stays with the caller.
func TestPinReadTakesNoMoreThanARecordNeeds(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		client, server, clientWire, serverWire := established(t, version)
		for range 4 {
			if _, err := client.Write(pattern(16_000)); err != nil {
				t.Fatal(err)
			}
		}
		serverWire.in.Write(clientWire.out.Bytes())
		if n, err := server.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
		if serverWire.in.Len() < 16_000 {
			t.Fatalf("one record asked for all but %d bytes of four", serverWire.in.Len())
		}
	})
}
