package amp

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func box(pairs ...string) *Box {
	b := &Box{}
	for i := 0; i < len(pairs); i += 2 {
		b.Set(pairs[i], []byte(pairs[i+1]))
	}
	return b
}

func encode(t testing.TB, b *Box) []byte {
	t.Helper()
	text, err := b.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (b *Box) String() string {
	var s strings.Builder
	for k, v := range b.All() {
		fmt.Fprintf(&s, "%s=%.20q ", k, v)
	}
	return s.String()
}

func TestBox(t *testing.T) {
	b := box("b", "2", "a", "1", "c", "", "b", "3")
	if got, want := string(encode(t, b)), "\x00\x01a\x00\x011\x00\x01b\x00\x013\x00\x01c\x00\x00\x00\x00"; got != want {
		t.Errorf("encoded %q, want %q", got, want)
	}
	c := b.Clone()
	b.Delete("a")
	b.Delete("nothing")
	if _, ok := b.Get("a"); ok || b.Has("a") || b.Len() != 2 {
		t.Errorf("a deleted key is there: %v", b)
	}
	b.Reset()
	b.Set("x", []byte("overwrites the memory"))
	if v, _ := c.Get("b"); string(v) != "3" || c.Len() != 3 {
		t.Errorf("the copy has become %v", c)
	}
	if text := encode(t, &Box{}); string(text) != "\x00\x00" {
		t.Errorf("the empty box is %q", text)
	}
}

func TestBoxLimits(t *testing.T) {
	longest := box(strings.Repeat("k", MaxKeyLength), strings.Repeat("v", MaxValueLength))
	boxes, err := ParseBoxes(encode(t, longest))
	if err != nil || len(boxes) != 1 || boxes[0].String() != longest.String() {
		t.Errorf("the longest key and value: %v, %v", boxes, err)
	}
	for _, c := range []struct {
		box  *Box
		want TooLongError
	}{
		{box("", "x"), TooLongError{"", true, 0}},
		{box(strings.Repeat("k", 256), ""), TooLongError{strings.Repeat("k", 256), true, 256}},
		{box("k", strings.Repeat("v", 65536)), TooLongError{"k", false, 65536}},
	} {
		_, err := c.box.Append(nil)
		var tooLong *TooLongError
		if !errors.As(err, &tooLong) || *tooLong != c.want {
			t.Errorf("%v: %v", c.box, err)
		}
	}
}

func TestParseBoxes(t *testing.T) {
	boxes, err := ParseBoxes([]byte("\x00\x01k\x00\x011\x00\x01j\x00\x012\x00\x01k\x00\x013\x00\x00\x00\x00"))
	if err != nil || len(boxes) != 2 || boxes[0].String() != `j="2" k="3" ` || boxes[1].Len() != 0 {
		t.Errorf("%v, %v", boxes, err)
	}
	for text, want := range map[string]error{
		"\x01\x00": ErrKeyTooLong, "\x00\x01k\x00\x01v\x01\x00": ErrKeyTooLong, "\x00": ErrTruncated,
		"\x00\x01k": ErrTruncated, "\x00\x01k\x00\x01v": ErrTruncated, "\x00\x00\x00": ErrTruncated,
		"\x00\x01k\xff\xffv": ErrBoxTooLong,
	} {
		if boxes, err := ParseBoxes([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v, %v, want %v", text, boxes, err, want)
		}
	}
}

// recorder keeps the boxes as text.
type recorder struct {
	seen   strings.Builder
	reason error
	each   func()
}

func (r *recorder) StartReceivingBoxes(*BinaryBoxProtocol) {}
func (r *recorder) AmpBoxReceived(b *Box) {
	fmt.Fprintf(&r.seen, "{%v}", b)
	if r.each != nil {
		r.each()
	}
}
func (r *recorder) StopReceivingBoxes(reason error) { r.reason = reason }

func TestHostileBytes(t *testing.T) {
	const limit = 1000
	for name, c := range map[string]struct {
		input string
		want  error
	}{
		"key too long":   {"\x01\x00", ErrKeyTooLong},
		"value too long": {"\x00\x01k\x03\xe8", ErrBoxTooLong},
		"endless keys":   {strings.Repeat("\x00\x01k\x00\x01v", 200), ErrBoxTooLong},
	} {
		r := &recorder{}
		p := &BinaryBoxProtocol{Receiver: r, MaxBoxLength: limit}
		pair := reactortest.NewPair(&reactortest.Recorder{}, p)
		pair.Chunks = reactortest.Sizes(1)
		if _, err := pair.Client.Write([]byte(c.input)); err != nil {
			t.Fatal(err)
		}
		pair.Settle()
		if !errors.Is(r.reason, c.want) || r.seen.Len() > 0 {
			t.Errorf("%s: lost for %v with boxes %s, want %v", name, r.reason, &r.seen, c.want)
		}
		if n := cap(p.parser.held); n > 4*limit {
			t.Errorf("%s: %d bytes are held", name, n)
		}
	}
}

func TestPauseBetweenBoxes(t *testing.T) {
	r := &recorder{}
	p := &BinaryBoxProtocol{Receiver: r}
	r.each = p.PauseProducing
	pair := reactortest.NewPair(&reactortest.Recorder{}, p)
	input := bytes.Repeat(encode(t, box("k", "v")), 3)
	if _, err := pair.Client.Write(input); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 3; i++ {
		pair.Settle()
		if n := strings.Count(r.seen.String(), "{"); n != i {
			t.Fatalf("%d boxes, want %d", n, i)
		}
		p.ResumeProducing()
	}
	if pair.Server.ReadingPaused() {
		t.Error("reading is paused")
	}
}

func TestParsingDoesNotAllocate(t *testing.T) {
	input := bytes.Repeat(encode(t, box("_ask", "1", "_command", "Sum", "a", "13", "b", "81")), 100)
	p := parser{limit: DefaultMaxBoxLength}
	var out []byte
	if n := testing.AllocsPerRun(100, func() {
		p.feed(input)
		for {
			b, err := p.next()
			if err != nil {
				t.Fatal(err)
			}
			if b == nil {
				break
			}
			out, _ = b.Append(out[:0])
		}
		p.keep()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzBoxes(f *testing.F) {
	f.Add([]byte("\x00\x00"))
	f.Add([]byte("\x00\x01k\x00\x01v\x00\x00"))
	f.Add([]byte("\x00\x01k\x00\x01v\x01\x00"))
	f.Add([]byte("\x00\x01b\x00\x00\x00\x01a\x00\x02xy\x00\x01b\x00\x01z\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			r := &recorder{}
			return &BinaryBoxProtocol{Receiver: r, MaxBoxLength: 200}, r.seen.String
		})
		boxes, err := ParseBoxes(input)
		if err != nil {
			return
		}
		var again []byte
		for _, b := range boxes {
			if again, err = b.Append(again); err != nil {
				t.Fatalf("%v: %v", b, err)
			}
		}
		if copies, err := ParseBoxes(again); err != nil || fmt.Sprint(copies) != fmt.Sprint(boxes) {
			t.Errorf("%v became %v, %v", boxes, copies, err)
		}
	})
}

// Boxes keep their order and content whatever their sizes and however they are cut.
func TestRandomBoxes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var input []byte
	var want strings.Builder
	for range 50 {
		b := &Box{}
		for range random.IntN(5) {
			b.Set(strings.Repeat("k", 1+random.IntN(20)), bytes.Repeat([]byte{byte(random.Uint32())}, random.IntN(300)))
		}
		fmt.Fprintf(&want, "{%v}", b)
		input = append(input, encode(t, b)...)
	}
	reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
		r := &recorder{}
		return &BinaryBoxProtocol{Receiver: r}, func() string {
			if r.seen.String() != want.String() {
				t.Error("other boxes")
			}
			return r.seen.String()
		}
	})
}
