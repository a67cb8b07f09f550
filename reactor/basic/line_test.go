package basic_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestLineLimits(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	cases := []struct {
		name      string
		input     string
		delivered int // lines; -1: any number, but none too long
		closes    bool
	}{
		{"a line of the limit", x(10) + "\r\n", 1, false},
		{"one byte more", x(11) + "\r\n", 0, true},
		{"unfinished, up to the limit", x(10), 0, false},
		{"unfinished, with half a delimiter", x(10) + "\r", 0, false},
		{"unfinished, one more that is no delimiter", x(11), 0, false},
		{"unfinished, as long as limit and delimiter", x(12), 0, true},
		{"delimiters only", "\r\n\r\n\r\n", 3, false},
		{"too long after good ones", "a\r\nb\r\n" + x(11) + "\r\nc\r\n", 2, true},
		{"halves of delimiters", "\n\r\n\r\r\n", 2, false},
	}
	for _, c := range cases {
		for cut, size := range chunkings {
			t.Run(c.name+"/"+cut, func(t *testing.T) {
				l := &log{}
				p := &basic.LineReceiver{Handler: l, MaxLength: 10}
				tr := start(p)
				feed(p, c.input, size)
				if len(l.entries) != c.delivered || tr.Disconnecting() != c.closes {
					t.Errorf("delivered %q, closes %v", l.entries, tr.Disconnecting())
				}
			})
		}
	}
}

func TestLineOnlyLimits(t *testing.T) {
	for input, closes := range map[string]bool{
		strings.Repeat("x", 10):           false,
		strings.Repeat("x", 10) + "\n":    false,
		strings.Repeat("x", 11):           true,
		strings.Repeat("x", 11) + "\n":    true,
		"a\n" + strings.Repeat("x", 11):   true,
		strings.Repeat("0123456789\n", 9): false,
	} {
		for cut, size := range chunkings {
			t.Run(fmt.Sprintf("%q/%s", input, cut), func(t *testing.T) {
				p := &basic.LineOnlyReceiver{Handler: &log{}, MaxLength: 10, Delimiter: []byte("\n")}
				tr := start(p)
				feed(p, input, size)
				if tr.Disconnecting() != closes {
					t.Errorf("closes %v, want %v", tr.Disconnecting(), closes)
				}
			})
		}
	}
	t.Run("what has come of the delimiter counts", func(t *testing.T) {
		p := &basic.LineOnlyReceiver{Handler: &log{}, MaxLength: 10}
		tr := start(p)
		feed(p, "0123456789\r", 1<<30)
		if !tr.Disconnecting() {
			t.Error("not closed")
		}
	})
}

func TestDefaultLineLimit(t *testing.T) {
	line := strings.Repeat("x", basic.MaxLineLength)
	for _, p := range []protocol.Protocol{
		&basic.LineReceiver{Handler: &log{}}, &basic.LineOnlyReceiver{Handler: &log{}},
	} {
		tr := start(p)
		p.DataReceived([]byte(line + "\r\n"))
		if tr.Disconnecting() {
			t.Errorf("%T: closed by a line of %d bytes", p, len(line))
		}
		p.DataReceived([]byte(line + "x\r\n"))
		if !tr.Disconnecting() {
			t.Errorf("%T: not closed by one byte more", p)
		}
	}
}

func TestLineLengthExceededMayGoOn(t *testing.T) {
	input := "a\r\n" + strings.Repeat("x", 30) + "\r\nb\r\n0123456789A\r\nc\r\n"
	for cut, size := range chunkings {
		t.Run("pass over/"+cut, func(t *testing.T) {
			l := &patient{}
			p := &basic.LineReceiver{Handler: l, MaxLength: 10}
			start(p)
			feed(p, input, size)
			l.check(t, "a", "long xxxxxxxxxx", "b", "long 0123456789", "c")
		})
		t.Run("line only/"+cut, func(t *testing.T) {
			l := &patient{}
			p := &basic.LineOnlyReceiver{Handler: l, MaxLength: 10}
			start(p)
			feed(p, input, size)
			l.check(t, "a", "long xxxxxxxxxx", "b", "long 0123456789", "c")
		})
		t.Run("go raw/"+cut, func(t *testing.T) {
			l := &patient{}
			p := &basic.LineReceiver{Handler: l, MaxLength: 10}
			l.exceeded = p.SetRawMode
			start(p)
			feed(p, input, size)
			raw := ""
			for _, e := range l.entries[2:] {
				raw += strings.TrimPrefix(e, "raw ")
			}
			if want := strings.TrimPrefix(input, "a\r\nxxxxxxxxxx"); raw != want {
				t.Errorf("raw %q, want %q", raw, want)
			}
		})
	}
}

// switcher reads a line that says how many raw bytes follow, those bytes, and so on.
type switcher struct {
	basic.LineReceiver
	left int
	got  []string
	raw  []byte
}

func newSwitcher() *switcher {
	p := &switcher{}
	p.Handler = p
	return p
}

func (p *switcher) LineReceived(line []byte) {
	p.got = append(p.got, string(line))
	if n, err := fmt.Sscan(string(line), &p.left); n == 1 && err == nil {
		p.SetRawMode()
	}
}

func (p *switcher) RawDataReceived(data []byte) {
	n := min(p.left, len(data))
	p.raw = append(p.raw, data[:n]...)
	if p.left -= n; p.left == 0 {
		p.got = append(p.got, "raw "+string(p.raw))
		p.raw = nil
		p.SetLineMode(data[n:])
	}
}

func TestRawMode(t *testing.T) {
	for cut, size := range chunkings {
		t.Run(cut, func(t *testing.T) {
			p := newSwitcher()
			start(p)
			feed(p, "hello\r\n5\r\na\r\nb\r3\r\nxyzbye\r\n", size)
			want := `["hello" "5" "raw a\r\nb\r" "3" "raw xyz" "bye"]`
			if got := fmt.Sprintf("%q", p.got); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// Thousands of changes of mode in one chunk take no recursion, and the rest of the chunk is not copied at each.
func TestManyChangesOfMode(t *testing.T) {
	p := newSwitcher()
	start(p)
	chunk := []byte(strings.Repeat("1\r\nx", 10000))
	p.DataReceived(chunk[:len(chunk)/2])
	before := allocated(t)
	p.DataReceived(chunk[len(chunk)/2:])
	if len(p.got) != 20000 {
		t.Errorf("%d messages, want 20000", len(p.got))
	}
	// The strings kept by the test are a few bytes each; copies of the rest would be 100 MB.
	if grown := allocated(t) - before; grown > 10<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func allocated(t *testing.T) uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestSetLineModeWithOtherBytes(t *testing.T) {
	p := newSwitcher()
	start(p)
	p.SetLineMode([]byte("outside\r\nof a han"))
	p.DataReceived([]byte("dler\r\n"))
	if got := fmt.Sprintf("%q", p.got); got != `["outside" "of a handler"]` {
		t.Errorf("got %s", got)
	}
	// Bytes that are no slice of the raw data: they come before what follows.
	l := &log{}
	q := &basic.LineReceiver{Handler: l}
	l.on = func(entry string) {
		switch {
		case entry == "go raw":
			q.SetRawMode()
		case strings.HasPrefix(entry, "raw "):
			q.SetLineMode([]byte("made up\r\n"))
		}
	}
	start(q)
	q.DataReceived([]byte("go raw\r\n123"))
	q.DataReceived([]byte("last\r\n"))
	l.check(t, "go raw", "raw 123", "made up", "last")
	mustPanic(t, "raw mode without RawDataReceived", (&basic.LineReceiver{Handler: &silent{}}).SetRawMode)
}

func TestPauseInRawMode(t *testing.T) {
	l := &log{}
	p := &basic.LineReceiver{Handler: l}
	start(p)
	l.on = func(entry string) {
		if entry == "go raw" {
			p.SetRawMode()
			p.PauseProducing()
		}
	}
	p.DataReceived([]byte("go raw\r\nabc"))
	l.check(t, "go raw")
	p.ResumeProducing()
	l.check(t, "go raw", "raw abc")
}

func TestClearLineBuffer(t *testing.T) {
	l := &log{}
	p := &basic.LineReceiver{Handler: l}
	start(p)
	p.DataReceived([]byte("half of"))
	p.DataReceived([]byte(" a line\r"))
	if got := string(p.ClearLineBuffer()); got != "half of a line\r" {
		t.Errorf("cleared %q", got)
	}
	l.on = func(string) { l.entries = append(l.entries, "cleared "+string(p.ClearLineBuffer())) }
	p.DataReceived([]byte("clear\r\nthe rest"))
	l.on = nil
	p.DataReceived([]byte("x\r\n"))
	l.check(t, "clear", "cleared the rest", "x")
}

func TestSendLine(t *testing.T) {
	p := &basic.LineReceiver{Handler: &log{}}
	tr := start(p)
	q := &basic.LineOnlyReceiver{Handler: &log{}, Delimiter: []byte("\n")}
	q.ConnectionMade(tr)
	p.SendLine([]byte("one"))
	q.SendLine(nil)
	if got := tr.Take(); got != "one\r\n\n" {
		t.Errorf("sent %q", got)
	}
	tr.LoseConnection()
	if p.SendLine([]byte("x")) == nil || q.SendLine([]byte("x")) == nil {
		t.Error("sending on a closed connection did not fail")
	}
}
