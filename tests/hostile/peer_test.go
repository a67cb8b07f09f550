package hostile

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

// A peer is the other end of a connection to a service.
type peer struct {
	testing.TB
	*net.TCPConn
}

// connect returns a connection that the caller closes.
func connect(t testing.TB, address string) *peer {
	t.Helper()
	c, err := try(address)
	if err != nil {
		t.Fatal(err)
	}
	return &peer{t, c}
}

// try connects, on any goroutine.
func try(address string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), c.SetDeadline(time.Now().Add(patience))
}

// newPeer returns a connection that is closed when the test ends.
func newPeer(t testing.TB, address string) *peer {
	t.Helper()
	p := connect(t, address)
	t.Cleanup(func() { p.Close() })
	return p
}

// dialReset is dial for a service whose guest may reset the connection at once. It returns nil if that was before the
// kernel had said that the connection was made.
func (s *service) dialReset() *peer {
	s.arena.Helper()
	c, err := try(s.address)
	if errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	if err != nil {
		s.arena.Fatal(err)
	}
	p := &peer{s.arena, c}
	s.arena.Cleanup(func() { p.Close() })
	return p
}

func (p *peer) send(data string) {
	p.Helper()
	if _, err := io.WriteString(p.TCPConn, data); err != nil {
		p.Fatal(err)
	}
}

// read reads exactly n bytes.
func (p *peer) read(n int) []byte {
	p.Helper()
	b := make([]byte, n)
	if n, err := io.ReadFull(p.TCPConn, b); err != nil {
		p.Fatalf("%v after %q", err, b[:n])
	}
	return b
}

// number reads a number as guests answer it.
func (p *peer) number() int {
	p.Helper()
	return int(int32(binary.LittleEndian.Uint32(p.read(4))))
}

// echoes sends data and wants it back.
func (p *peer) echoes(data string) {
	p.Helper()
	p.send(data)
	if got := p.read(len(data)); string(got) != data {
		p.Errorf("echoed %q, want %q", got, data)
	}
}

// An ending is how a connection ended, as its peer sees it.
type ending string

const (
	closed ending = "closed"
	reset  ending = "reset"
)

// rest reads to the end and returns what came and how it ended.
func (p *peer) rest() ([]byte, ending) {
	p.Helper()
	b, err := io.ReadAll(p.TCPConn)
	switch {
	case err == nil:
		return b, closed
	case errors.Is(err, syscall.ECONNRESET):
		return b, reset
	}
	p.Fatalf("%v after %d bytes", err, len(b))
	return nil, ""
}

// ends wants the connection to end like this, with nothing before it.
func (p *peer) ends(how ending) {
	p.Helper()
	if b, got := p.rest(); got != how || len(b) > 0 {
		p.Errorf("%s after %d bytes, want %s", got, len(b), how)
	}
}

// abort resets the connection.
func (p *peer) abort() {
	p.SetLinger(0)
	p.Close()
}

// local is the peer's address as the service logs it.
func (p *peer) local() string { return p.LocalAddr().String() }

// A neighbour is a well-behaved service with a connection that has been there from the start.
type neighbour struct {
	*peer
	service *service
}

// echoGuest is the C guest that neighbours are.
var echoGuest = sync.OnceValues(func() (*guest, error) {
	wasm, err := compile("echo", filepath.Join("..", "..", "guest-sdk", "c", "examples", "echo.c"))
	return &guest{name: "echo", wasm: wasm}, err
})

func (a *arena) newNeighbour() *neighbour {
	a.Helper()
	g, err := echoGuest()
	if err != nil {
		a.Fatal(err)
	}
	s := a.attack(g, host.ServiceConfig{Name: "neighbour"})
	a.services = nil // it is none of those that have to be quiet in the end
	n := &neighbour{connect(a, s.address), s}
	n.answers(1)
	return n
}

// trip makes one round trip with the neighbour.
func (n *neighbour) trip() error {
	var sent, got [64]byte
	rand.Read(sent[:])
	n.SetDeadline(time.Now().Add(patience))
	if _, err := n.Write(sent[:]); err != nil {
		return err
	}
	if _, err := io.ReadFull(n.TCPConn, got[:]); err != nil {
		return err
	}
	if got != sent {
		return fmt.Errorf("echoed %q, want %q", got, sent)
	}
	return nil
}

// answers makes as many round trips with the neighbour.
func (n *neighbour) answers(times int) {
	n.Helper()
	for range times {
		if err := n.trip(); err != nil {
			n.Fatalf("the neighbour: %v", err)
		}
	}
}

// welcomes makes a new connection to the neighbour and uses it.
func (n *neighbour) welcomes() {
	n.Helper()
	p := n.service.dial()
	p.echoes("good morning")
	p.Close()
}

// while calls f, and makes round trips with the neighbour until f returns.
func (n *neighbour) while(f func()) {
	n.Helper()
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			err := n.trip()
			select {
			case <-stop:
				failed <- err
				return
			default:
			}
			if err != nil {
				failed <- err
				return
			}
		}
	}()
	defer func() {
		close(stop)
		if err := <-failed; err != nil {
			n.Errorf("the neighbour: %v", err)
		}
	}()
	f()
}
