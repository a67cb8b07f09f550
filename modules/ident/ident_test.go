package ident

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var owners = Config{
	Entries: []Entry{
		{25, 40001, Answer{System: "UNIX", User: "mailer"}},
		{0, 6667, Answer{Error: HiddenUser}},
		{25, 0, Answer{System: "OTHER", User: "Zoë, the postmaster"}},
	},
	Default: Answer{Error: NoUser},
}

func TestQueries(t *testing.T) {
	for _, c := range []struct {
		query, want string
		closed      bool
	}{
		{"25, 40001\r\n", "25, 40001 : USERID : UNIX : mailer\r\n", false},
		{"025 ,+40001\n", "25, 40001 : USERID : UNIX : mailer\r\n", false},
		{"25,40002\r\n", "25, 40002 : USERID : OTHER : Zoë, the postmaster\r\n", false},
		{"80, 6667\r\n", "80, 6667 : ERROR : HIDDEN-USER\r\n", false},
		{"80, 81\r\n25, 40001\r\n", "80, 81 : ERROR : NO-USER\r\n25, 40001 : USERID : UNIX : mailer\r\n", false},
		{"-1, 5\r\n", "-1, 5 : ERROR : INVALID-PORT\r\n", false},
		{"5, -0\r\n", "5, 0 : ERROR : INVALID-PORT\r\n", false},
		{"65536, 5\r\n", "65536, 5 : ERROR : INVALID-PORT\r\n", false},
		{"99999999999999999999, 5\r\n", "99999999999999999999, 5 : ERROR : INVALID-PORT\r\n", false},
		{"999999999999999999999, 5\r\n", "", true},
		{"\r\n", "", true},
		{"80\r\n", "", true},
		{"80, \r\n", "", true},
		{"80, 81, 82\r\n", "", true},
		{"80, 0x51\r\n80, 81\r\n", "", true},
		{strings.Repeat(" ", MaxQuery) + "80, 81\r\n", "", true},
	} {
		reactortest.CheckChunks(t, []byte(c.query), func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, owners), nil })
		got := reactortest.Feed(moduletest.Build(t, New, owners), []byte(c.query), reactortest.Whole())
		if got.Output != c.want || got.Closed != c.closed {
			t.Errorf("%.60q: %v, want %q, closed %v", c.query, got, c.want, c.closed)
		}
	}
}

func TestIdlePeer(t *testing.T) {
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, moduletest.Build(t, New, Config{Timeout: time.Minute}))
	for range 5 {
		p.Advance(40 * time.Second)
		client.Transport.Write([]byte("1, 2\n"))
		p.Settle()
	}
	if got, want := client.Take(), strings.Repeat("1, 2 : ERROR : UNKNOWN-ERROR\r\n", 5); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.Advance(time.Minute)
	if p.Server.Lost() == nil || p.Pending() != 0 {
		t.Errorf("lost: %v, timers: %d", p.Server.Lost(), p.Pending())
	}
}

func TestPeerThatDoesNotReadIsNotReadFrom(t *testing.T) {
	moduletest.CheckFlow(t, moduletest.Build(t, New, Config{}), "1,2\n")
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings(
		"table", "25,40001=UNIX,mailer; * , 6667 = HIDDEN-USER", "default", "UNIX,ann,b", "timeout", "70s"))
	if err != nil || len(c.Entries) != 2 || c.Entries[0] != owners.Entries[0] || c.Entries[1] != owners.Entries[1] ||
		c.Default != (Answer{System: "UNIX", User: "ann,b"}) || c.Timeout != 70*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
	for _, table := range []string{"25=UNIX,a", "25,0=UNIX,a", "25,x=UNIX,a", "25,26", "70000,1=NO-USER"} {
		if _, err := Configure(moduletest.Settings("table", table)); err == nil || !strings.HasPrefix(err.Error(), "table=") {
			t.Errorf("%s: %v", table, err)
		}
	}
	for _, a := range []Answer{
		{Error: "NOBODY"}, {System: "UNIX"}, {User: "ann"}, {System: "A:B", User: "ann"}, {System: "UNIX", User: "a\r\nb"},
		{System: "UNIX", User: strings.Repeat("x", MaxUser+1)},
	} {
		if _, err := New(nil, Config{Default: a}); err == nil {
			t.Errorf("default %+v is taken", a)
		}
		if _, err := New(nil, Config{Entries: []Entry{{1, 2, a}}}); err == nil && a != (Answer{}) {
			t.Errorf("entry %+v is taken", a)
		}
	}
}

// FuzzIdent asks anything: answers are lines of the form that RFC 1413 gives them.
func FuzzIdent(f *testing.F) {
	for _, seed := range []string{"25, 40001\r\n", "-1,5\n1,1\n", "+0007 , 65536\r\n,\r\n", "1,\x00\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return moduletest.Build(t, New, owners), nil })
		for line := range strings.Lines(reactortest.Feed(moduletest.Build(t, New, owners), input, reactortest.Whole()).Output) {
			ports, answer, ok := strings.Cut(line, " : ")
			if _, _, query := parseQuery([]byte(ports)); !ok || !query || !strings.HasSuffix(answer, "\r\n") {
				t.Errorf("%q: answered %q", input, line)
			}
		}
	})
}
