package zone

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

const example = `$ORIGIN example.
$TTL 1h
@	IN	SOA	ns1 hostmaster (
		2026010101 ; serial (a comment)
		1d 2h 4w 5m )
	IN	NS	ns1
	NS	ns2.other.
	MX	10 mail
	TXT	"hello; world" "second \"quoted\""
ns1	A	192.0.2.1
	AAAA	2001:db8::1
Mail	60 IN A 192.0.2.2
www	IN 300 CNAME	Web
web	A	192.0.2.3
	A	192.0.2.4
	A	192.0.2.3
*.wild	A	192.0.2.5
x.y.wild TXT below
a.b.c	TXT	deep
sub	NS	ns.sub
	DS	1 8 2 00
ns.sub	A	192.0.2.6
deep.sub NS	elsewhere.
$ORIGIN other.example.
host	A	192.0.2.7
@	TYPE65280 \# 4 0a000001
`

func parse(t testing.TB, text string) *Zone {
	t.Helper()
	z, err := Parse("test.zone", text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func wire(t testing.TB, text string) message.Name {
	t.Helper()
	n, err := message.ParseName(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// found is a result as text.
func found(r Result) string {
	text := [...]string{"records", "alias", "no data", "no name", "delegation"}[r.Kind]
	if r.Wild {
		text += " of a wildcard"
	}
	if r.Set != nil {
		for _, data := range r.Set.Data {
			record := message.Record{Name: r.Name, Type: r.Set.Type, Class: message.ClassIN, TTL: r.Set.TTL, Data: data}
			text += fmt.Sprintf(" %s %d %s", r.Set.Type, r.Set.TTL, record.Text())
		}
	}
	return text
}

func TestLookup(t *testing.T) {
	z := parse(t, example)
	for ask, want := range map[string]string{
		"example. SOA":             "records SOA 3600 ns1.example. hostmaster.example. 2026010101 86400 7200 2419200 300",
		"example. NS":              "records NS 3600 ns1.example. NS 3600 ns2.other.",
		"example. TXT":             `records TXT 3600 "hello; world" "second \"quoted\""`,
		"example. A":               "no data",
		"example. DS":              "no data",
		"example. ANY":             "records SOA 3600 ns1.example. hostmaster.example. 2026010101 86400 7200 2419200 300",
		"mail.example. A":          "records A 60 192.0.2.2",
		"web.example. A":           "records A 3600 192.0.2.3 A 3600 192.0.2.4",
		"www.example. A":           "alias CNAME 300 Web.example.",
		"www.example. CNAME":       "records CNAME 300 Web.example.",
		"nope.example. A":          "no name",
		"below.web.example. A":     "no name",
		"wild.example. A":          "no data", // it exists for what is below
		"any.wild.example. A":      "records of a wildcard A 3600 192.0.2.5",
		"any.any.wild.example. A":  "records of a wildcard A 3600 192.0.2.5",
		"any.wild.example. AAAA":   "no data",
		"*.wild.example. A":        "records A 3600 192.0.2.5",
		"y.wild.example. A":        "no data", // not the wildcard: the name exists
		"z.y.wild.example. A":      "no name", // nor here: its closest ancestor has none
		"b.c.example. A":           "no data",
		"c.example. TXT":           "no data",
		"a.b.c.example. TXT":       `records TXT 3600 "deep"`,
		"sub.example. A":           "delegation NS 3600 ns.sub.example.",
		"sub.example. NS":          "delegation NS 3600 ns.sub.example.",
		"sub.example. DS":          "records DS 3600 1 8 2 00",
		"ns.sub.example. A":        "delegation NS 3600 ns.sub.example.",
		"x.deep.sub.example. A":    "delegation NS 3600 ns.sub.example.",
		"x.deep.sub.example. DS":   "delegation NS 3600 ns.sub.example.",
		"other.example. TYPE65280": `records TYPE65280 3600 \# 4 0a000001`,
		"host.other.example. A":    "records A 3600 192.0.2.7",
	} {
		owner, of, _ := strings.Cut(ask, " ")
		typ, _ := message.ParseType(of)
		if got := found(z.Lookup([]byte(wire(t, owner)), typ)); got != want {
			t.Errorf("%s: %s, want %s", ask, got, want)
		}
	}
	if owner, a, aaaa := z.Addresses([]byte(wire(t, "ns.sub.example."))); owner != wire(t, "ns.sub.example.") || a == nil || aaaa != nil {
		t.Errorf("glue: %v, %v, %v", owner, a, aaaa)
	}
	if owner, data, ttl, negative := z.SOA(); owner.String() != "example." || data == "" || ttl != 3600 || negative != 300 {
		t.Errorf("SOA: %v, %d, %d", owner, ttl, negative)
	}
	if z.Len() != 20 || z.Origin() != wire(t, "example.") {
		t.Errorf("zone %v of %d records", z.Origin(), z.Len())
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	z := parse(t, example)
	for _, owner := range []string{"web.example.", "nope.example.", "x.y.z.wild.example."} {
		name := []byte(wire(t, owner))
		if n := testing.AllocsPerRun(100, func() { z.Lookup(name, message.TypeA) }); n > 0 {
			t.Errorf("%s: %v allocations", owner, n)
		}
	}
}

func TestCursor(t *testing.T) {
	z := parse(t, example)
	c := z.Cursor()
	var all []string
	for r, ok := c.Next(); ok; r, ok = c.Next() {
		all = append(all, r.Name.String()+" "+r.Type.String())
	}
	if len(all) != z.Len()+1 || all[0] != "example. SOA" || all[len(all)-1] != "example. SOA" || all[1] != "example. NS" ||
		all[len(all)-2] != "other.example. TYPE65280" {
		t.Errorf("%d records of %d: %q", len(all), z.Len(), all)
	}
	if _, ok := c.Next(); ok {
		t.Error("it does not end")
	}
}

func TestTTLs(t *testing.T) {
	const soa = "@ SOA a b 1 2 3 4 77\n@ NS a\n"
	for text, want := range map[string]uint32{
		soa + "x A 1.1.1.1":                             77, // of the SOA record's minimum
		"$TTL 5\n" + soa + "x A 1.1.1.1":                5,
		soa + "y 9 A 1.1.1.1\nx A 1.1.1.1":              9,
		soa + "x 8 A 1.1.1.1\nx 7 A 1.1.1.2":            7, // of a set the smallest
		"$TTL 5\n" + soa + "y 9 A 1.1.1.1\nx A 1.1.1.1": 5,
	} {
		z, err := Parse("f", text, Options{Origin: wire(t, "example.")})
		if err != nil {
			t.Error(err)
			continue
		}
		if r := z.Lookup([]byte(wire(t, "x.example.")), message.TypeA); r.Kind != Records || r.Set.TTL != want {
			t.Errorf("%q: %s, want %d", text, found(r), want)
		}
	}
}

func TestErrors(t *testing.T) {
	const soa = "$ORIGIN example.\n@ 1 SOA a b 1 2 3 4 5\n@ NS a\n"
	for text, want := range map[string]string{
		"":                                  "f: there is no SOA record",
		"$ORIGIN x.\n@ 1 SOA a b 1 2 3 4 5": "f: x. has no NS record",
		soa + "@ SOA a b 1 2 3 4 5":         "f:4: a second SOA record",
		soa + "other. A 1.2.3.4":            "f: other. does not belong to zone example.",
		soa + "x CNAME a\nx A 1.2.3.4":      "f:5: x.example. has a CNAME record and others, or two of them",
		soa + "x CNAME a\nx CNAME b":        "f:5: x.example. has a CNAME",
		soa + "*.x NS a":                    "f:4: type NS cannot belong to a wildcard",
		soa + "x DNAME a":                   "f:4: type DNAME is not served",
		soa + "x AXFR a":                    "f:4: type AXFR",
		soa + "x CH A 1.2.3.4":              "f:4: class CH: only IN is served",
		soa + "x FOO 1":                     `f:4: type "FOO" is not known`,
		soa + "x A":                         "f:4: type A: address is missing",
		soa + "x":                           "f:4: the type is missing",
		soa + "x 1 2 A 1.2.3.4":             `f:4: type "2" is not known`,
		soa + "x 1y A 1.2.3.4":              "f:4: TTL",
		soa + "x A ( 1.2.3.4":               "f:4: a parenthesis is not closed",
		soa + "x A 1.2.3.4 )":               "f:4: a closing parenthesis",
		soa + "\n\nx TXT \"a\nb\"":          "f:6: a quotation mark is not closed",
		soa + "x TXT \"a":                   "f:4: a quotation mark is not closed",
		soa + "x TXT a\\\n":                 "f:4: a backslash ends a line",
		soa + "a..b A 1.2.3.4":              "f:4: name \"a..b\": empty label",
		soa + "$TTL":                        "f:4: $TTL with 0 words",
		soa + "$GENERATE 1-2 a A b":         "f:4: $GENERATE with 4 words",
		soa + "$INCLUDE x":                  "f:4: $INCLUDE x: a zone that is not read from a file cannot include one",
		" A 1.2.3.4":                        "f:1: there is no name yet",
		"x. A 1.2.3.4":                      "f:1: there is no TTL",
		"x A 1.2.3.4":                       "f:1: name \"x\": relative",
	} {
		_, err := Parse("f", text, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		var e *ParseError
		if strings.HasPrefix(want, "f:") && want[2] != ' ' && !errors.As(err, &e) {
			t.Errorf("%q: error of type %T", text, err)
		}
	}
}

func TestInclude(t *testing.T) {
	files := map[string]string{
		"hosts":  "h A 192.0.2.1\n$ORIGIN elsewhere.\n",
		"bad":    "\nx FOO\n",
		"cycle":  "$INCLUDE cycle\n",
		"absent": "",
	}
	parse := func(text string) (*Zone, error) {
		return Parse("main", "$ORIGIN example.\n@ 1 SOA a b 1 2 3 4 5\n@ NS a\n"+text, Options{Include: func(file string) (string, error) {
			if text := files[file]; text != "" {
				return text, nil
			}
			return "", errors.New("no such file")
		}})
	}
	z, err := parse("$INCLUDE hosts\n$INCLUDE hosts sub\n  TXT the-apex-again\nz TXT origin-is-kept")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"h.example. A", "h.sub.example. A", "example. TXT", "z.example. TXT"} {
		owner, of, _ := strings.Cut(name, " ")
		typ, _ := message.ParseType(of)
		if r := z.Lookup([]byte(wire(t, owner)), typ); r.Kind != Records {
			t.Errorf("%s: %s", name, found(r))
		}
	}
	for text, want := range map[string]string{
		"$INCLUDE bad":                         "bad:2: ",
		"$INCLUDE absent":                      "main:4: $INCLUDE: no such file",
		"$INCLUDE cycle":                       "cycle:1: $INCLUDE cycle: more than 8 files deep",
		"$INCLUDE hosts a..b":                  "main:4: name",
		strings.Repeat("$INCLUDE hosts\n", 65): "main:68: $INCLUDE hosts: more than 8 files deep, or more than 64",
	} {
		if _, err := parse(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.30s: %v, want %s", text, err, want)
		}
	}
}

// FuzzZone: whatever is taken for a zone answers every question, and its records can be written and read again.
func FuzzZone(f *testing.F) {
	f.Add(example)
	f.Add("$ORIGIN x.\n@ 1 SOA . . (1 2\n3 4 5)\n@ NS *.a.b\n*.a CNAME \\000.c\na.c NS .")
	f.Add("@ 5 SOA a b 1 2 3 4 5\n  NS a\n")
	f.Fuzz(func(t *testing.T, text string) {
		z, err := Parse("f", text, Options{Origin: "\x07example\x00", Include: func(string) (string, error) { return text, nil }})
		if err != nil {
			return
		}
		var again strings.Builder
		n := 0
		for c := z.Cursor(); ; n++ {
			r, ok := c.Next()
			if !ok {
				break
			}
			if n < z.Len() {
				fmt.Fprintf(&again, "%s\n", r.String())
			}
			for _, name := range []message.Name{r.Name.Lower(), "\x01x" + r.Name.Lower()} {
				if len(name) <= 255 {
					if got := z.Lookup([]byte(name), r.Type); got.Kind == Records && got.Set == nil {
						t.Errorf("%s: %+v", name, got)
					}
				}
			}
		}
		z2, err := Parse("again", again.String(), Options{})
		if err != nil || z2.Len() != z.Len() {
			t.Errorf("%v: the zone became\n%s", err, again.String())
		}
	})
}
