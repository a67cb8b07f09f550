package framing

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestFramings(t *testing.T) {
	for _, c := range []struct {
		name      string
		settings  []string
		input     string
		delivered string
		output    string
		closed    bool
	}{
		{"line", nil, "one\r\ntwo\r\nthr", "6f6e65 74776f", "", false},
		{"delimiter", []string{"delimiter", "0a", "max-length", "4"}, "abcd\nabcde\n", "61626364", "", true},
		{"line only", []string{"framing", "lineonly", "delimiter", "0a", "max-length", "4"}, "abcde", "", "", true},
		{"stop", []string{"delimiter", "0a", "app", "stop-on-stop"}, "a\nstop\nb\n", "61 73746f70", "", true},
		{"netstring", []string{"framing", "netstring", "app", "echo"}, "2:ab,0:,1:c,", "6162  63", "abc", false},
		{"int8", []string{"framing", "int8"}, "\x02ab\x00\x01c", "6162  63", "", false},
		{"int16", []string{"framing", "int16"}, "\x00\x02ab", "6162", "", false},
		{"int32", []string{"framing", "int32", "max-length", "1"}, "\x00\x00\x00\x02ab", "", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			reactortest.CheckChunks(t, []byte(c.input), func() (protocol.Protocol, func() string) {
				p, seen := build(t, c.settings...)
				return p, seen
			})
			p, seen := build(t, c.settings...)
			r := reactortest.Feed(p, []byte(c.input), reactortest.Whole())
			if got := seen(); got != c.delivered || r.Output != c.output || r.Closed != c.closed {
				t.Errorf("delivered %q, %v, want %q, wrote %q, closed %v", got, r, c.delivered, c.output, c.closed)
			}
		})
	}
}

// build returns a receiver, and what it has reported, with a space between two messages.
func build(t *testing.T, settings ...string) (protocol.Protocol, func() string) {
	t.Helper()
	c, err := Configure(moduletest.Settings(settings...))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c.Output = &out
	f, err := New(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return f.BuildProtocol(nil), func() string {
		text := strings.ReplaceAll(strings.TrimSuffix(out.String(), "\n"), "\n", " ")
		return strings.ReplaceAll(text, "delivered ", "")
	}
}

func TestWrongConfiguration(t *testing.T) {
	for _, pairs := range [][]string{
		{"framing", "tlv"}, {"delimiter", "xyz"}, {"max-length", "0"}, {"app", "dance"},
	} {
		if _, err := Configure(moduletest.Settings(pairs...)); err == nil || !strings.HasPrefix(err.Error(), pairs[0]+"=") {
			t.Errorf("%v: error %v, want one that names the key", pairs, err)
		}
	}
	if _, err := New(nil, Config{Framing: "tlv"}); err == nil {
		t.Error("an unknown framing is taken")
	}
}
