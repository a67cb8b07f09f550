package message

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func name(t testing.TB, text string) Name {
	t.Helper()
	n, err := ParseName(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// data is the data of a record as a zone file has it.
func data(t testing.TB, of Type, words ...string) string {
	t.Helper()
	var tokens []Token
	for _, w := range words {
		tokens = append(tokens, Token{Text: w})
	}
	d, err := ParseData(of, tokens, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sample has records of many types, with names that share their ends.
func sample(t testing.TB) *Message {
	in := func(owner string, of Type, words ...string) Record {
		return Record{name(t, owner), of, ClassIN, 300, data(t, of, words...)}
	}
	return &Message{
		Header: Header{ID: 0xbeef, Response: true, Authoritative: true, RecursionDesired: true, RecursionAvailable: true,
			AuthenticData: true, CheckingDisabled: true, Truncated: true, Opcode: 2, RCode: NameError},
		Questions: []Question{{name(t, "www.Example.com."), TypeANY, ClassIN}},
		Answers: []Record{
			in("www.Example.com.", TypeA, "192.0.2.1"),
			in("www.Example.com.", TypeAAAA, "2001:db8::1"),
			in("Example.com.", TypeMX, "10", "mail.Example.com."),
			in("Example.com.", TypeTXT, `a\"b`, "", "c"),
			in("_sip._tcp.Example.com.", TypeSRV, "1", "2", "3", "mail.Example.com."),
			in("Example.com.", TypeCAA, "0", "issue", "ca.example.net"),
			in("Example.com.", TypeNAPTR, "1", "2", "S", "SIP+D2U", "!^.*$!x!", "_sip._udp.Example.com."),
			in("x.Example.com.", Type(4711), `\#`, "2", "c000"),
		},
		Authority: []Record{in("Example.com.", TypeSOA, "ns.Example.com.", "root.Example.com.", "1", "1d", "2h", "4w", "5m"),
			in("Example.com.", TypeNS, "ns.Example.com.")},
		Additional: []Record{in("ns.Example.com.", TypeA, "192.0.2.2"), {Root, TypeOPT, 1232, 1 << 15, ""}},
	}
}

func TestMessageIsReadAsItWasWritten(t *testing.T) {
	m := sample(t)
	wire, err := m.Encode([]byte("kept"))
	if err != nil {
		t.Fatal(err)
	}
	if string(wire[:4]) != "kept" {
		t.Fatal("what stood in front is gone")
	}
	got, err := Decode(wire[4:])
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("%v\nread %+v\nwant %+v", err, got, m)
	}
	again, err := got.Encode(nil)
	if err != nil || !bytes.Equal(again, wire[4:]) {
		t.Errorf("encoded again, %v:\n%x\n%x", err, again, wire[4:])
	}
	if n := bytes.Count(wire, []byte("\x07Example")); n != 2+1 { // once, and in SRV and NAPTR, which are not compressed
		t.Errorf("the name is written %d times", n)
	}
}

// What is cut off anywhere is an error, and what came before is there.
func TestDecodeOfTruncatedMessages(t *testing.T) {
	wire, _ := sample(t).Encode(nil)
	for n := range len(wire) {
		m, err := Decode(wire[:n])
		var e *Error
		if !errors.As(err, &e) || !errors.Is(err, ErrShort) && !errors.Is(err, ErrPointer) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if n >= HeaderSize && m.ID != 0xbeef || n == len(wire)-1 && len(m.Answers) != 8 {
			t.Errorf("%d bytes: %+v", n, m)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	const header = "0100 0000 0001 0000 0000 0000"
	for what, c := range map[string]struct {
		wire string
		want error
		text string
	}{
		"nothing":           {"", ErrShort, "header 0 at byte 0: message ends early"},
		"points to itself":  {header + "c00c 0001 0001", ErrPointer, "question 0 at byte 12: compression pointer does not point backwards"},
		"points forwards":   {header + "c010 0001 0001 00", ErrPointer, ""},
		"points in circles": {header + "0161 c00c 0001 0001", ErrPointer, ""},
		"reserved label":    {header + "40 0001 0001", ErrLabel, ""},
		"name of 256 bytes": {header + strings.Repeat("3f"+strings.Repeat("61", 63), 4) + "00 0001 0001", ErrName, ""},
		"A of 3 bytes":      {"0000 8000 0000 0001 0000 0000 00 0001 0001 00000000 0003 010203", ErrData, "answer 0 at byte 12: record data does not have the form of its type"},
		"A of 5 bytes":      {"0000 8000 0000 0001 0000 0000 00 0001 0001 00000000 0005 0102030405", ErrData, ""},
		"TXT of nothing":    {"0000 8000 0000 0001 0000 0000 00 0010 0001 00000000 0000", ErrData, ""},
		"TXT cut off":       {"0000 8000 0000 0001 0000 0000 00 0010 0001 00000000 0002 0561", ErrData, ""},
		"NS beyond its end": {"0000 8000 0000 0001 0000 0000 00 0002 0001 00000000 0001 0161 00", ErrShort, ""},
		"data cut off":      {"0000 8000 0000 0000 0001 0000 00 0001 0001 00000000 0004 0102", ErrShort, "authority 0 at byte 12: message ends early"},
		"a chain of pointers": {"0000 8000 0000 0002 0000 0000 00 ffff 0001 00000000 0102 0000" + chain(12+11+2, 128) +
			" c119 0001 0001 00000000 0004 01020304", ErrPointer, "answer 1 at byte 281: compression pointer does not point backwards"},
	} {
		_, err := Decode(unhex(t, c.wire))
		if !errors.Is(err, c.want) || c.text != "" && err.Error() != c.text {
			t.Errorf("%s: %v, want %v %s", what, err, c.want, c.text)
		}
	}
}

// chain is n pointers, each to the one before; the first is to the two zero bytes in front of offset.
func chain(offset, n int) string {
	var b []byte
	for i := range n {
		to := offset - 2 + 2*i
		b = append(b, 0xc0|byte(to>>8), byte(to))
	}
	return hex.EncodeToString(b)
}

// As many messages and records as can be claimed cost no more than is there.
func TestCountsAreNotTrusted(t *testing.T) {
	m, err := Decode(unhex(t, "0000 0000 ffff ffff ffff ffff"))
	if !errors.Is(err, ErrShort) || len(m.Questions) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestEncodeOfTooMuch(t *testing.T) {
	m := &Message{}
	for range 300 {
		m.Answers = append(m.Answers, Record{Root, TypeNULL, ClassIN, 0, strings.Repeat("x", 250)})
	}
	if _, err := m.Encode(nil); !errors.Is(err, ErrTooBig) {
		t.Errorf("%v", err)
	}
}

func TestBuilderForgetsWhatIsTakenBack(t *testing.T) {
	var b Builder
	b.Reset(nil)
	b.Header(Header{})
	mark := b.Mark()
	b.Record(Record{name(t, "a.example."), TypeNS, ClassIN, 1, string(name(t, "b.example."))})
	b.Rewind(mark)
	b.Record(Record{name(t, "b.example."), TypeNS, ClassIN, 1, string(name(t, "a.example."))})
	m, err := Decode(b.Finish())
	if err != nil || len(m.Answers) != 1 || m.Answers[0].String() != "b.example. 1 IN NS a.example." {
		t.Errorf("%+v, %v", m, err)
	}
}
