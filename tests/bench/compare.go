//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// change is how one figure differs between two runs.
type change struct {
	workload, subject, column string
	before, after             float64
	relative                  float64 // after/before, divided by the same of the peer in its block; 0: it is the peer, or has none
	spread                    float64 // of both together, as a share
}

func (c *change) factor() float64 { return c.after / c.before }

// beyond reports whether the difference is more than both runs spread by.
func (c *change) beyond() bool {
	d := c.factor() - 1
	return max(d, -d) > c.spread
}

// better reports whether the newer figure is the better one.
func (c *change) better() bool { return (c.after > c.before) == (c.column == perSecond) }

// changes pairs the figures of two runs, in the newer one's order. Those that are not in both, or absent in one, are named.
func changes(older, newer *report) (both []change, oneOnly []string) {
	for _, now := range newer.Blocks {
		i := slices.IndexFunc(older.Blocks, func(b block) bool { return b.Workload == now.Workload })
		if i < 0 {
			oneOnly = append(oneOnly, now.Workload+": in the newer only")
			continue
		}
		then := older.Blocks[i]
		for _, mine := range now.Rows {
			j := slices.IndexFunc(then.Rows, func(r row) bool { return r.Subject == mine.Subject })
			name := now.Workload + ", " + mine.Subject
			switch {
			case j < 0:
				oneOnly = append(oneOnly, name+": in the newer only")
			case then.Rows[j].Absent == "" && mine.Absent != "":
				oneOnly = append(oneOnly, name+": absent in the newer: "+firstLine(mine.Absent))
			case then.Rows[j].Absent != "" && mine.Absent == "":
				oneOnly = append(oneOnly, name+": absent in the older: "+firstLine(then.Rows[j].Absent))
			default:
				both = append(both, now.changed(&then, &then.Rows[j], &mine)...)
			}
		}
		for _, r := range then.Rows {
			if !slices.ContainsFunc(now.Rows, func(n row) bool { return n.Subject == r.Subject }) {
				oneOnly = append(oneOnly, now.Workload+", "+r.Subject+": in the older only")
			}
		}
	}
	for _, then := range older.Blocks {
		if !slices.ContainsFunc(newer.Blocks, func(b block) bool { return b.Workload == then.Workload }) {
			oneOnly = append(oneOnly, then.Workload+": in the older only")
		}
	}
	return both, oneOnly
}

// changed pairs the figures of one subject of b, which was then.
func (b *block) changed(then *block, before, after *row) []change {
	var all []change
	for _, column := range b.columns() {
		c := change{
			workload: b.Workload, subject: after.Subject, column: column,
			before: before.Median[column], after: after.Median[column],
			spread: before.Spread[column] + after.Spread[column],
		}
		if column == systemShare || c.before == 0 || c.after == 0 {
			continue
		}
		if was, is := before.Ratio[column], after.Ratio[column]; was > 0 && is > 0 && then.Peer == b.Peer && c.subject != b.Peer {
			c.relative = is / was
		}
		all = append(all, c)
	}
	return all
}

// fewRounds are too few for quartiles to mean anything.
const fewRounds = 3

// compare prints which figures of the newer of two results differ from the older by more than the spread, and by what factor.
func compare(w io.Writer, older, newer string) error {
	a, err := readReport(older)
	if err != nil {
		return err
	}
	b, err := readReport(newer)
	if err != nil {
		return err
	}
	for _, r := range []struct {
		which string
		*report
	}{{"older", a}, {"newer", b}} {
		fmt.Fprintf(w, "%s: %s, %s, %d rounds of %v\n", r.which, r.Started.Format(time.DateTime), r.Machine, r.Rounds, r.Window)
	}
	if a.Machine != b.Machine {
		fmt.Fprintln(w, "these are not the same machine and toolchain: only the last column, the change against the peer of the same run, says something")
	}
	if min(a.Rounds, b.Rounds) < fewRounds {
		fmt.Fprintf(w, "fewer than %d rounds have no spread: differences are listed that may be chance\n", fewRounds)
	}
	both, oneOnly := changes(a, b)
	better, worse := 0, 0
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	workload := ""
	for _, c := range both {
		if !c.beyond() {
			continue
		}
		if c.workload != workload {
			workload = c.workload
			fmt.Fprintf(t, "\n%s\n", workload)
		}
		verdict := "worse"
		if c.better() {
			verdict = "better"
			better++
		} else {
			worse++
		}
		relative := ""
		if c.relative > 0 {
			relative = fmt.Sprintf("against the peer %.2fx", c.relative)
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t-> %s\t%.2fx\t(spread %.0f%%)\t%s\t%s\n", c.subject, c.column, human(c.column, c.before), human(c.column, c.after),
			c.factor(), 100*c.spread, verdict, relative)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(oneOnly) > 0 {
		fmt.Fprintf(w, "\nnot compared:\n  %s\n", strings.Join(oneOnly, "\n  "))
	}
	fmt.Fprintf(w, "\n%d figures: %d better, %d worse, %d within the spread of the two runs\n", len(both), better, worse, len(both)-better-worse)
	return nil
}
