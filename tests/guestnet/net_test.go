package guestnet

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/testpeer"
)

// commands serves the guest's commands, and tell sends one and returns its answer.
func commands(t testing.TB, grants ...string) (s *sandbox, tell func(command string) string) {
	t.Helper()
	cfg := host.ServiceConfig{}
	for _, g := range grants {
		if err := cfg.Grants.Set(g); err != nil {
			t.Fatal(err)
		}
	}
	s = serve(t, "commands", cfg)
	c := s.dial()
	lines := bufio.NewReader(c)
	return s, func(command string) string {
		t.Helper()
		say(t, c, command+"\n")
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %q, %v", command, line, err)
		}
		return strings.TrimSuffix(line, "\n")
	}
}

func TestAddresses(t *testing.T) {
	s, tell := commands(t)
	if got := tell("addresses"); !strings.HasPrefix(got, "*net.TCPAddr "+s.address+" *net.TCPAddr 127.0.0.1:") {
		t.Error(got)
	}
}

// peer is a server natively, which answers a line with "got" and the line, and closes.
func peer(t *testing.T, network, address string) string {
	t.Helper()
	return testpeer.Serve(t, network, address, func(c net.Conn) {
		line, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprint(c, "got "+line)
	})
}

func TestDialling(t *testing.T) {
	tcp, socket := peer(t, "tcp", "127.0.0.1:0"), filepath.Join(t.TempDir(), "socket")
	peer(t, "unix", socket)
	_, tell := commands(t, "dial=tcp:127.0.0.1:*", "dial=unix:"+socket, "dial=udp:127.0.0.1:*", "listen=udp:127.0.0.1:*", "listen=tcp:127.0.0.1:*")
	if got := tell("ask tcp " + tcp + " hello"); got != "got hello" {
		t.Error(got)
	}
	if got := tell("ask unix " + socket + " hello"); got != "got hello" {
		t.Error(got)
	}
	for _, bad := range []struct{ command, want string }{
		{"ask tcp 127.0.0.1:1 hello", "dial tcp 127.0.0.1:1: connection was refused is:ECONNREFUSED timeout:false"},
		{"ask tcp 192.0.2.1:80 hello", "dial tcp 192.0.2.1:80: not permitted is:denied timeout:false"},
		{"ask tcp 127.0.0.1 hello", `address "127.0.0.1": address 127.0.0.1: missing port in address`},
		{"ask ipx 127.0.0.1:80 hello", "unknown network ipx"},
		{"listen unix /etc/x", "listen unix /etc/x: cannot listen: unix:/etc/x: not permitted is:denied"},
		{"lookup localhost", "lookup localhost: "},
	} {
		if got := tell(bad.command); !strings.Contains(got, bad.want) {
			t.Errorf("%s: %q, want %q", bad.command, got, bad.want)
		}
	}
	// What the guest listens at itself, asked by the guest.
	for _, network := range []string{"tcp", "udp"} {
		address := tell("listen " + network + " 127.0.0.1:0")
		if got := tell("ask " + network + " " + address + " hello"); got != "hello" {
			t.Errorf("%s: %q", network, got)
		}
	}
}

func TestLookup(t *testing.T) {
	_, tell := commands(t, "resolve")
	if got := tell("lookup 192.0.2.1"); got != "192.0.2.1" {
		t.Error(got)
	}
}

func TestHTTPClientInTheGuest(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Test", r.URL.Path)
		w.Write(make([]byte, 1_000_000))
	}))
	defer server.Close()
	_, tell := commands(t, "dial=tcp:127.0.0.1:*")
	if got := tell("fetch " + server.URL + "/path"); got != "200 1000000 /path" {
		t.Error(got)
	}
	_, tell = commands(t)
	if got := tell("fetch " + server.URL); !strings.Contains(got, "not permitted is:denied") {
		t.Error(got)
	}
}

func TestDeadlines(t *testing.T) {
	s, tell := commands(t)
	for _, d := range []string{"20ms", "-1s", "20ms"} {
		if got := tell("deadline " + d); !strings.Contains(got, "i/o timeout is:deadline timeout:true") {
			t.Errorf("%s: %q", d, got)
		}
	}
	c := s.dial()
	c.SetReadBuffer(4096)
	say(t, c, "flood 200ms\n")
	neighbour := s.dial()
	say(t, neighbour, "addresses\n")
	hear(t, neighbour, "*net.TCPAddr")
	b, err := io.ReadAll(io.LimitReader(c, 100_000)) // by and by; the guest's deadline passes before it is sent
	if len(b) != 100_000 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestEndsOfAConnection(t *testing.T) {
	s := serve(t, "commands", host.ServiceConfig{})
	c := s.dial()
	say(t, c, "closed\n")
	if b, err := io.ReadAll(c); len(b) != 0 || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	s.log.Wait(t, "closed: read tcp ", "use of closed network connection is:closed timeout:false write tcp")
	c = s.dial()
	say(t, c, "abort\n")
	if _, err := io.ReadAll(c); err == nil {
		t.Error("an aborted connection ended cleanly")
	}
	// In one instance, which outlives the connection and can say how it ended.
	s = serve(t, "commands", host.ServiceConfig{Isolation: host.PerService})
	c = s.dial()
	say(t, c, "gone\n")
	c.CloseWrite()
	s.log.Wait(t, "gone: EOF is:EOF")
	c = s.dial()
	say(t, c, "gone\n")
	hold := s.dial()
	say(t, hold, "addresses\n")
	hear(t, hold, "*net.TCPAddr") // the command before it has been read
	c.SetLinger(0)
	c.Close()
	s.log.Wait(t, "gone: read tcp ", "connection was lost is:ECONNRESET timeout:false")
}

func TestHalfClose(t *testing.T) {
	for _, isolation := range []host.Isolation{host.PerConnection, host.PerService} {
		s := serve(t, "echo", host.ServiceConfig{Isolation: isolation})
		c := s.dial()
		sent := make(chan error, 1)
		const size = 8 << 20
		go func() {
			_, err := io.Copy(c, io.LimitReader(zeros{}, size))
			c.CloseWrite()
			sent <- err
		}()
		if _, err := io.CopyN(io.Discard, c, size/2); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(io.Discard, c); n != size-size/2 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestServiceDatagrams(t *testing.T) {
	for _, isolation := range []host.Isolation{host.PerConnection, host.PerService} {
		s := load(t, "packets", host.ServiceConfig{Isolation: isolation})
		for range 2 { // ports
			c, err := net.Dial("udp", s.listen("udp:0:interface=127.0.0.1"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, text := range []string{"one", "", "three"} {
				say(t, c, text)
				b := make([]byte, 100)
				if n, err := c.Read(b); string(b[:n]) != text || err != nil {
					t.Errorf("%q, %v", b[:n], err)
				}
			}
		}
	}
}
