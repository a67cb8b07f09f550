package guestnet

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

func TestServerThatRefusesToStart(t *testing.T) {
	for mode, want := range map[string]string{"refuse": "start refused: as told", "": `start refused: mode \"\": unknown`} {
		s, h, module := prepare(t)
		_, err := h.NewService(module, s.reactor, host.ServiceConfig{Config: map[string]string{"mode": mode}})
		if err == nil {
			t.Errorf("%q starts", mode)
		}
		s.log.Wait(t, want)
	}
}

// A program dials in its first lines, while the image is taken, and is connected when it runs.
func TestProgram(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		io.WriteString(c, "hello")
		c.Close()
	}()
	for _, c := range []struct {
		grant  string
		status int
		output string
	}{
		{"dial=tcp:127.0.0.1:*", 0, "hello"}, {"dial=tcp:192.0.2.1:80", 1, ""},
	} {
		var out bytes.Buffer
		cfg := host.ServiceConfig{
			Program: true, Stdout: &out, Config: map[string]string{"address": l.Addr().String()}, Isolation: host.PerService,
		}
		if err := cfg.Grants.Set(c.grant); err != nil {
			t.Fatal(err)
		}
		s := load(t, "program", cfg)
		status, err := s.Exec(t.Context())
		if status != c.status || err != nil || out.String() != c.output {
			t.Errorf("%s: status %d, %v, output %q", c.grant, status, err, out.String())
		}
		if c.status != 0 {
			s.log.Wait(t, "not permitted")
		}
	}
}

// The image is taken after the server has begun to accept, and Warm has served a request in it.
func TestWarmImage(t *testing.T) {
	fuel := func(warm string) uint64 {
		s := serve(t, "http", host.ServiceConfig{Config: map[string]string{"warm": warm}})
		c := s.dial()
		say(t, c, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
		if status, body := answer(t, bufio.NewReader(c)); status != 200 || body != "hello\n" {
			t.Fatalf("%d %q", status, body)
		}
		c.Close()
		line := s.log.Wait(t, "connection closed", "bill.fuel=")
		_, rest, _ := strings.Cut(line, "bill.fuel=")
		units, err := strconv.ParseUint(rest[:strings.IndexByte(rest, ' ')], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return units
	}
	if cold, warm := fuel(""), fuel("1"); warm > cold/2 {
		t.Errorf("with a warm image a connection takes %d units of fuel, with a cold one %d", warm, cold)
	}
}
