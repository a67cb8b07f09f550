//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// full is a report with everything that is drawn.
func full() *report {
	r := &report{Machine: "a <machine> & more", Started: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Rounds: 3, Window: time.Second, Settle: asleepAfter}
	for _, conns := range []float64{1, 64, 1000} {
		b := block{Workload: "echo 64 B, " + count(conns) + " connections", Peer: "net", Series: "echo 64 B", X: conns, Axis: "connections"}
		for i, name := range []string{"net", "C epoll", "sandbox C", "sandbox Go"} {
			v := 10000 + 1000*float64(i) + conns
			b.Rows = append(b.Rows, row{Subject: name, Spread: map[string]float64{cpuPerUnit: 0.05}, Median: map[string]float64{
				cpuPerUnit: v, systemShare: 0.5, perSecond: 1e9 / v, p50: v, p90: 2 * v, p99: 3 * v, p999: 4 * v, p9999: 5 * v}})
		}
		b.Rows = append(b.Rows, row{Subject: "Twisted", Absent: "not <installed>\nsecond line"})
		b.ratios()
		r.Blocks = append(r.Blocks, b)
	}
	for _, conns := range []float64{1000, 10000} {
		b := block{Workload: idlePrefix + count(conns) + " connections", Peer: "net", Series: "idle memory", X: conns, Axis: "connections", Rows: []row{
			{Subject: "net", Median: map[string]float64{perConn: 8 << 10}}, {Subject: "C epoll", Median: map[string]float64{perConn: 0}},
			{Subject: "sandbox C", Median: map[string]float64{perConn: 6000}},
		}}
		b.ratios()
		r.Blocks = append(r.Blocks, b)
	}
	r.Blocks = append(r.Blocks, block{Workload: "metering", Peer: "stock wazero", Rows: []row{
		{Subject: "stock wazero", Median: map[string]float64{"tight": 100, "hash": 100}}, {Subject: "wasmnet", Median: map[string]float64{"tight": 9000, "hash": 110}},
	}}, block{Workload: "all absent", Peer: "net", Rows: []row{{Subject: "net", Absent: "why"}}})
	return r
}

func render(t *testing.T, r *report) string {
	t.Helper()
	var b strings.Builder
	if err := r.html(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPageIsWellFormed(t *testing.T) {
	for name, r := range map[string]*report{"full": full(), "empty": {}} {
		d := xml.NewDecoder(strings.NewReader(render(t, r)))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestPageNeedsNothingElse(t *testing.T) {
	text := render(t, full())
	if m := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|@import|url\(|\bsrc=|https?://|href="[^#]`).FindString(text); m != "" {
		t.Errorf("the page has %q", m)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !ids[m[1]] {
			t.Errorf("nothing has the id %s, which is linked to", m[1])
		}
	}
	// A class without a style would be drawn black, on either ground.
	for _, m := range regexp.MustCompile(`<g class="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		for class := range strings.FieldsSeq(m[1]) {
			if !regexp.MustCompile(`\.` + class + `\b`).MatchString(text) {
				t.Errorf("class %s has no style", class)
			}
		}
	}
}

func TestPageHasThePlots(t *testing.T) {
	r := full()
	text := render(t, r)
	for _, want := range []string{
		"a &lt;machine&gt; &amp; more",
		`aria-label="resident memory of the server for each connection by connections"`,
		`aria-label="processor time of the server for each unit of work by connections"`,
		`aria-label="latency by share of the units that are at least as fast"`,
		`aria-label="echo 64 B, 64 connections: cpu/unit"`,
		`aria-label="metering: hash"`,
		"time for each unit of work", // of the glance's text
		"the tightest possible loop, on a logarithmic scale",
		"sandbox C: 12.1µs at 64",
		"sandbox C: 1.20x of what net takes",
		"absent: not &lt;installed&gt;",
		"<dt>C epoll</dt>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if strings.Contains(text, "second line") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("the page holds what it should not")
	}
}

func TestEverybodyIsIntroduced(t *testing.T) {
	for _, w := range workloads(options{window: time.Second, settle: time.Second, most: 1e6, slow: true}, certificate{"key", "cert"}) {
		for _, s := range w.subjects {
			if describe(s.name) == "" {
				t.Errorf("%s: nobody says who %q is (see about.go)", w.name, s.name)
			}
		}
	}
	if got := describe("sandbox C, 2 loops"); got != about["sandbox C"]+"; 2 loops" {
		t.Errorf("a subject with a setting is %q", got)
	}
	if describe("stranger") != "" || describe("stranger, 2 loops") != "" {
		t.Error("a stranger is known")
	}
	for _, column := range columnOrder {
		if columnTitles[column] == "" {
			t.Errorf("nobody says what column %q holds (see about.go)", column)
		}
	}
}

func TestAxesHaveRoundNumbers(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		binary    bool
		want      []float64
	}{
		{12, 180, false, []float64{10, 20, 50, 100, 200}},
		{10, 100, false, []float64{10, 20, 50, 100}},
		{7, 7, false, []float64{5, 10}},
		{3, 9e6, false, []float64{1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7}},
		{900, 5000, true, []float64{512, 1024, 2048, 4096, 8192}},
	} {
		got := logTicks(test.low, test.high, test.binary)
		if !slices.EqualFunc(got, test.want, func(a, b float64) bool { return a/b > 0.999 && a/b < 1.001 }) {
			t.Errorf("from %v to %v: %v, want %v", test.low, test.high, got, test.want)
		}
	}
}

func TestAChartIsInItsFrame(t *testing.T) {
	c := chart{title: "t", axis: "a", x: count, y: duration, lines: []line{{name: "l", points: [][2]float64{{1, 10}, {64, 999}, {1000, 123456}, {10000, 0}}}}}
	text := string(c.svg())
	circles := regexp.MustCompile(`<circle cx="([0-9.]+)" cy="([0-9.]+)" r="3"><title>`).FindAllStringSubmatch(text, -1)
	if len(circles) != 3 {
		t.Fatalf("%d points, want the 3 that a logarithm has a place for", len(circles))
	}
	var first, last, firstY, lastY float64
	for i, to := range []*float64{&first, &firstY} {
		if _, err := fmt.Sscan(circles[0][1+i], to); err != nil {
			t.Fatal(err)
		}
	}
	for i, to := range []*float64{&last, &lastY} {
		if _, err := fmt.Sscan(circles[2][1+i], to); err != nil {
			t.Fatal(err)
		}
	}
	if first != left || last != width-right || firstY > height-foot || lastY < top || firstY <= lastY {
		t.Errorf("the points are at %v", circles)
	}
	if (chart{lines: []line{{points: [][2]float64{{1, 1}}}}}).svg() != "" {
		t.Error("a single point is a chart")
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -0.4: "0", -4321: "-4,321"} {
		if got := count(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{0.00123: "0.0012x", 0.094: "0.094x", 0.5: "0.50x", 12.345: "12.35x", 401.7: "402x"} {
		if got := times(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
