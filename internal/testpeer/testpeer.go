// Package testpeer has servers natively, for tests of those that connect to them.
package testpeer

import (
	"net"
	"sync"
	"testing"
)

// Serve opens a listener and has serve called for each connection, on a goroutine of its own, until the test is over. A
// connection is closed when serve returns, or with the test. It returns the listener's address.
func Serve(t testing.TB, network, address string, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	ServeOn(t, l, serve)
	return l.Addr().String()
}

// ServeOn is Serve on a listener that is open, which it closes.
func ServeOn(t testing.TB, l net.Listener, serve func(net.Conn)) {
	s := &server{open: map[net.Conn]bool{}}
	s.working.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.working.Go(func() {
				defer s.close(c)
				if s.take(c) {
					serve(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.end()
	})
}

type server struct {
	working sync.WaitGroup
	mu      sync.Mutex
	open    map[net.Conn]bool
	ended   bool
}

// take has c closed with the test. It is false if that is over.
func (s *server) take(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[c] = true
	return !s.ended
}

func (s *server) close(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	c.Close()
}

func (s *server) end() {
	s.mu.Lock()
	s.ended = true
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.working.Wait()
}
