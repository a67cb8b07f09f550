package reactortest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// failures is a testing.TB that keeps what fails.
type failures struct {
	testing.TB
	list []string
}

func (f *failures) Helper() {}
func (f *failures) Errorf(format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

func TestCheckChunks(t *testing.T) {
	count := func() (protocol.Protocol, func() string) {
		p := &probe{}
		return p, func() string { return fmt.Sprint(len(p.heard)) }
	}
	keeps := func() (protocol.Protocol, func() string) {
		p := &probe{}
		return p, func() string { return string(p.keep) }
	}
	late := func() (protocol.Protocol, func() string) {
		p := &probe{}
		n := 0
		p.data = func(data []byte) {
			if n += len(data); n >= 5 {
				p.LoseConnection()
			}
		}
		return p, nil
	}
	writesSize := func() (protocol.Protocol, func() string) {
		p := &probe{}
		p.data = func(data []byte) { fmt.Fprint(p, len(data)) }
		return p, nil
	}
	cases := []struct {
		name  string
		build func() (protocol.Protocol, func() string)
		want  string // in the first failure; empty: none
	}{
		{"echo", func() (protocol.Protocol, func() string) { return &echo{}, nil }, ""},
		{"closes at a byte", late, ""},
		{"counts chunks", count, "chunks of 1 byte make a difference for input \"hello world\"\nwhole: wrote \"\"\nseen: 3"},
		{"keeps a slice", keeps, "make a difference"},
		{"writes sizes", writesSize, "in chunks of 1 byte: wrote \"11111111111\""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := &failures{}
			reactortest.CheckChunks(f, []byte("hello world"), c.build)
			switch {
			case c.want == "" && len(f.list) > 0:
				t.Errorf("failed: %s", f.list[0])
			case c.want != "" && (len(f.list) == 0 || !strings.Contains(f.list[0], c.want)):
				t.Errorf("failures %q, want one with %q", f.list, c.want)
			}
		})
	}
	t.Run("a mistake that needs its input", func(t *testing.T) {
		f := &failures{}
		build := func() (protocol.Protocol, func() string) { return &echo{}, nil }
		reactortest.CheckChunks(f, []byte("quiet"), build)
		if len(f.list) > 0 {
			t.Errorf("failed: %s", f.list[0])
		}
		reactortest.CheckChunks(f, []byte("quit"), build)
		if len(f.list) == 0 || !strings.Contains(f.list[0], "whole: wrote \"\", closed, lost (connection was closed cleanly)") {
			t.Errorf("failures %q", f.list)
		}
	})
}

func TestFeed(t *testing.T) {
	r := reactortest.Feed(&echo{}, []byte("hello"), reactortest.Sizes(2))
	if r.Output != "hello" || r.Closed || r.Reason != nil {
		t.Errorf("%v", r)
	}
	r = reactortest.Feed(&hangsUp{}, []byte("hello"), nil)
	if r.Output != "" || !r.Closed || r.Reason != protocol.ErrConnectionDone {
		t.Errorf("%v", r)
	}
	large := strings.Repeat("x", 5<<20)
	if r = reactortest.Feed(&probe{}, []byte(large), nil); r.Closed {
		t.Errorf("%v", r)
	}
}

func FuzzEcho(f *testing.F) {
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return &mirror{}, nil })
	})
}

// mirror is an echo without the mistake.
type mirror struct{ protocol.Base }

func (p *mirror) DataReceived(data []byte) { p.Transport.Write(data) }
