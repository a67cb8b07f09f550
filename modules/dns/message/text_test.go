package message

import (
	"strings"
	"testing"
)

// The data of every type is written as it was read, and in the form of RFC 3597 means the same.
func TestDataInText(t *testing.T) {
	for _, text := range []string{
		"A 192.0.2.1", "AAAA 2001:db8::1", "NS a.example.", "CNAME .", "PTR a.example.", "MD a.", "MF a.", "MB a.", "MG a.", "MR a.",
		"SOA a. b. 4294967295 1 2 3 4", "MX 65535 a.", `TXT "a" "" "\"\\\000;"`, "SRV 1 2 3 a.", `CAA 128 issue "ca; x=\"1\""`,
		`HINFO "cpu" "os"`, "MINFO a. b.", "RP a. b.", "AFSDB 1 a.", `NAPTR 1 2 "S" "" "!x!" a.`, "DNAME a.",
		"DS 1 2 3 0123ABCD", "SSHFP 1 2 AB", "TLSA 3 1 1 ABCDEF", "DNSKEY 257 3 13 AQIDBA==", `SPF "v=spf1"`, "DS 1 2 3",
		`TYPE65280 \# 3 ABCDEF`, `NULL \# 0`,
	} {
		words := split(text)
		of, ok := ParseType(words[0].Text)
		if !ok {
			t.Errorf("%s: no such type", text)
			continue
		}
		d, err := ParseData(of, words[1:], "")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		r := Record{Root, of, ClassIN, 0, d}
		if got := strings.TrimSpace(of.String() + " " + r.Text()); !strings.EqualFold(got, text) {
			t.Errorf("%s became %s", text, got)
		}
		if err := CheckData(of, d); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		opaque := Record{Root, 65280, ClassIN, 0, d}
		if again, err := ParseData(of, split(opaque.Text()), ""); err != nil || again != d {
			t.Errorf("%s as %s became %x, %v", text, opaque.Text(), again, err)
		}
	}
}

// split cuts text at blanks that do not stand in quotation marks.
func split(text string) []Token {
	var all []Token
	for i, part := range strings.Split(strings.ReplaceAll(text, `\"`, `\034`), `"`) {
		if i%2 == 1 {
			all = append(all, Token{part, true})
			continue
		}
		for _, word := range strings.Fields(part) {
			all = append(all, Token{Text: word})
		}
	}
	return all
}

func TestWrongDataInText(t *testing.T) {
	for text, want := range map[string]string{
		"A":                               "address is missing",
		"A 1.2.3":                         "want an IPv4 address",
		"A ::1":                           "want an IPv4 address",
		"AAAA 1.2.3.4":                    "want an IPv6 address",
		"AAAA fe80::1%eth0":               "want an IPv6 address",
		"A 1.2.3.4 5":                     `"5" is too much`,
		"MX 65536 a.":                     "want a number of 16 bits",
		"MX -1 a.":                        "want a number of 16 bits",
		"NS relative":                     "there is no origin",
		"SOA a. b. 1 2 3 4 1y":            "want seconds, or a time like 1h30m",
		"TXT":                             "data is missing",
		"TXT " + strings.Repeat("a", 256): "longer than 255 bytes",
		`TXT \999`:                        "not a byte",
		"CAA 0 is-sue x":                  "want letters and digits",
		"DS 1 2 3 xyz":                    "invalid byte",
		"DNSKEY 1 2 3 !":                  "illegal base64",
		`A \# 3 010203`:                   "does not have the form",
		`A \# 4 010203`:                   "3 bytes follow, and the length says 4",
		`A \#`:                            "the length is missing",
		`A \# x`:                          "not a length",
		`A \# 2 0`:                        "odd length",
		"TYPE65280 abc":                   "LENGTH HEXADECIMAL",
		"NSEC a. A":                       "LENGTH HEXADECIMAL",
	} {
		words := split(text)
		of, _ := ParseType(words[0].Text)
		if d, err := ParseData(of, words[1:], ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s became %x, %v, want an error with %q", text, d, err, want)
		}
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]uint32{"0": 0, "300": 300, "1h30m": 5400, "1W2D": 777600, "2147483647": MaxTTL, "5s": 5} {
		if got, err := ParseTTL(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "h", "1x", "1h30", "2147483648", "99999999999999999999999", "3551w", "-1", "1 "} {
		if got, err := ParseTTL(text); err == nil {
			t.Errorf("%q became %d", text, got)
		}
	}
}

func TestTypesAndClasses(t *testing.T) {
	for text, want := range map[string]Type{"a": TypeA, "Cname": TypeCNAME, "TYPE1": TypeA, "type65535": 65535} {
		if got, ok := ParseType(text); !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "B", "TYPE", "TYPE65536", "TYPE-1"} {
		if got, ok := ParseType(text); ok {
			t.Errorf("%s became %v", text, got)
		}
	}
	if c, ok := ParseClass("class4"); !ok || c != ClassHS || Class(9).String() != "CLASS9" || Type(9999).String() != "TYPE9999" ||
		RCode(9).String() != "RCODE9" || BadVersion.String() != "BADVERS" {
		t.Error("numbers and names do not agree")
	}
}
