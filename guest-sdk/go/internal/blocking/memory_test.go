package blocking

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// queue is a reactor that calls what is posted to it, one after the other.
type queue struct {
	protocol.Reactor // what the tests do not use
	posted           chan func()
}

func (q *queue) CallFromThread(f func()) { q.posted <- f }

func newQueue(t *testing.T) *queue {
	q := &queue{posted: make(chan func(), 64)}
	var running sync.WaitGroup
	running.Go(func() {
		for f := range q.posted {
			f()
		}
	})
	t.Cleanup(func() {
		close(q.posted)
		running.Wait()
	})
	return q
}

// inMemory returns both ends of a connection that Connect made.
func inMemory(t *testing.T) (client, server *Conn) {
	t.Helper()
	l := NewListener("test")
	client, err := l.Connect(newQueue(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, c.(*Conn)
}

func TestConnectInMemory(t *testing.T) {
	client, server := inMemory(t)
	if client.RemoteAddr().String() != server.LocalAddr().String() || client.LocalAddr().String() != server.RemoteAddr().String() {
		t.Errorf("client %v to %v, server %v to %v", client.LocalAddr(), client.RemoteAddr(), server.LocalAddr(), server.RemoteAddr())
	}
	if _, err := io.WriteString(client, "question"); err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); string(got) != "question" || err != nil {
		t.Errorf("server read %q, %v", got, err)
	}
	if _, err := io.WriteString(server, "answer"); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); string(got) != "answer" || err != nil {
		t.Errorf("client read %q, %v", got, err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestAbortInMemory(t *testing.T) {
	client, server := inMemory(t)
	if err := server.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, protocol.ErrConnectionLost) {
		t.Errorf("client read: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, protocol.ErrConnectionLost) {
		t.Errorf("client wrote: %v", err)
	}
}

func TestConnectToAClosedListener(t *testing.T) {
	l := NewListener("test")
	_ = l.Close()
	if _, err := l.Connect(newQueue(t)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestUnattended(t *testing.T) {
	client, server := inMemory(t)
	if client.Unattended() {
		t.Error("an open connection is unattended")
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if !client.Unattended() {
		t.Error("a closed connection that nobody waits for is attended")
	}
	if _, err := server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("server read: %v", err)
	}
}
