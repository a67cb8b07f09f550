package message

import (
	"strings"
	"testing"
)

const (
	askHeader = "1234 0100 0001 0000 0000 0000"
	question  = "0377 5757 0761 6263 2e64 6566 00 0001 0001" // wWW.abc\.def. A IN
	opt       = "00 0029 1000 00 00 8000 0000"
)

func TestParseQuery(t *testing.T) {
	for what, c := range map[string]struct {
		wire string
		ok   bool
		want RCode
	}{
		"plain":              {askHeader + question, true, NoError},
		"EDNS":               {"1234 0000 0001 0000 0000 0001" + question + opt, true, NoError},
		"something behind":   {askHeader + question + "00", true, NoError},
		"EDNS with options":  {"1234 0000 0001 0000 0000 0001" + question + "00 0029 1000 00 00 8000 0005 0003 0001 61", true, NoError},
		"a response":         {"1234 8100 0001 0000 0000 0000" + question, false, 0},
		"half a header":      {"1234 0100 0001 00", false, 0},
		"no question":        {"1234 0100 0000 0000 0000 0000", true, FormatError},
		"two questions":      {"1234 0100 0002 0000 0000 0000" + question + question, true, FormatError},
		"half a question":    {askHeader + "0377 5757", true, FormatError},
		"no class":           {askHeader + "00 0001 00", true, FormatError},
		"a pointer":          {askHeader + "c000 0001 0001", true, FormatError},
		"UPDATE":             {"1234 2900 0001 0000 0000 0000" + question, true, NotImplemented},
		"two OPT":            {"1234 0000 0001 0000 0000 0002" + question + opt + opt, true, FormatError},
		"OPT as an answer":   {"1234 0000 0001 0001 0000 0000" + question + opt, true, FormatError},
		"OPT with a name":    {"1234 0000 0001 0000 0000 0001" + question + "0161" + opt, true, FormatError},
		"OPT cut off":        {"1234 0000 0001 0000 0000 0001" + question + "00 0029 1000", true, FormatError},
		"OPT longer than it": {"1234 0000 0001 0000 0000 0001" + question + "00 0029 1000 00 00 8000 0001", true, FormatError},
		"records missing":    {"1234 0000 0001 0000 0000 ffff" + question + opt, true, FormatError},
	} {
		var q Query
		rcode, ok := ParseQuery(unhex(t, c.wire), &q)
		if ok != c.ok || rcode != c.want {
			t.Errorf("%s: %v, %v, want %v, %v", what, rcode, ok, c.want, c.ok)
			continue
		}
		if !ok || rcode != NoError {
			continue
		}
		edns := strings.HasPrefix(what, "EDNS")
		if q.ID != 0x1234 || string(q.Key()) != "\x03www\x07abc.def\x00" || q.Type != TypeA || q.Class != ClassIN || q.EDNS != edns ||
			q.DO != edns || q.Size != map[bool]uint16{true: 4096, false: 512}[edns] || q.RecursionDesired() == edns {
			t.Errorf("%s: %+v", what, q)
		}
	}
}

func TestParseQueryDoesNotAllocate(t *testing.T) {
	wire := unhex(t, "1234 0000 0001 0000 0000 0001"+question+opt)
	var q Query
	if n := testing.AllocsPerRun(100, func() { ParseQuery(wire, &q) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
