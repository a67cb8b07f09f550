package amp

import (
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"
)

// wire checks both directions of an argument, and what it refuses. The texts are those of Twisted.
func wire[T any](t *testing.T, name string, a Argument[T], values map[string]T, alsoRead map[string]T, refused ...string) {
	t.Helper()
	for text, value := range values {
		if got, err := a.Append([]byte("x"), value); string(got) != "x"+text || err != nil {
			t.Errorf("%s: %v is sent as %q, %v, want %q", name, value, got[1:], err, text)
		}
	}
	for _, list := range []map[string]T{values, alsoRead} {
		for text, value := range list {
			if got, err := a.Parse([]byte(text)); !reflect.DeepEqual(got, value) || err != nil {
				t.Errorf("%s: %q is read as %v, %v, want %v", name, text, got, err, value)
			}
		}
	}
	for _, text := range refused {
		if got, err := a.Parse([]byte(text)); err == nil {
			t.Errorf("%s: %q is read as %v", name, text, got)
		}
	}
}

func TestArguments(t *testing.T) {
	wire(t, "Integer", Integer, map[string]int64{"0": 0, "-7": -7, "9223372036854775807": math.MaxInt64},
		map[string]int64{" 5\n": 5, "+5": 5, "1_000": 1000, "007": 7},
		"", " ", "x", "1.0", "0x10", "1__0", "_1", "1_", "9223372036854775808", "5\x00", "- 5")
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	wire(t, "BigInteger", BigInteger, map[string]*big.Int{huge.String(): huge}, map[string]*big.Int{"+1_0": big.NewInt(10)},
		"", "0x10", "1e3", strings.Repeat("1", 4301))
	wire(t, "Float", Float, map[string]float64{"0.3333333333333333": 1.0 / 3, "5.0": 5, "1e+16": 1e16, "1000000000000000.0": 1e15,
		"1e-05": 1e-5, "0.0001": 1e-4, "-0.0": math.Copysign(0, -1), "1e+300": 1e300, "inf": math.Inf(1), "-inf": math.Inf(-1)},
		map[string]float64{" 1_0.5 ": 10.5, "1e999": math.Inf(1), "-Infinity": math.Inf(-1)}, "", "x", "0x1p4", "1_.5", "1.5.")
	wire(t, "Boolean", Boolean, map[string]bool{"True": true, "False": false}, nil, "", "true", "1")
	wire(t, "String", String, map[string][]byte{"": {}, "\x00\xff": {0, 255}}, nil)
	wire(t, "Unicode", Unicode, map[string]string{"": "", "∀": "∀"}, nil, "\xff")
	wire(t, "Path", Path, map[string]string{"/tmp/ä": "/tmp/ä"}, nil, "a\x00b", "\xff")
	wire(t, "Decimal", Decimal, map[string]DecimalNumber{"1.50": "1.50", "-1.5E+2": "-1.5E+2", "NaN": "NaN", "-sNaN": "-sNaN",
		"Infinity": "Infinity"}, nil, "", "x", "1.5.", "E5", "1e", "0x1", "1e9999999999999999999")
	wire(t, "DateTime", DateTime, map[string]time.Time{
		"2012-01-23T12:34:56.054321-01:23": time.Date(2012, 1, 23, 12, 34, 56, 54321000, time.FixedZone("", -83*60)),
		"0999-12-31T23:59:59.000000+05:30": time.Date(999, 12, 31, 23, 59, 59, 0, time.FixedZone("", 330*60)),
		"2012-01-23T12:34:56.054321-00:00": time.Date(2012, 1, 23, 12, 34, 56, 54321000, time.UTC),
	}, nil, "", "2012-01-23T12:34:56", "2012-13-23T12:34:56.054321-01:23", "2012-01-23 12:34:56.054321-01:23")
	wire(t, "ListOf", ListOf(Integer), map[string][]int64{"": {}, "\x00\x011\x00\x02-2": {1, -2}}, nil,
		"\x00", "\x00\x02", "\x00\x01x", "\x00\x011\x00")
	type pair struct {
		A int64
		B *string
	}
	fields := Fields[pair]{
		Required("a", Integer, func(p *pair) *int64 { return &p.A }),
		Optional("b", Unicode, func(p *pair) **string { return &p.B }),
	}
	hello := "hello"
	wire(t, "AmpList", AmpList(fields), map[string][]pair{
		"": {},
		"\x00\x01a\x00\x017\x00\x01b\x00\x05hello\x00\x00\x00\x01a\x00\x019\x00\x00": {{7, &hello}, {9, nil}},
	}, nil, "\x00", "\x00\x00", "\x00\x01a\x00\x01x\x00\x00", "\x00\x01a\x00\x017")
	if got, err := Float.Parse([]byte("nan")); err != nil || !math.IsNaN(got) {
		t.Errorf("nan is read as %v, %v", got, err)
	}
}

func TestArgumentsThatCannotBeSent(t *testing.T) {
	far := time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)
	_, list := ListOf(String).Append(nil, [][]byte{make([]byte, 65536)})
	_, unicode := Unicode.Append(nil, "\xff")
	_, path := Path.Append(nil, "a\x00")
	_, integer := BigInteger.Append(nil, nil)
	_, decimal := Decimal.Append(nil, "one")
	_, date := DateTime.Append(nil, far)
	for name, err := range map[string]error{
		"list": list, "unicode": unicode, "path": path, "integer": integer, "decimal": decimal, "date": date,
	} {
		if err == nil {
			t.Errorf("%s: is sent", name)
		}
	}
}

func TestDecimalValue(t *testing.T) {
	for text, want := range map[DecimalNumber]string{"1.50": "3/2", "-1E-2": "-1/100", "7": "7/1"} {
		if r, ok := text.Rat(); !ok || r.String() != want {
			t.Errorf("%s: %v, %v, want %s", text, r, ok, want)
		}
	}
	for _, text := range []DecimalNumber{"NaN", "Infinity", "1E99999", "x"} {
		if r, ok := text.Rat(); ok {
			t.Errorf("%s: %v", text, r)
		}
	}
}

func FuzzArguments(f *testing.F) {
	f.Add([]byte("1"))
	f.Add([]byte("1_0.5e-7"))
	f.Add([]byte("\x00\x011\x00\x02-2"))
	f.Add([]byte("2012-01-23T12:34:56.054321-01:23"))
	f.Fuzz(func(t *testing.T, text []byte) {
		roundTrip(t, "Integer", Integer, text)
		roundTrip(t, "Float", Float, text)
		roundTrip(t, "Decimal", Decimal, text)
		roundTrip(t, "DateTime", DateTime, text)
		roundTrip(t, "ListOf", ListOf(Integer), text)
	})
}

// roundTrip checks that what was read is written and read again as the same.
func roundTrip[T any](t *testing.T, name string, a Argument[T], text []byte) {
	value, err := a.Parse(text)
	if err != nil {
		return
	}
	sent, err := a.Append(nil, value)
	if err != nil {
		t.Fatalf("%s %q: %v", name, text, err)
	}
	again, err := a.Parse(sent)
	if err != nil {
		t.Fatalf("%s %q: sent as %q: %v", name, text, sent, err)
	}
	if twice, err := a.Append(nil, again); string(twice) != string(sent) || err != nil {
		t.Errorf("%s %q: sent as %q and then %q, %v", name, text, sent, twice, err)
	}
}
