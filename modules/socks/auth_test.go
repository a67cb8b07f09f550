package socks

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var users = []User{{"ann", "secret"}, {"bob", strings.Repeat("x", 255)}}

func TestMethods(t *testing.T) {
	for _, c := range []struct {
		name, input, want string
		users             []User
		closed            bool
	}{
		{"none", "\x05\x02\x02\x00", "\x05\x00", nil, false},
		{"none is not offered", "\x05\x01\x02", "\x05\xff", nil, true},
		{"nothing is offered", "\x05\x00", "\x05\xff", nil, true},
		{"password", "\x05\x03\x00\x01\x02", "\x05\x02", users, false},
		{"password is not offered", "\x05\x01\x00", "\x05\xff", users, true},
		{"accepted", "\x05\x01\x02\x01\x03ann\x06secret", "\x05\x02\x01\x00", users, false},
		{"longest", "\x05\x01\x02\x01\x03bob\xff" + users[1].Password, "\x05\x02\x01\x00", users, false},
		{"wrong password", "\x05\x01\x02\x01\x03ann\x06secreT", "\x05\x02\x01\x01", users, true},
		{"password of somebody else", "\x05\x01\x02\x01\x03bob\x06secret", "\x05\x02\x01\x01", users, true},
		{"no name, no password", "\x05\x01\x02\x01\x00\x00", "\x05\x02\x01\x01", users, true},
		{"unknown version of passwords", "\x05\x01\x02\x02\x03ann\x06secret", "\x05\x02\x01\x01", users, true},
		{"no SOCKS", "GET / HTTP/1.1\r\n\r\n", "", nil, true},
		{"SOCKS 6", "\x06\x01\x00", "", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Sizes(3), reactortest.Sizes(1)} {
				p := newProxy(t, Config{Users: c.users})
				p.conn.Chunks = chunks
				p.expect(c.input, c.want)
				if c.closed {
					p.closed()
				} else if p.conn.Lost() != nil {
					t.Error("the client's connection is closed")
				}
			}
		})
	}
}

func TestUserConnects(t *testing.T) {
	p := newProxy(t, Config{Users: users})
	s := p.server("tcp:80:interface=10.0.0.1")
	// All at once, as clients in a hurry do.
	got := p.send("\x05\x01\x02" + "\x01\x03ann\x06secret" + connect5)
	if want := "\x05\x02\x01\x00\x05\x00\x00\x01"; !strings.HasPrefix(got, want) {
		t.Fatalf("replied %q, want %q", got, want)
	}
	p.talk(s)
}

// A client that is slow, or never ends its request, is not waited for, whatever it sends meanwhile.
func TestSlowClient(t *testing.T) {
	for _, begin := range []string{"", "\x04", "\x05", "\x05\xff", connect4[:len(connect4)-1], hello5 + connect5[:9]} {
		p := newProxy(t, Config{Timeout: 4 * time.Second})
		p.send(begin)
		p.Advance(3 * time.Second)
		if p.conn.Lost() != nil {
			t.Errorf("%q: lost before its time", begin)
		}
		p.Advance(time.Second)
		p.closed()
	}
}

// What never ends is given up when it cannot become a request any more.
func TestEndlessClient(t *testing.T) {
	for name, c := range map[string]struct{ begin, reply string }{
		"user id":        {"\x04\x01\x00\x50\x0a\x00\x00\x01", no4},
		"name of 4a":     {"\x04\x01\x00\x50\x00\x00\x00\x01user\x00", no4},
		"SOCKS 5 as far": {"\x05\x01\x00\x05", "\x05\x00" + fail5(generalFailure)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, Config{})
			got := p.send(c.begin)
			for range maxText + 1 {
				if p.conn.Lost() != nil {
					t.Fatalf("closed too early, having replied %q", got)
				}
				if got += p.send("x"); p.conn.Lost() != nil {
					break
				}
			}
			if got != c.reply {
				t.Errorf("replied %q, want %q", got, c.reply)
			}
			p.closed()
		})
	}
}

// A client that leaves takes with it what it has asked for.
func TestClientThatLeaves(t *testing.T) {
	for name, input := range map[string]string{
		"in its request": "\x05\x01", "while it is connected": connect4, "while a name is resolved": connect4a, "in BIND": bind4,
		"with a UDP port": hello5 + associate5,
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, Config{})
			p.Hosts["www.example"] = []string{"10.0.0.1"}
			if input == connect4 {
				p.Unreachable("10.0.0.1:80", nil)
			}
			p.client.Transport.Write([]byte(input))
			for range 3 {
				p.Turn()
			}
			p.client.Transport.AbortConnection()
			p.Settle()
			p.closed()
			if n := len(p.Connections()); n > 0 {
				t.Errorf("%d ends of connections are left", n)
			}
			if _, err := p.Listen("tcp:1234:interface=127.0.0.1", nobody); err != nil {
				t.Error(err)
			}
		})
	}
}
