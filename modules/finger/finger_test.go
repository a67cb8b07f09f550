package finger

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var people = []User{
	{Login: "ann", Name: "Ann Example", Plan: "Out to lunch.\nBack at two."}, {Login: "bob"},
}

func TestQueries(t *testing.T) {
	list := Config{Users: people, List: true}
	for _, c := range []struct {
		name   string
		config Config
		query  string
		want   string
	}{
		{"list denied", Config{Users: people}, "\r\n", "Finger online list denied\n"},
		{"verbose list denied", Config{}, "/W\r\n", "Finger online list denied\n"},
		{"unknown", Config{}, "moshez\r\n", "Login: moshez\nNo such user\n"},
		{"unknown, verbose", Config{}, "/w moshez\r\n", "Login: moshez\nNo such user\n"},
		{"forward", Config{}, "moshez@example.com\r\n", "Finger forwarding service denied\n"},
		{"forward a list", Config{}, "/W @a@b\r\n", "Finger forwarding service denied\n"},
		{"user", list, "ANN\r\n", "Login: ann\nName: Ann Example\n"},
		{"without CR", list, "bob\n", "Login: bob\n"},
		{"user, verbose", list, "/W ann\r\n", "Login: ann\nName: Ann Example\nPlan:\nOut to lunch.\nBack at two.\n"},
		{"no plan", list, "/W  bob \r\n", "Login: bob\nNo Plan.\n"},
		{"list", list, " \r\n", "ann              Ann Example\nbob\n"},
		{"verbose list", list, "/W\r\n", "Login: ann\nName: Ann Example\nPlan:\nOut to lunch.\nBack at two.\n\nLogin: bob\nNo Plan.\n"},
		{"list of nobody", Config{List: true}, "\r\n", "No one is here\n"},
		{"CR LF", Config{CRLF: true}, "x\r\n", "Login: x\r\nNo such user\r\n"},
		{"one query only", Config{}, "x\r\ny\r\n", "Login: x\nNo such user\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reactortest.CheckChunks(t, []byte(c.query), func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, c.config), nil })
			got := reactortest.Feed(moduletest.Build(t, New, c.config), []byte(c.query), reactortest.Whole())
			if got.Output != c.want || !got.Closed {
				t.Errorf("%v, want %q and the end", got, c.want)
			}
		})
	}
}

func TestLongQueryEndsTheConnection(t *testing.T) {
	if got := reactortest.Feed(moduletest.Build(t, New, Config{}), []byte(strings.Repeat("x", MaxQuery)+"\r\n"), reactortest.Sizes(100)); got.Output == "" {
		t.Errorf("the longest query: %v", got)
	}
	got := reactortest.Feed(moduletest.Build(t, New, Config{}), []byte(strings.Repeat("x", MaxQuery+2)), reactortest.Sizes(100))
	if !got.Closed || got.Output != "" {
		t.Errorf("%v, want the end", got)
	}
}

func TestSlowPeer(t *testing.T) {
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, moduletest.Build(t, New, Config{}))
	for range 3 { // bytes do not buy time
		client.Transport.Write([]byte("x"))
		p.Advance(DefaultTimeout / 4)
	}
	if p.Server.Lost() != nil {
		t.Fatal("lost before its time")
	}
	p.Advance(DefaultTimeout / 4)
	if p.Server.Lost() == nil {
		t.Error("a peer that sends no query is waited for without end")
	}
}

func TestTimerEndsWithTheConnection(t *testing.T) {
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, moduletest.Build(t, New, Config{}))
	client.Transport.Write([]byte("x\r\n"))
	p.Settle()
	if p.Pending() != 0 {
		t.Errorf("%d timers are left", p.Pending())
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings(
		"users", `ann:Ann:at: 2\nor 3;bob`, "list", "true", "crlf", "true", "timeout", "5s"))
	if err != nil || len(c.Users) != 2 || c.Users[0] != (User{"ann", "Ann", "at: 2\nor 3"}) || c.Users[1] != (User{Login: "bob"}) ||
		!c.List || !c.CRLF || c.Timeout != 5*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
	for _, u := range [][]User{
		{{Login: ""}}, {{Login: "a b"}}, {{Login: "a@b"}}, {{Login: "a", Name: "\x07"}}, {{Login: "a", Plan: "x\n\x1b"}}, {{Login: "a"}, {Login: "A"}},
	} {
		if _, err := New(nil, Config{Users: u}); err == nil {
			t.Errorf("%q is taken", u)
		}
	}
	if _, err := New(nil, Config{Timeout: -1}); err == nil {
		t.Error("a timeout below zero is taken")
	}
}

// FuzzFinger asks anything: there is one answer in whole lines, however the query is cut.
func FuzzFinger(f *testing.F) {
	for _, seed := range []string{"\r\n", "/W ann\r\n", "a@b\r\n", "/W\r\nbob\r\n", "\x00\xff \t/w\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		c := Config{Users: people, List: true}
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, c), nil })
		got := reactortest.Feed(moduletest.Build(t, New, c), input, reactortest.Whole())
		if got.Output != "" && (!got.Closed || !strings.HasSuffix(got.Output, "\n")) {
			t.Errorf("%q: %v", input, got)
		}
	})
}
