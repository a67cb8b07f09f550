//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sample is a report with one block of two subjects.
func sample(workload, column string, peer, mine float64) *report {
	b := block{Workload: workload, Peer: "reactor", Rows: []row{
		{Subject: "reactor", Median: map[string]float64{column: peer}, Spread: map[string]float64{column: 0.02}},
		{Subject: "sandbox C", Median: map[string]float64{column: mine}, Spread: map[string]float64{column: 0.03}},
		{Subject: "sandbox Go", Absent: "exit status 2\nand more"},
	}}
	b.ratios()
	return &report{Machine: "a machine", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Rounds: 3, Window: time.Second, Settle: asleepAfter,
		Blocks: []block{b}}
}

func TestGoalsAreJudged(t *testing.T) {
	for _, test := range []struct {
		name          string
		goal          goal
		peer, mine    float64
		value, spread float64
		text, wanted  string
		met           bool
	}{
		{"ratio at its bound", goal{column: cpuPerUnit, peer: "reactor", relation: ratio, bound: 1.25, most: true}, 400, 500, 1.25, 0.0625, "1.25", "≤ 1.25", true},
		{"ratio above its bound", goal{column: cpuPerUnit, peer: "reactor", relation: ratio, bound: 1.2, most: true}, 400, 500, 1.25, 0.0625, "1.25", "≤ 1.20", false},
		{"throughput", goal{column: perSecond, peer: "reactor", relation: ratio, bound: 0.95}, 1000, 900, 0.9, 0.045, "0.90", "≥ 0.95", false},
		{"times less", goal{column: perUnit, peer: "reactor", relation: timesLess, bound: 25}, 3000, 100, 30, 1.5, "30", "≥ 25", true},
		{"difference", goal{column: perConn, peer: "reactor", relation: difference, bound: 8 << 10, most: true}, 1024, 7 << 10, 6 << 10, 0.03*7168 + 0.02*1024,
			"6.0 KiB", "≤ 8.0 KiB", true},
		{"itself", goal{column: perUnit, bound: 1500, most: true}, 1, 2000, 2000, 60, "2µs", "≤ 1.50µs", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.goal.workload, test.goal.subject = "w", "sandbox C"
			got := test.goal.judge(sample("w", test.goal.column, test.peer, test.mine))
			if d := got.Spread - test.spread; got.Value != test.value || max(d, -d) > 1e-9 || got.Text != test.text || got.Wanted != test.wanted ||
				got.Met != test.met || got.Missing != "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	r := sample("w", cpuPerUnit, 1, 2)
	early := sample(idlePrefix+"1000 connections", perConn, 1, 2)
	early.Settle = 0
	for _, test := range []struct {
		name string
		r    *report
		goal goal
		want string
	}{
		{"no block", r, goal{workload: "other", subject: "sandbox C", column: cpuPerUnit}, "not measured"},
		{"no subject", r, goal{workload: "w", subject: "sandbox Rust", column: cpuPerUnit}, "sandbox Rust was not measured"},
		{"no column", r, goal{workload: "w", subject: "sandbox C", column: perSecond}, "sandbox C has no units/s"},
		{"absent subject", r, goal{workload: "w", subject: "sandbox Go", column: cpuPerUnit}, "sandbox Go is absent: exit status 2"},
		{"absent peer", r, goal{workload: "w", subject: "sandbox C", peer: "sandbox Go", column: cpuPerUnit, relation: ratio}, "sandbox Go is absent: exit status 2"},
		{"memory before guests sleep", early, goal{workload: idlePrefix + "1000 connections", subject: "sandbox C", column: perConn},
			"guests fall asleep within 3s, memory was read after 0s"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.goal.judge(test.r); got.Missing != test.want || got.Met || got.Text != "" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A workload or a subject that was given another name would leave its target unmeasured.
func TestTargetsAreAboutWhatIsMeasured(t *testing.T) {
	all := workloads(options{window: time.Second, settle: time.Second, most: 1e6, slow: true}, certificate{"key", "cert"})
	for _, target := range targets() {
		for _, g := range target.goals {
			i := slices.IndexFunc(all, func(w workload) bool { return w.name == g.workload })
			if i < 0 {
				t.Errorf("%s: there is no workload %q", target.work, g.workload)
				continue
			}
			has := func(name string) bool {
				return slices.ContainsFunc(all[i].subjects, func(s subject) bool { return s.name == name })
			}
			if !has(g.subject) || g.peer != "" && !has(g.peer) {
				t.Errorf("%s: workload %q does not have subjects %q and %q", target.work, g.workload, g.subject, g.peer)
			}
			if !slices.Contains(columnOrder, g.column) {
				t.Errorf("%s: there is no column %q", target.work, g.column)
			}
			if (g.peer == "") != (g.relation == itself) {
				t.Errorf("%s: peer %q, relation %d", target.work, g.peer, g.relation)
			}
		}
	}
}

func TestOutcomesInWords(t *testing.T) {
	c, golang := result{Name: "C", Text: "1.05", Value: 1.05, Spread: 0.021, Wanted: "≤ 1.10", Met: true}, result{Name: "Go", Text: "1.31", Value: 1.31, Wanted: "≤ 1.10"}
	missing := result{Name: "Go", Missing: "absent", Wanted: "≤ 1.20"}
	alone := result{Text: "112ms", Value: 112e6, Wanted: "≤ 60ms"}
	for _, test := range []struct {
		goals                 []result
		measured, wanted, met string
	}{
		{[]result{c}, "C 1.05 ±2%", "≤ 1.10", "yes"},
		{[]result{c, golang}, "C 1.05 ±2%, Go 1.31", "≤ 1.10", "no: Go"},
		{[]result{c, missing}, "C 1.05 ±2%, Go -", "C ≤ 1.10, Go ≤ 1.20", "not measured: Go"},
		{[]result{golang, missing}, "Go 1.31, Go -", "Go ≤ 1.10, Go ≤ 1.20", "no: Go; not measured: Go"},
		{[]result{alone}, "112ms", "≤ 60ms", "no"},
		{[]result{missing}, "Go -", "≤ 1.20", "not measured"},
	} {
		o := outcome{Goals: test.goals}
		if o.Measured() != test.measured || o.Wanted() != test.wanted || o.Met() != test.met {
			t.Errorf("%q, %q, %q; want %q, %q, %q", o.Measured(), o.Wanted(), o.Met(), test.measured, test.wanted, test.met)
		}
	}
}

func TestTableInMarkdown(t *testing.T) {
	dir := t.TempDir()
	r := sample("echo 64 B, 64 connections", cpuPerUnit, 400, 600)
	if err := r.save(dir); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(dir, "README.md")
	const text = "before\n" + tableBegins + "\nold\n" + tableEnds + "\nafter\n"
	if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for range 2 { // putting it there twice is putting it there once
		if err := insertTable(filepath.Join(dir, "results.json"), readme); err != nil {
			t.Fatal(err)
		}
		var err error
		if got, err = os.ReadFile(readme); err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile(filepath.Join(dir, "table.md"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "before\n" + tableBegins + "\n\n" + string(table) + "\n" + tableEnds + "\nafter\n"; string(got) != want {
		t.Errorf("README.md is %s, want %s", got, want)
	}
	for _, want := range []string{
		"a machine, 2026-01-02: 3 rounds of 1s",
		"| echo 64 B, 64 connections: processor time per message | the same reactor, native handler | C 1.50 ±5%, Go - | ≤ 1.10 | no: C; not measured: Go |\n",
	} {
		if !strings.Contains(string(table), want) {
			t.Errorf("no %q in %s", want, table)
		}
	}
	if lines := strings.Count(string(table), "\n| "); lines != len(targets())+2 {
		t.Errorf("%d lines of table, want one for each of %d targets", lines-2, len(targets()))
	}
}

func TestReadmeHasThePlaceOfTheTable(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := between(text, "table"); err != nil {
		t.Error(err)
	}
	if _, err := between([]byte(tableEnds+"\n"+tableBegins+"\n"), "table"); err == nil {
		t.Error("a file whose comments are the wrong way round is written to")
	}
}
