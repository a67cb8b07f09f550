package e2e

import (
	"io"
	"net"
	"strings"
	"testing"
)

// Clients that send too much, too little, too slowly or nonsense end their own connections, and only these.
func TestHostileClientsOfSOCKS(t *testing.T) {
	s := proxy(t, "--set", "timeout=1s", "--set", "bind-timeout=1s", "--allow", "listen=tcp:loopback:0")
	web := website(t)
	type client struct {
		name, input, want string
		*net.TCPConn
	}
	clients := []*client{
		{name: "endless user id", input: "\x04\x01\x00\x50\x7f\x00\x00\x01" + strings.Repeat("x", 1<<20), want: "\x00\x5b"},
		{name: "endless name", input: "\x04\x01\x00\x50\x00\x00\x00\x01\x00" + strings.Repeat("x", 1<<20), want: "\x00\x5b"},
		{name: "another protocol", input: "GET / HTTP/1.1\r\n\r\n" + strings.Repeat("x", 1<<20), want: ""},
		{name: "another version", input: "\x00", want: ""},
		{name: "methods that do not come", input: "\x05\xff", want: ""},
		{name: "a request that does not come", input: "\x05\x01\x00\x05", want: "\x05\x00"},
		{name: "nothing", input: "", want: ""},
		{name: "a name of control characters", input: "\x05\x01\x00\x05\x01\x00\x03\x02\n\x00\x00\x50", want: "\x05\x00\x05\x01"},
		{name: "BIND for nobody", input: "\x04\x02\x00\x50\x7f\x00\x00\x01\x00", want: "\x00\x5a"},
	}
	for _, c := range clients {
		c.TCPConn = dialTo(t, "127.0.0.1:"+s.port(0))
		go io.WriteString(c, c.input)
	}
	for range 20 {
		gone := dialTo(t, "127.0.0.1:"+s.port(0))
		io.WriteString(gone, "\x05\x01\x00\x05\x01\x00\x01\x7f")
		gone.Close()
	}
	got := command(t, "", "curl", "-sS", "--socks5", "127.0.0.1:"+s.port(0), "http://127.0.0.1:"+web+"/")
	if want := "hello from 127.0.0.1:" + web; got.stdout != want {
		t.Errorf("a neighbour gets %q, %q", got.stdout, got.stderr)
	}
	for _, c := range clients {
		answer, err := io.ReadAll(c)
		if err != nil && !reset(err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && !strings.HasPrefix(string(answer), c.want) || len(answer) > 16 {
			t.Errorf("%s: answered %q, want %q", c.name, answer, c.want)
		}
	}
}
