package redis

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/redis"
)

// request is a line of testdata/commands.txt.
type request struct {
	line      string
	args      []string
	unordered bool
}

func requests(t *testing.T) []request {
	t.Helper()
	text, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []request
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r := request{line: line}
		rest, unordered := strings.CutPrefix(line, "~ ")
		r.unordered = unordered
		for rest != "" {
			word := rest
			if quoted, err := strconv.QuotedPrefix(rest); err == nil {
				word, err = strconv.Unquote(quoted)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				rest = rest[len(quoted):]
			} else {
				word, _, _ = strings.Cut(rest, " ")
				rest = rest[len(word):]
			}
			r.args = append(r.args, word)
			rest = strings.TrimLeft(rest, " ")
		}
		all = append(all, r)
	}
	return all
}

// replies gives the replies to all requests, made comparable.
func (s server) replies(t *testing.T, all []request, first ...string) []string {
	t.Helper()
	c := s.dial(t)
	if len(first) > 0 {
		c.ask(first...)
	}
	var replies []string
	for _, r := range all {
		c.send(r.args...)
		text, elements := c.reply()
		if r.unordered {
			slices.Sort(elements)
			text = strings.Join(elements, "")
		}
		if n := len(r.args); strings.EqualFold(r.args[0], "subscribe") || strings.EqualFold(r.args[0], "unsubscribe") {
			for range n - 2 { // one reply for each channel
				more, _ := c.reply()
				text += more
			}
		}
		replies = append(replies, text)
	}
	return replies
}

// TestSameReplies asks Redis and the module the same.
func TestSameReplies(t *testing.T) {
	all := requests(t)
	real := startRedis(t)
	for _, first := range [][]string{nil, {"HELLO", "3"}} {
		name := strings.Join(append([]string{"RESP"}, first...), " ")
		asked := all
		if first != nil { // HELLO tells the versions; a client that speaks RESP3 hears of subscriptions as pushes
			asked = slices.DeleteFunc(slices.Clone(all), func(r request) bool { return r.args[0] == "RESET" })
		}
		want := real.replies(t, asked, first...)
		for kind, ours := range map[string]server{"native": startNative(t, redis.Config{}), "sandboxed": startSandboxed(t)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				for i, got := range ours.replies(t, asked, first...) {
					if got != want[i] {
						t.Errorf("%s: %q, Redis says %q", asked[i].line, got, want[i])
					}
				}
			})
		}
		if c := real.dial(t); c.ask("FLUSHALL") != "+OK\r\n" {
			t.Fatal("Redis does not forget")
		}
	}
}
