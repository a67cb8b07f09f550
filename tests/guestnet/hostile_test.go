package guestnet

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

// A peer that sends its request header by header and never ends is ended by net/http's own timeout.
func TestSlowHeaders(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{Config: map[string]string{"header-timeout": "150ms"}})
	c := s.dial()
	say(t, c, "GET /hello HTTP/1.1\r\nHost: x\r\n")
	got, err := io.ReadAll(c)
	if len(got) != 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEndlessHeaders(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{})
	c := s.dial()
	go func() {
		line := "X-Header: " + strings.Repeat("x", 1000) + "\r\n"
		for _, err := io.WriteString(c, "GET /hello HTTP/1.1\r\nHost: x\r\n"); err == nil; {
			_, err = io.WriteString(c, line)
		}
	}()
	status, _ := answer(t, bufio.NewReader(c))
	if status != 431 {
		t.Errorf("status %d", status)
	}
	c.Close()
}

// A handler that waits for ever or spins costs its own connection: limits end it, and neighbours are served meanwhile.
func TestHandlersThatDoNotReturn(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{Limits: host.Limits{Fuel: 200_000_000, Idle: 500 * time.Millisecond}})
	for _, c := range []struct{ path, logged string }{
		{"/spin", "limit=fuel "}, {"/block", "limit=idle "}, {"/panic", "trap"},
	} {
		peer := s.dial()
		say(t, peer, "GET "+c.path+" HTTP/1.1\r\nHost: x\r\n\r\n")
		for range 10 {
			if got := s.get("/hello"); got != "hello\n" {
				t.Errorf("%s: the neighbour got %q", c.path, got)
			}
		}
		if b, _ := io.ReadAll(peer); len(b) != 0 && c.path != "/panic" {
			t.Errorf("%s: answered %q", c.path, b)
		}
		if c.path != "/panic" {
			s.log.Wait(t, "limit exceeded", strings.TrimSpace(c.logged))
		} else {
			s.log.Wait(t, "as told")
		}
	}
}

// What the service's one instance does when it dies: it is made again.
func TestSharedInstanceIsMadeAgain(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{Isolation: host.PerService})
	c := s.dial()
	say(t, c, "GET /panic HTTP/1.1\r\nHost: x\r\n\r\n")
	io.ReadAll(c)
	for {
		c := s.dial()
		say(t, c, "GET /hello HTTP/1.0\r\n\r\n")
		if b, _ := io.ReadAll(c); strings.HasSuffix(string(b), "hello\n") {
			return
		}
	}
}

// Requests under way are answered when the reactor drains.
func TestDrain(t *testing.T) {
	s := serve(t, "http", host.ServiceConfig{})
	c := s.dial()
	say(t, c, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
	r := bufio.NewReader(c)
	answer(t, r)
	say(t, c, "GET /sleep?for=200ms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	s.log.Wait(t, "connection made")
	drained := make(chan error, 1)
	go func() { drained <- s.reactor.Drain(patience) }()
	if status, body := answer(t, r); status != 200 || body != "slept 200ms <nil>\n" {
		t.Errorf("%d %q", status, body)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}
