package message

import (
	"strings"
	"testing"
)

func TestNamesInText(t *testing.T) {
	for text, want := range map[string]string{
		".":                           ".",
		"www.example.com.":            "www.example.com.",
		"WWW.Example.":                "WWW.Example.",
		"www":                         "www.example.org.",
		"@":                           "example.org.",
		`a\.b.c.`:                     `a\.b.c.`,
		`a\046b.c.`:                   `a\.b.c.`,
		`\000\255\\.x.`:               `\000\255\\.x.`,
		`two\032words.`:               `two\032words.`,
		`\@.x.`:                       `\@.x.`,
		"*.wild.":                     "*.wild.",
		strings.Repeat("a", 63) + ".": strings.Repeat("a", 63) + ".",
		strings.Repeat("a.", 127):     strings.Repeat("a.", 127),
	} {
		n, err := ParseName(text, "\x07example\x03org\x00")
		if err != nil || n.String() != want {
			t.Errorf("%q became %q, %v, want %q", text, n, err, want)
			continue
		}
		if again, err := ParseName(n.String(), ""); err != nil || again != n {
			t.Errorf("%q became %q, %v", n, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                               "empty",
		"..":                             "empty label",
		".a.":                            "empty label",
		"a..b.":                          "empty label",
		"relative":                       "there is no origin",
		"@":                              "there is no origin",
		`a\`:                             "a backslash ends it",
		`a\1`:                            "two more digits",
		`a\12x`:                          "two more digits",
		`a\256.`:                         "not a byte",
		strings.Repeat("a", 64) + ".":    "longer than 63 bytes",
		strings.Repeat("a.", 127) + "a.": "longer than 255 bytes",
	} {
		if n, err := ParseName(text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q became %q, %v, want an error with %q", text, n, err, want)
		}
	}
}

func TestNameAncestry(t *testing.T) {
	n := name(t, "A.b.Example.")
	if n.Labels() != 3 || n.Lower() != name(t, "a.b.example.") || n.Parent() != name(t, "b.Example.") || Root.Parent() != Root || Root.Labels() != 0 {
		t.Errorf("%v: %d labels, lower %v, parent %v", n, n.Labels(), n.Lower(), n.Parent())
	}
	for zone, want := range map[string]bool{".": true, "example.": true, "b.example.": true, "a.b.example.": true, "x.example.": false,
		"xa.b.example.": false, "z.a.b.example.": false} {
		if got := n.Lower().Within(name(t, zone)); got != want {
			t.Errorf("within %s: %v", zone, got)
		}
	}
}

// Names one after another, each of which ends in the one before (offsets into a buffer with 20 other bytes in front).
func TestNamesWithPointers(t *testing.T) {
	wire := unhex(t, strings.Repeat("78", 20)+"0166 03697369 0461727061 00 03666f6f c014 03626172 c020")
	off := 20
	for _, c := range []struct {
		want string
		next int
	}{{"f.isi.arpa.", 32}, {"foo.f.isi.arpa.", 38}, {"bar.foo.f.isi.arpa.", 44}} {
		got, next, err := AppendName(nil, wire, off)
		if err != nil || Name(got).String() != c.want || next != c.next {
			t.Fatalf("%v, %d, %v, want %s, %d", Name(got), next, err, c.want, c.next)
		}
		off = next
	}
}
