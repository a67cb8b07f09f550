package basic_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestNetstringErrors(t *testing.T) {
	cases := []struct {
		name, input string
		limit       int
		delivered   int
		broken      bool
	}{
		{"empty", "0:,", 10, 1, false},
		{"of the limit", "10:0123456789,", 10, 1, false},
		{"limit of one digit", "5", 4, 0, true},
		{"over the limit, before the colon", "11", 10, 0, true},
		{"unfinished number within it", "10", 10, 0, false},
		{"endless number", strings.Repeat("1", 100), 0, 0, true},
		{"number beyond 64 bits", "99999999999999999999999:", 0, 0, true},
		{"leading zero", "01:a,", 10, 0, true},
		{"two zeros", "00", 10, 0, true},
		{"no number", ":a,", 10, 0, true},
		{"minus", "-1:a,", 10, 0, true},
		{"space", " 1:a,", 10, 0, true},
		{"newline in the number", "1\n", 10, 0, true},
		{"no comma", "1:a;", 10, 0, true},
		{"comma too early", "2:a,2:bb,", 10, 0, true},
		{"good ones first", "1:a,1:b,x", 10, 2, true},
		{"nothing after", "1:a,x1:b,", 10, 1, true},
	}
	for _, c := range cases {
		for cut, size := range chunkings {
			t.Run(c.name+"/"+cut, func(t *testing.T) {
				l := &log{}
				p := &basic.NetstringReceiver{Handler: l, MaxLength: c.limit}
				tr := start(p)
				feed(p, c.input, size)
				if len(l.entries) != c.delivered || tr.Disconnecting() != c.broken || p.Broken() != c.broken {
					t.Errorf("delivered %q, closes %v, broken %v", l.entries, tr.Disconnecting(), p.Broken())
				}
			})
		}
	}
}

func TestIntLimits(t *testing.T) {
	cases := []struct {
		name      string
		p         func(h basic.StringHandler) protocol.Protocol
		input     string
		delivered int
		closes    bool
	}{
		{"8 bits, of the limit", int8Of(10), "\x0a0123456789", 1, false},
		{"8 bits, over it", int8Of(10), "\x0b", 0, true},
		{"8 bits, default", int8Of(0), "\xff" + strings.Repeat("x", 255), 1, false},
		{"16 bits, over it", int16Of(10), "\x00\x0b", 0, true},
		{"16 bits, half a prefix", int16Of(10), "\xff", 0, false},
		{"16 bits, default", int16Of(0), "\xff\xff" + strings.Repeat("x", 65535), 1, false},
		{"32 bits, default limit", int32Of(0), "\x00\x01\x86\x9f" + strings.Repeat("x", 99999), 1, false},
		{"32 bits, over it", int32Of(0), "\x00\x01\x86\xa0", 0, true},
		{"32 bits, all ones", int32Of(0), "\xff\xff\xff\xff", 0, true},
		{"empty ones", int16Of(0), "\x00\x00\x00\x00\x00\x00", 3, false},
		{"good ones first", int8Of(3), "\x01a\x02bb\x04cccc\x01d", 2, true},
	}
	for _, c := range cases {
		for cut, size := range chunkings {
			t.Run(c.name+"/"+cut, func(t *testing.T) {
				l := &log{}
				p := c.p(l)
				tr := start(p)
				feed(p, c.input, size)
				if len(l.entries) != c.delivered || tr.Disconnecting() != c.closes {
					t.Errorf("delivered %.100q, closes %v", l.entries, tr.Disconnecting())
				}
			})
		}
	}
}

func int8Of(limit int) func(basic.StringHandler) protocol.Protocol {
	return func(h basic.StringHandler) protocol.Protocol {
		return &basic.Int8Receiver{Handler: h, MaxLength: limit}
	}
}

func int16Of(limit int) func(basic.StringHandler) protocol.Protocol {
	return func(h basic.StringHandler) protocol.Protocol {
		return &basic.Int16Receiver{Handler: h, MaxLength: limit}
	}
}

func int32Of(limit int) func(basic.StringHandler) protocol.Protocol {
	return func(h basic.StringHandler) protocol.Protocol {
		return &basic.Int32Receiver{Handler: h, MaxLength: limit}
	}
}

func TestLengthLimitExceededMayGoOn(t *testing.T) {
	for cut, size := range chunkings {
		t.Run(cut, func(t *testing.T) {
			l := &patient{}
			p := &basic.Int16Receiver{Handler: l, MaxLength: 3}
			start(p)
			feed(p, "\x00\x01a\x01\x00"+strings.Repeat("x", 256)+"\x00\x02bb\x00\x04cccc\x00\x00", size)
			l.check(t, "a", "long ", "bb", "long ", "")
		})
	}
}

// sender is what receivers of strings send with.
type sender interface {
	protocol.Protocol
	SendString(s []byte) error
}

func TestSendString(t *testing.T) {
	h := &log{}
	for want, p := range map[string]sender{
		"5:hello,0:,":                           &basic.NetstringReceiver{Handler: h},
		"\x05hello\x00":                         &basic.Int8Receiver{Handler: h},
		"\x00\x05hello\x00\x00":                 &basic.Int16Receiver{Handler: h},
		"\x00\x00\x00\x05hello\x00\x00\x00\x00": &basic.Int32Receiver{Handler: h},
	} {
		tr := start(p)
		for _, s := range []string{"hello", ""} {
			if err := p.SendString([]byte(s)); err != nil {
				t.Errorf("%T: %v", p, err)
			}
		}
		if got := tr.Take(); got != want {
			t.Errorf("%T sent %q, want %q", p, got, want)
		}
		tr.LoseConnection()
		if err := p.SendString([]byte("hello")); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("%T on a closed connection: %v", p, err)
		}
	}
}

func TestSendStringTooLong(t *testing.T) {
	for size, p := range map[int]sender{
		1 << 8:  &basic.Int8Receiver{Handler: &log{}},
		1 << 16: &basic.Int16Receiver{Handler: &log{}},
	} {
		tr := start(p)
		err := p.SendString(make([]byte, size))
		want := fmt.Sprintf("string is too long for its length prefix: %d bytes, at most %d", size, size-1)
		if !errors.Is(err, basic.ErrStringTooLong) || err.Error() != want {
			t.Errorf("%T: %v", p, err)
		}
		if tr.Output() != "" {
			t.Errorf("%T sent %d bytes", p, len(tr.Output()))
		}
		if err := p.SendString(make([]byte, size-1)); err != nil {
			t.Errorf("%T: one byte less: %v", p, err)
		}
	}
}

// A length that a peer only announces takes no memory.
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	p := &basic.Int32Receiver{Handler: &log{}, MaxLength: 1 << 30}
	start(p)
	before := allocated(t)
	p.DataReceived([]byte("\x3f\xff\xff\xffabc"))
	if grown := allocated(t) - before; grown > 1<<16 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func TestStatefulReceiver(t *testing.T) {
	for cut, size := range chunkings {
		t.Run(cut, func(t *testing.T) {
			v := &visits{}
			p := &basic.StatefulReceiver{Handler: v}
			start(p)
			feed(p, "ab1cde2fggh0ij3xyz", size)
			if got := strings.Join(v.seen, " "); got != "ab 1 c de 2 fg gh 0  ij 3 xyz" {
				t.Errorf("saw %s", got)
			}
		})
	}
	mustPanic(t, "a negative size", func() {
		start(&basic.StatefulReceiver{Handler: &visits{first: -1}})
	})
}

// visits asks for pieces of varying size.
type visits struct {
	seen  []string
	first int
}

func (v *visits) InitialState() (basic.State, int) {
	if v.first != 0 {
		return v.head, v.first
	}
	return v.head, 2
}

func (v *visits) head(data []byte) (basic.State, int) {
	v.seen = append(v.seen, string(data))
	return v.size, 1
}

func (v *visits) size(data []byte) (basic.State, int) {
	v.seen = append(v.seen, string(data))
	return v.body, int(data[0] - '0')
}

func (v *visits) body(data []byte) (basic.State, int) {
	v.seen = append(v.seen, string(data))
	return v.head, 2
}

// conversation is a protocol of three strings.
type conversation struct {
	basic.Int8Receiver
	said []string
}

func (c *conversation) hello(s []byte) basic.StringState {
	c.said = append(c.said, "hello "+string(s))
	return c.more
}

func (c *conversation) more(s []byte) basic.StringState {
	c.said = append(c.said, "more "+string(s))
	if string(s) == "bye" {
		return nil
	}
	return c.more
}

func TestStatefulStrings(t *testing.T) {
	c := &conversation{}
	states := &basic.StatefulStrings{State: c.hello}
	c.Handler = states
	tr := start(c)
	states.Transport = tr
	c.DataReceived([]byte("\x01a\x01b\x03bye\x01c"))
	if got := strings.Join(c.said, ", "); got != "hello a, more b, more bye" {
		t.Errorf("said %s", got)
	}
	if !tr.Disconnecting() {
		t.Error("not closed at the end")
	}
}
