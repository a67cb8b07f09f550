package abi_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func spec(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section returns the text under the first heading that begins with title, up to the next "## " heading.
func section(t *testing.T, title string) string {
	t.Helper()
	_, rest, ok := strings.Cut(spec(t), "\n## "+title)
	if !ok {
		t.Fatalf("SPEC.md has no section %q", title)
	}
	body, _, _ := strings.Cut(rest, "\n## ")
	return body
}

// signature writes f as SPEC.md does: i32 is left out, a missing result is nothing.
func signature(f abi.Func) string {
	var params []string
	for _, p := range f.Params {
		if p.Type == abi.I32 {
			params = append(params, p.Name)
		} else {
			params = append(params, p.Name+": "+p.Type.String())
		}
	}
	s := "(" + strings.Join(params, ", ") + ")"
	if len(f.Results) == 1 {
		s += " -> " + f.Results[0].String()
	}
	return s
}

func TestSpecGivesEverySignature(t *testing.T) {
	life, events, imports := section(t, "2."), section(t, "3."), section(t, "4.")
	for e, f := range abi.Events {
		row := fmt.Sprintf("| `%s` | `%s` |", f.Name, signature(f))
		text := events
		if abi.Event(e) <= abi.Stop {
			text = life
		}
		if n := strings.Count(text, row); n != 1 {
			t.Errorf("event %s: %d rows %q, want 1", f.Name, n, row)
		}
	}
	for _, f := range abi.Imports {
		row := fmt.Sprintf("| `%s` | `%s` |", f.Name, signature(f))
		if n := strings.Count(imports, row); n != 1 {
			t.Errorf("import %s: %d rows %q, want 1", f.Name, n, row)
		}
	}
}

// The other direction: SPEC.md names no function that the constants do not have.
func TestSpecNamesNoUnknownFunction(t *testing.T) {
	known := map[string]bool{}
	for _, f := range slices.Concat(abi.Events[:], abi.Imports) {
		known[f.Name] = true
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| `\\(")
	found := row.FindAllStringSubmatch(spec(t), -1)
	if len(found) != len(known) {
		t.Errorf("SPEC.md has %d functions, the constants have %d", len(found), len(known))
	}
	for _, m := range found {
		if !known[m[1]] {
			t.Errorf("SPEC.md names %s, the constants do not", m[1])
		}
	}
}

func TestSpecGivesEveryNumber(t *testing.T) {
	for _, c := range []struct {
		title   string
		numbers []abi.Named
		form    string // of a row or phrase, with the name and the number
	}{
		{"5.", abi.Codes, "| `%s` | %d |"},
		{"5.", abi.Reasons, "| `%s` | %d |"},
		{"4.", abi.InfoKeys, "| `%s` | %d |"},
		{"4.", abi.Options, "| `%s` | %d |"},
		{"4.", abi.LogLevels, "`%s` "},
		{"4.", abi.Clocks, "`%s` (%d)"},
		{"4.", abi.MetricKinds, "`%s` %d"},
		{"4.", abi.Producers, "`%s` (%d"},
	} {
		text := section(t, c.title)
		for _, n := range c.numbers {
			want := fmt.Sprintf(c.form, n.Name, n.Value)
			if !strings.Contains(c.form, "%d") {
				want = fmt.Sprintf(c.form, n.Name)
			}
			if !strings.Contains(text, want) {
				t.Errorf("section %s does not say %q", c.title, want)
			}
		}
	}
}

func TestSpecNamesTheModules(t *testing.T) {
	text := spec(t)
	for _, name := range []string{abi.Version, abi.WASI, abi.ManifestSection, abi.Memory, strconv.Itoa(abi.MinReceiveBuffer),
		strconv.Itoa(abi.WaitDescriptor)} {
		if !strings.Contains(text, name) {
			t.Errorf("SPEC.md does not mention %q", name)
		}
	}
}

func TestNumbersAreInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		list []abi.Named
		step int32
	}{
		"Codes": {abi.Codes, -1}, "Reasons": {abi.Reasons, 1}, "InfoKeys": {abi.InfoKeys, 1}, "Options": {abi.Options, 1},
		"LogLevels": {abi.LogLevels, 1}, "Clocks": {abi.Clocks, 1}, "MetricKinds": {abi.MetricKinds, 1},
		"Producers": {abi.Producers, 1},
	} {
		next := c.list[0].Value
		for _, n := range c.list {
			if n.Value != next {
				t.Errorf("%s: %s is %d, want %d", name, n.Name, n.Value, next)
			}
			if n.Doc == "" {
				t.Errorf("%s: %s has no text", name, n.Name)
			}
			next += c.step
		}
	}
	for e, f := range abi.Events {
		if f.Name == "" || f.Doc == "" || abi.Event(e).String() != f.Name {
			t.Errorf("event %d has no name or no text", e)
		}
	}
}

func TestReasonsAreTheProtocolsReasons(t *testing.T) {
	for name, r := range map[string]protocol.Reason{
		"DONE":          protocol.ErrConnectionDone,
		"LOST":          protocol.ErrConnectionLost,
		"ABORTED":       protocol.ErrConnectionAborted,
		"REFUSED":       protocol.ErrConnectionRefused,
		"TIMEOUT":       protocol.ErrTimeout,
		"DNS":           protocol.ErrDNSLookup,
		"NO_ROUTE":      protocol.ErrNoRoute,
		"BIND":          protocol.ErrConnectBind,
		"CANNOT_LISTEN": protocol.ErrCannotListen,
		"TLS":           protocol.ErrTLS,
		"CANCELLED":     protocol.ErrConnectingCancelled,
		"IDLE":          protocol.ErrIdle,
		"LIMIT":         protocol.ErrLimit,
		"SHUTDOWN":      protocol.ErrShutdown,
		"DENIED":        protocol.ErrDenied,
		"RELOADED":      protocol.ErrReloaded,
	} {
		i := slices.IndexFunc(abi.Reasons, func(n abi.Named) bool { return n.Name == name })
		if i < 0 || abi.Reasons[i].Value != int32(r) {
			t.Errorf("%s is %d natively, want entry %d of abi.Reasons", name, int32(r), i)
		}
	}
	if next := protocol.Reason(len(abi.Reasons)); next.Error() != fmt.Sprintf("reason %d", next) {
		t.Errorf("protocol has a reason %d (%v) that abi.Reasons lacks", int32(next), next)
	}
}

func TestCodesAreErrors(t *testing.T) {
	for _, n := range abi.Codes {
		if got := abi.Code(n.Value).Error(); got != n.Doc {
			t.Errorf("%s: %q, want %q", n.Name, got, n.Doc)
		}
	}
	if got := abi.Code(-99).Error(); got != "unknown error code" {
		t.Errorf("unlisted code: %q", got)
	}
}
