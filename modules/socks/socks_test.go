package socks

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// proxy is a proxy in memory with one client.
type proxy struct {
	*reactortest.Reactor
	t      *testing.T
	client *reactortest.Recorder
	conn   *reactortest.Conn // the proxy's end
}

func newProxy(t *testing.T, c Config) *proxy {
	t.Helper()
	r := reactortest.NewReactor()
	f, err := New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Reactor: r, t: t, client: &reactortest.Recorder{}}
	p.conn = r.Join(p.client, f.BuildProtocol(nil)).Server
	return p
}

// send sends for the client and returns what the client was sent since the last time.
func (p *proxy) send(text string) string {
	p.t.Helper()
	p.client.Transport.Write([]byte(text))
	p.Settle()
	return p.client.Take()
}

func (p *proxy) expect(text, want string) {
	p.t.Helper()
	if got := p.send(text); got != want {
		p.t.Errorf("for %q the client is sent %q, want %q", text, got, want)
	}
}

// closed checks that the proxy has closed the client's connection, and has nothing open or waiting any more.
func (p *proxy) closed() {
	p.t.Helper()
	if p.conn.Lost() == nil {
		p.t.Error("the client's connection is open")
	}
	if n := p.Pending(); n > 0 {
		p.t.Errorf("%d timers are left", n)
	}
}

// server listens in memory and keeps its last connection.
type server struct {
	*reactortest.Recorder
	host protocol.Address
}

func (p *proxy) server(endpoint string) *server {
	p.t.Helper()
	s := &server{}
	port, err := p.Listen(endpoint, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		s.Recorder = &reactortest.Recorder{}
		return s.Recorder
	}))
	if err != nil {
		p.t.Fatal(err)
	}
	s.host = port.Host()
	return s
}

// talk sends something in both directions.
func (p *proxy) talk(s *server) {
	p.t.Helper()
	if s.Recorder == nil {
		p.t.Fatal("nobody has connected to the server")
	}
	if p.send("to the server"); s.Take() != "to the server" {
		p.t.Error("the server was sent something else")
	}
	s.Transport.Write([]byte("to the client"))
	p.expect("", "to the client")
}

const (
	connect4   = "\x04\x01\x00\x50\x0a\x00\x00\x01user\x00"                 // 10.0.0.1:80
	connect4a  = "\x04\x01\x00\x50\x00\x00\x00\x01user\x00www.example\x00"  // www.example:80
	hello5     = "\x05\x01\x00"                                             // no authentication
	connect5   = "\x05\x01\x00\x01\x0a\x00\x00\x01\x00\x50"                 // 10.0.0.1:80
	connect5n  = "\x05\x01\x00\x03\x0bwww.example\x00\x50"                  // www.example:80
	connect5v6 = "\x05\x01\x00\x04 \x01\x0d\xb8" + zeros11 + "\x01\x00\x50" // [2001:db8::1]:80
	zeros11    = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	ok4        = "\x00\x5a\x00\x50\x0a\x00\x00\x01"
	no4        = "\x00\x5b\x00\x00\x00\x00\x00\x00"
)

// fail5 is a last reply of SOCKS 5.
func fail5(c code) string { return "\x05" + string(rune(c)) + "\x00\x01\x00\x00\x00\x00\x00\x00" }

func TestConnect(t *testing.T) {
	for _, mode := range []string{ModeSplice, ModeRelay} {
		for _, c := range []struct{ name, request, reply string }{
			{"4", connect4, ok4},
			{"4a", connect4a, ok4},
			{"5", hello5 + connect5, "\x05\x00" + "\x05\x00\x00\x01\x0a\x00\x00\x01"},
			{"5 by name", hello5 + connect5n, "\x05\x00" + "\x05\x00\x00\x01\x0a\x00\x00\x01"},
			{"5, IPv6", hello5 + connect5v6, "\x05\x00" + "\x05\x00\x00\x04 \x01\x0d\xb8" + zeros11 + "\x01"},
		} {
			t.Run(mode+" "+c.name, func(t *testing.T) {
				p := newProxy(t, Config{Mode: mode})
				p.Hosts["www.example"] = []string{"10.0.0.1"}
				s := p.server("tcp6:80")
				got := p.send(c.request)
				if !strings.HasPrefix(got, c.reply) || c.request[0] == 4 && got != c.reply || len(got) > len(c.reply)+2 {
					t.Fatalf("replied %q, want %q", got, c.reply)
				}
				p.talk(s)
				p.client.Transport.LoseWriteConnection()
				p.Settle()
				s.Transport.LoseConnection()
				p.Settle()
				p.closed()
			})
		}
	}
}

// What comes right after the request goes to the destination; Twisted's server fails an assertion.
func TestEarlyDataIsNotLost(t *testing.T) {
	for _, request := range []string{connect4, connect4a, hello5 + connect5} {
		for _, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Sizes(3), reactortest.Sizes(1)} {
			p := newProxy(t, Config{})
			p.Hosts["www.example"] = []string{"10.0.0.1"}
			p.conn.Chunks = chunks
			s := p.server("tcp:80")
			p.send(request + "GET / HTTP/1.0\r\n\r\n")
			if s.Recorder == nil || s.Take() != "GET / HTTP/1.0\r\n\r\n" {
				t.Errorf("%q: the server was not sent what came with the request", request)
			}
		}
	}
}

// A client that says all it has to say at once, and the end of it, gets its answer.
func TestClientThatHalfCloses(t *testing.T) {
	p := newProxy(t, Config{})
	s := p.server("tcp:80")
	p.client.Transport.Write([]byte(connect4 + "bye"))
	p.client.Transport.LoseWriteConnection()
	p.Settle()
	if s.Recorder == nil || s.Take() != "bye" {
		t.Fatal("the server was not sent what came with the request")
	}
}

func TestConnectFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		fail   error
		input  string
		want   string
	}{
		{"4, refused", Config{}, nil, connect4, no4},
		{"4a, no such name", Config{}, nil, strings.Replace(connect4a, "www", "xxx", 1), no4},
		{"4a, IPv6 only", Config{}, nil, strings.Replace(connect4a, "www", "six", 1), no4},
		{"4, unknown command", Config{}, nil, "\x04\x03\x00\x50\x0a\x00\x00\x01\x00", no4},
		{"4, name with blanks", Config{}, nil, "\x04\x01\x00\x50\x00\x00\x00\x01\x00a b\x00", no4},
		{"4, users are asked for", Config{Users: []User{{"user", "secret"}}}, nil, connect4, no4},
		{"4, rule", Config{Rules: []Rule{{Name: "*", High: 65535}}}, nil, connect4, no4},
		{"5, refused", Config{}, nil, connect5, fail5(refused)},
		{"5, no answer", Config{}, protocol.ErrTimeout, connect5, fail5(hostUnreachable)},
		{"5, no route", Config{}, protocol.ErrNoRoute, connect5, fail5(hostUnreachable)},
		{"5, no such name", Config{}, nil, strings.Replace(connect5n, "www", "xxx", 1), fail5(hostUnreachable)},
		{"5, denied by the host", Config{}, protocol.ErrDenied, connect5, fail5(notAllowed)},
		{"5, something else", Config{}, protocol.ErrLimit, connect5, fail5(generalFailure)},
		{"5, port 0", Config{}, nil, connect5[:8] + "\x00\x00", fail5(generalFailure)},
		{"5, unknown command", Config{}, nil, "\x05\x09" + connect5[2:], fail5(unknownCommand)},
		{"5, unknown kind of address", Config{}, nil, "\x05\x01\x00\x02\x00\x00\x00", fail5(unknownAddress)},
		{"5, reserved byte", Config{}, nil, "\x05\x01\x01" + connect5[3:], fail5(generalFailure)},
		{"5, empty name", Config{}, nil, "\x05\x01\x00\x03\x00\x00\x50", fail5(generalFailure)},
		{"5, another version", Config{}, nil, "\x04" + connect5[1:], fail5(generalFailure)},
		{"5, command not served", Config{Commands: []string{CommandBind}}, nil, connect5, fail5(notAllowed)},
		{"5, rule", Config{Rules: []Rule{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), High: 65535}}}, nil, connect5n, fail5(notAllowed)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Sizes(3), reactortest.Sizes(1)} {
				p := newProxy(t, c.config)
				p.Hosts["www.example"], p.Hosts["six.example"] = []string{"10.0.0.1"}, []string{"2001:db8::1"}
				p.conn.Chunks = chunks
				p.Unreachable("10.0.0.1:80", c.fail)
				input, want := c.input, c.want
				if strings.HasPrefix(c.name, "5") {
					input, want = hello5+input, "\x05\x00"+want
				}
				got := p.send(input)
				if c.fail == protocol.ErrTimeout {
					p.Advance(DefaultConnectTimeout)
					got += p.client.Take()
				}
				if got != want {
					t.Errorf("replied %q, want %q", got, want)
				}
				p.closed()
			}
		})
	}
}

// Of a name's addresses one after the other is dialled.
func TestSecondAddress(t *testing.T) {
	p := newProxy(t, Config{})
	p.Hosts["www.example"] = []string{"2001:db8::9", "10.0.0.9", "10.0.0.1"}
	s := p.server("tcp:80:interface=10.0.0.1")
	if got := p.send(connect4a); got != ok4 {
		t.Fatalf("replied %q", got)
	}
	p.talk(s)
}
