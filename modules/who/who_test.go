package who

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestList(t *testing.T) {
	for want, users := range map[string][]string{"root\r\n": nil, "ann\r\nbob tty1\r\n": {"ann", "bob tty1"}} {
		got := reactortest.Feed(moduletest.Build(t, New, Config{Users: users}), nil, reactortest.Whole())
		if got.Output != want || !got.Closed {
			t.Errorf("%v, want %q and the end", got, want)
		}
	}
}

func TestUsersThatAreRefused(t *testing.T) {
	for _, user := range []string{"", "a\r\nb", "\x1b[2J", "\xff"} {
		if _, err := New(nil, Config{Users: []string{user}}); err == nil || !strings.Contains(err.Error(), "printable") {
			t.Errorf("%q: %v", user, err)
		}
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings("users", "ann;bob\nzoe"))
	if err != nil || strings.Join(c.Users, ",") != "ann,bob,zoe" {
		t.Errorf("%q, %v", c.Users, err)
	}
}

// FuzzWho sends anything to who has nothing to hear.
func FuzzWho(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.0\r\n\r\n"), "ann")
	f.Fuzz(func(t *testing.T, input []byte, user string) {
		factory, err := New(nil, Config{Users: []string{user}})
		if err != nil {
			return
		}
		build := func() (protocol.Protocol, func() string) { return factory.BuildProtocol(nil), nil }
		reactortest.CheckChunks(t, input, build)
		got := reactortest.Feed(factory.BuildProtocol(nil), input, reactortest.Whole())
		if got.Output != user+"\r\n" {
			t.Errorf("%q, want %q", got.Output, user)
		}
	})
}

// A list that does not fit is sent in several datagrams, each of whole lines.
func TestDatagrams(t *testing.T) {
	var c Config
	for i := range 100 {
		c.Users = append(c.Users, strings.Repeat("x", i+1))
	}
	f, err := New(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	got := moduletest.Ask(t, f, 4000, "")
	if strings.Join(got, "") != strings.Join(c.Users, "\r\n")+"\r\n" || len(got) < 10 {
		t.Errorf("%d datagrams: %q", len(got), got)
	}
	for _, d := range got {
		if len(d) > 512 || !strings.HasSuffix(d, "\r\n") {
			t.Errorf("%d bytes: %q", len(d), d)
		}
	}
}
