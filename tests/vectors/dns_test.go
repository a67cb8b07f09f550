package vectors

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/tests/vectors/report"
)

func init() {
	players["dns-message"] = dnsMessageScript
	players["dns-name"] = dnsNameScript
}

// dnsMessageScript plays the codec of module dns with a message.
func dnsMessageScript(c *testCase) (*script, error) {
	if c.Role != "codec" || len(c.Setup) > 0 {
		return nil, fmt.Errorf("role %q with setup %v cannot be played", c.Role, c.Setup)
	}
	s := &script{module: reportModule, config: map[string]string{"report": c.Protocol}, want: observed{}}
	expect := map[string]any{}
	for what, raw := range c.Expect {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, fmt.Errorf("expectation %s: %w", what, err)
		}
		expect[what], s.want[what] = value, jsonText(value)
	}
	known := []string{"close", "error", "reencodes_identically", "id", "qr", "opcode", "aa", "tc", "rd", "ra", "ad", "cd", "rcode",
		"queries", "answers", "authority", "additional"}
	for _, what := range slices.Sorted(maps.Keys(expect)) {
		if !slices.Contains(known, what) {
			return nil, fmt.Errorf("expectation %q cannot be checked for %s", what, c.Protocol)
		}
	}
	if _, fails := expect["error"]; !fails {
		s.want["error"] = jsonText("")
	}
	s.observe = func(printed string, _ []byte, closed bool, _ [2]string) observed {
		var m report.DNSMessage
		lastReport(printed, &m)
		got := observed{"close": jsonText(closed), "error": jsonText(m.Error), "reencodes_identically": jsonText(m.Identical)}
		for what, n := range map[string]int{"id": m.ID, "qr": m.QR, "opcode": m.Opcode, "aa": m.AA, "tc": m.TC, "rd": m.RD, "ra": m.RA,
			"ad": m.AD, "cd": m.CD, "rcode": m.RCode} {
			got[what] = jsonText(n)
		}
		for what, section := range map[string][]report.DNSRecord{"queries": m.Queries, "answers": m.Answers, "authority": m.Authority,
			"additional": m.Additional} {
			got[what] = asExpected(expect[what], section)
		}
		return got
	}
	return s, nil
}

// dnsNameScript plays it with names one after another.
func dnsNameScript(c *testCase) (*script, error) {
	s := &script{module: reportModule, config: map[string]string{"report": c.Protocol, "start_offset": "0"}, want: observed{}}
	for key, value := range c.Setup {
		offset, ok := value.(float64)
		if key != "start_offset" || !ok {
			return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
		}
		s.config[key] = strconv.Itoa(int(offset))
	}
	names := -1 // as many as there are
	for what, raw := range c.Expect {
		var value any
		if err := json.Unmarshal(raw, &value); err != nil {
			return nil, fmt.Errorf("expectation %s: %w", what, err)
		}
		if !slices.Contains([]string{"close", "error", "names", "offsets_after"}, what) {
			return nil, fmt.Errorf("expectation %q cannot be checked for %s", what, c.Protocol)
		}
		if list, ok := value.([]any); ok {
			names = len(list)
		}
		s.want[what] = jsonText(value)
	}
	s.observe = func(printed string, _ []byte, closed bool, _ [2]string) observed {
		got := report.DNSNames{}
		lastReport(printed, &got)
		if names >= 0 && names < len(got.Names) { // what is behind them is not asked for
			got.Names, got.Offsets = got.Names[:names], got.Offsets[:names]
		}
		return observed{"close": jsonText(closed), "error": jsonText(got.Error), "names": jsonText(got.Names), "offsets_after": jsonText(got.Offsets)}
	}
	return s, nil
}

// lastReport reads the last of the reports printed, which is that of all the bytes.
func lastReport(printed string, to any) {
	for line := range strings.Lines(printed) {
		if text, ok := strings.CutPrefix(line, "dns "); ok {
			if err := json.Unmarshal([]byte(text), to); err != nil {
				panic(err) // package report has written it
			}
		}
	}
}

// jsonText writes a value so that equal ones are equal: members of objects in order, all numbers alike.
func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it comes from JSON
	}
	return string(text)
}

// asExpected describes a section in the terms of what is expected of it: each of its items is an object of which only
// the members that are expected count.
func asExpected(expected any, section []report.DNSRecord) string {
	items, _ := expected.([]any)
	described := []any{}
	for i, r := range section {
		have := members(r)
		item := map[string]any{}
		if i < len(items) {
			wanted, _ := items[i].(map[string]any)
			for key, value := range wanted {
				item[key] = choose(value, have[key])
			}
		} else {
			for key, values := range have {
				item[key] = values[0]
			}
		}
		described = append(described, item)
	}
	return jsonText(described)
}

// choose returns the one of several ways to write the same that is wanted, or else the first.
func choose(wanted any, ways []any) any {
	for _, way := range ways {
		if jsonText(way) == jsonText(wanted) {
			return way
		}
	}
	if len(ways) == 0 {
		return nil
	}
	return ways[0]
}

// otherNames are the reference's names for fields of data that have other names in the RFCs.
var otherNames = map[string]string{"services": "service", "fptype": "fingerprintType", "exchange": "mx"}

// members are what can be said of a record, each in the ways it may be written: its data as a whole under the name of
// its type, as text and as a list or an object of its fields, and each field.
func members(r report.DNSRecord) map[string][]any {
	all := map[string][]any{"name": {r.Name}, "type": {r.Type, r.TypeName}, "cls": {r.Class}, "class": {r.Class}, "ttl": {r.TTL},
		"rdata": {r.Data}, "payload": {r.Data}, "data": {r.Data}, "rdlength": {len(r.Data) / 2}}
	object, list, texts := map[string]any{}, []any{}, []string{}
	for i := 0; i+1 < len(r.Fields); i += 2 {
		name, ways := r.Fields[i], fieldWays(r.Fields[i+1])
		for _, key := range []string{name, otherNames[name]} {
			if key != "" {
				all[key] = append(all[key], ways...)
			}
		}
		object[name] = ways[0]
		list = append(list, ways[0])
		texts = append(texts, fmt.Sprint(ways[0]))
	}
	kind := strings.ToLower(r.TypeName)
	all[kind] = append(all[kind], strings.Join(texts, " "), list, object)
	if len(list) == 1 {
		all[kind] = append([]any{list[0]}, all[kind]...)
	}
	return all
}

// fieldWays are the ways to write one field: a number as such, a name without its last dot, character strings as a list
// and, if there is one, by itself, each in plain text or in hexadecimal.
func fieldWays(text string) []any {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return []any{n}
	}
	if !strings.HasPrefix(text, `"`) {
		return []any{strings.TrimSuffix(text, "."), text}
	}
	plain, hex := []string{}, []string{}
	for _, part := range strings.Split(text, `" "`) {
		part = strings.Trim(part, `"`)
		if s, err := strconv.Unquote(`"` + part + `"`); err == nil {
			part = s
		}
		plain, hex = append(plain, part), append(hex, fmt.Sprintf("%x", part))
	}
	ways := []any{plain, hex}
	if len(plain) == 1 {
		ways = append([]any{plain[0], hex[0]}, ways...)
	}
	return ways
}
