package message

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// corpus has messages of all kinds.
func corpus(t testing.TB) [][]byte {
	whole, _ := sample(t).Encode(nil)
	return [][]byte{
		whole, whole[:len(whole)-1], whole[:40],
		unhex(t, "1234 0100 0001 0000 0000 0001"+question+opt),
		unhex(t, "010004000000000100000000000001000100000000000401020304"),
		unhex(t, "010000000001000000000000c00c00010001"),
		unhex(t, "0000 8000 0000 0002 0000 0000 00 ffff 0001 00000000 0102 0000"+chain(25, 128)+"c119 0001 0001 00000000 0004 01020304"),
	}
}

// FuzzDecode: what can be decoded can be encoded, and is the same when it is decoded again; and another implementation
// reads the same.
func FuzzDecode(f *testing.F) {
	for _, wire := range corpus(f) {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m, err := Decode(wire)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("error of type %T", err)
		}
		for _, r := range append(append(m.Answers[:len(m.Answers):len(m.Answers)], m.Authority...), m.Additional...) {
			_ = r.String()
		}
		if err != nil {
			return
		}
		again, err := m.Encode(nil)
		if errors.Is(err, ErrTooBig) {
			return // names that were compressed where they may not be grow
		}
		if err != nil {
			t.Fatal(err)
		}
		m2, err := Decode(again)
		if err != nil || !reflect.DeepEqual(m, m2) {
			t.Fatalf("%v\n%+v became\n%+v", err, m, m2)
		}
		compare(t, wire, m)
		compare(t, again, m)
	})
}

// compare reads wire with golang.org/x/net/dns/dnsmessage, which refuses some names and types that are legal here.
func compare(t *testing.T, wire []byte, m *Message) {
	t.Helper()
	var p dnsmessage.Parser
	h, err := p.Start(wire)
	if err != nil {
		t.Fatalf("it refuses the header: %v", err)
	}
	if h.ID != m.ID || h.Response != m.Response || uint8(h.OpCode) != m.Opcode || uint16(h.RCode) != uint16(m.RCode) || h.Authoritative != m.Authoritative ||
		h.Truncated != m.Truncated || h.RecursionDesired != m.RecursionDesired || h.RecursionAvailable != m.RecursionAvailable ||
		h.AuthenticData != m.AuthenticData || h.CheckingDisabled != m.CheckingDisabled {
		t.Fatalf("headers %+v and %+v", h, m.Header)
	}
	questions, err := p.AllQuestions()
	if err != nil {
		return
	}
	if len(questions) != len(m.Questions) {
		t.Fatalf("%d and %d questions", len(questions), len(m.Questions))
	}
	for i, q := range questions {
		sameName(t, q.Name, m.Questions[i].Name)
	}
	for i := 0; ; i++ {
		r, err := p.Answer()
		if err != nil {
			if errors.Is(err, dnsmessage.ErrSectionDone) && i != len(m.Answers) {
				t.Fatalf("%d and %d answers", i, len(m.Answers))
			}
			return
		}
		ours := m.Answers[i]
		sameName(t, r.Header.Name, ours.Name)
		if uint16(r.Header.Type) != uint16(ours.Type) || r.Header.TTL != ours.TTL || uint16(r.Header.Class) != uint16(ours.Class) {
			t.Fatalf("answers %+v and %+v", r, ours)
		}
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			if string(body.A[:]) != ours.Data {
				t.Fatalf("addresses %v and %x", body.A, ours.Data)
			}
		case *dnsmessage.MXResource:
			sameName(t, body.MX, Name(ours.Data[2:]))
		case *dnsmessage.NSResource:
			sameName(t, body.NS, Name(ours.Data))
		case *dnsmessage.SRVResource:
			sameName(t, body.Target, Name(ours.Data[6:]))
		case *dnsmessage.UnknownResource:
			if len(layoutOf(ours.Type).fields) == 0 && string(body.Data) != ours.Data {
				t.Fatalf("data %x and %x", body.Data, ours.Data)
			}
		}
	}
}

// sameName compares a name in its plain text, which has no escapes.
func sameName(t *testing.T, theirs dnsmessage.Name, ours Name) {
	t.Helper()
	var plain []byte
	for off := 0; ours[off] != 0; off += 1 + int(ours[off]) {
		plain = append(append(plain, ours[off+1:off+1+int(ours[off])]...), '.')
	}
	if len(plain) == 0 {
		plain = []byte(".")
	}
	if !bytes.Equal(plain, theirs.Data[:theirs.Length]) {
		t.Fatalf("names %q and %q", theirs.String(), plain)
	}
}

// FuzzQuery: a query that is taken is also decoded, to the same question.
func FuzzQuery(f *testing.F) {
	for _, wire := range corpus(f) {
		f.Add(wire)
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		var q Query
		rcode, ok := ParseQuery(wire, &q)
		if !ok || rcode != NoError {
			return
		}
		m, _ := Decode(wire)
		if len(m.Questions) != 1 || string(m.Questions[0].Name.Lower()) != string(q.Key()) || m.Questions[0].Type != q.Type ||
			m.Questions[0].Class != q.Class || m.ID != q.ID {
			t.Errorf("%+v and %+v", q, m)
		}
	})
}

// FuzzName: the text of a name is read as the same name.
func FuzzName(f *testing.F) {
	for _, text := range []string{".", "a.b.", `\.\000.x.`, "@", "rel", "a..b", `\300`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseName(text, "\x07example\x00")
		if err != nil {
			return
		}
		if again, err := ParseName(n.String(), ""); err != nil || again != n {
			t.Errorf("%q became %q and then %q, %v", text, n, again, err)
		}
		if got, next, err := AppendName(nil, []byte(n), 0); err != nil || Name(got) != n || next != len(n) {
			t.Errorf("%q in wire form: %q, %d, %v", n, got, next, err)
		}
	})
}
