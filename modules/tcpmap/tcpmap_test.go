package tcpmap

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var table = Config{Map: map[string]string{"foo": "ThisIs Foo", "bar": " bar really is found\r\n", "a b": "100%", "": "nothing"}}

func TestRequests(t *testing.T) {
	for _, c := range []struct{ request, want string }{
		{"get", "400 Command 'get' takes 1 parameters.\n"},
		{"get ", "400 Command 'get' takes 1 parameters.\n"},
		{"get foo bar", "500 \n"},
		{"get foo", "200 ThisIs%20Foo\n"},
		{" get  foo", "200 ThisIs%20Foo\n"},
		{"get f%6Fo", "200 ThisIs%20Foo\n"},
		{"get bar", "200 %20bar%20really%20is%20found%0D%0A\n"},
		{"get a%20b", "200 100%25\n"},
		{"get a b", "200 100%25\n"},
		{"get baz", "500 \n"},
		{"get 100%", "400 Command 'get' takes a key in which % stands before two hexadecimal digits.\n"},
		{"get %0g", "400 Command 'get' takes a key in which % stands before two hexadecimal digits.\n"},
		{"put", "400 Command 'put' takes 2 parameters.\n"},
		{"put foo", "400 Command 'put' takes 2 parameters.\n"},
		{"put foo ", "400 Command 'put' takes 2 parameters.\n"},
		{"put foo bar", "500 put is not implemented yet.\n"},
		{"foo", "400 unknown command\n"},
		{"GET foo", "400 unknown command\n"},
		{"", "400 unknown command\n"},
	} {
		input := []byte(c.request + "\n")
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, table), nil })
		got := reactortest.Feed(moduletest.Build(t, New, table), input, reactortest.Whole())
		if got.Output != c.want || got.Closed {
			t.Errorf("%q: %v, want %q", c.request, got, c.want)
		}
	}
}

func TestLongRequest(t *testing.T) {
	longest := "get " + strings.Repeat("x", MaxLine-5)
	if got := reactortest.Feed(moduletest.Build(t, New, table), []byte(longest+"\n"), reactortest.Sizes(1000)); got.Output != "500 \n" || got.Closed {
		t.Errorf("the longest request: %v", got)
	}
	got := reactortest.Feed(moduletest.Build(t, New, table), []byte(longest+"y"), reactortest.Sizes(1000))
	if got.Output != "400 a request has at most 4096 bytes\n" || !got.Closed {
		t.Errorf("longer: %v", got)
	}
}

func TestIdlePeer(t *testing.T) {
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, moduletest.Build(t, New, table))
	p.Advance(DefaultTimeout - time.Second)
	client.Transport.Write([]byte("get foo\n"))
	p.Settle()
	p.Advance(DefaultTimeout - time.Second)
	if p.Server.Lost() != nil {
		t.Error("a request does not count")
	}
	p.Advance(time.Second)
	if p.Server.Lost() == nil || p.Pending() != 0 {
		t.Errorf("lost: %v, timers: %d", p.Server.Lost(), p.Pending())
	}
}

func TestPeerThatDoesNotReadIsNotReadFrom(t *testing.T) {
	moduletest.CheckFlow(t, moduletest.Build(t, New, table), "get baz\n")
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings("map", "foo This is Foo;a%20b 100%25\n%3b;", "timeout", "1m"))
	if err != nil || len(c.Map) != 3 || c.Map["foo"] != "This is Foo" || c.Map["a b"] != "100%" || c.Map[";"] != "" || c.Timeout != time.Minute {
		t.Errorf("%+v, %v", c, err)
	}
	for _, entry := range []string{"foo 100%", "% x", "a 1;a 2"} {
		if _, err := Configure(moduletest.Settings("map", entry)); err == nil || !strings.HasPrefix(err.Error(), "map: ") {
			t.Errorf("%q: %v", entry, err)
		}
	}
	if _, err := New(nil, Config{Map: map[string]string{"k": strings.Repeat(" ", MaxLine/3)}}); err == nil {
		t.Error("a value whose reply is too long is taken")
	}
	if _, err := New(nil, Config{Timeout: -1}); err == nil {
		t.Error("a timeout below zero is taken")
	}
}

// FuzzRequests asks anything: replies are lines that begin with one of the three codes.
func FuzzRequests(f *testing.F) {
	f.Add([]byte("get foo\nput a b\n"))
	f.Add([]byte("get \x00%41%\n\n\r\nGET\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, table), nil })
		for line := range strings.Lines(reactortest.Feed(moduletest.Build(t, New, table), input, reactortest.Whole()).Output) {
			code, _, _ := strings.Cut(line, " ")
			if code != "200" && code != "400" && code != "500" || !strings.HasSuffix(line, "\n") || len(line) > MaxLine {
				t.Errorf("%q: replied %q", input, line)
			}
		}
	})
}
