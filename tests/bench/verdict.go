//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// cells are the outcome as the main table has it: work, against whom, measured, target, met.
func (o *outcome) cells() []string {
	return []string{o.Work, o.Against, o.Measured(), o.Wanted(), o.Met()}
}

var headings = []string{"work", "against", "measured", "target", "met"}

// Measured writes the figures, each with its name.
func (o *outcome) Measured() string {
	var parts []string
	for _, g := range o.Goals {
		text := g.Text
		if g.Missing != "" {
			text = "-"
		} else if g.Value != 0 && g.Spread/g.Value >= 0.005 {
			text += fmt.Sprintf(" ±%.0f%%", 100*g.Spread/g.Value)
		}
		parts = append(parts, strings.TrimSpace(g.Name+" "+text))
	}
	return strings.Join(parts, ", ")
}

// Wanted writes the bounds: one, if all goals have the same.
func (o *outcome) Wanted() string {
	var parts []string
	for _, g := range o.Goals {
		if g.Wanted != o.Goals[0].Wanted {
			parts = nil
			for _, g := range o.Goals {
				parts = append(parts, strings.TrimSpace(g.Name+" "+g.Wanted))
			}
			break
		}
		parts = []string{g.Wanted}
	}
	return strings.Join(parts, ", ")
}

// Met is "yes", or says which goals are missed and which have no figure.
func (o *outcome) Met() string {
	var missed, missing []string
	for _, g := range o.Goals {
		switch {
		case g.Missing != "":
			missing = append(missing, g.Name)
		case !g.Met:
			missed = append(missed, g.Name)
		}
	}
	of := func(names []string) string {
		if len(names) == len(o.Goals) {
			return ""
		}
		return ": " + strings.Join(names, ", ")
	}
	var parts []string
	if len(missed) > 0 {
		parts = append(parts, "no"+of(missed))
	}
	if len(missing) > 0 {
		parts = append(parts, "not measured"+of(missing))
	}
	if len(parts) == 0 {
		return "yes"
	}
	return strings.Join(parts, "; ")
}

// printOutcomes writes the main table as text, without the rows that nothing is known about.
func printOutcomes(w io.Writer, all []outcome) error {
	known := slices.DeleteFunc(slices.Clone(all), func(o outcome) bool {
		return !slices.ContainsFunc(o.Goals, func(g result) bool { return g.Missing == "" })
	})
	if len(known) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nagainst the targets")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cells := range append([][]string{headings}, rowsOf(known)...) {
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

func rowsOf(all []outcome) [][]string {
	var rows [][]string
	for i := range all {
		rows = append(rows, all[i].cells())
	}
	return rows
}

// markdown writes the main table, and where and when it was taken.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %d rounds of %v for each figure, medians ± half the distance of the quartiles.\n\n",
		r.Machine, r.Started.Format(time.DateOnly), r.Rounds, r.Window)
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(headings)
	line([]string{"---", "---", "---", "---", "---"})
	for _, cells := range rowsOf(r.outcomes()) {
		line(cells)
	}
	return b.String()
}

// The table stands between these two lines of a Markdown file.
const (
	tableBegins = "<!-- bench table: written by make bench-table -->"
	tableEnds   = "<!-- end of bench table -->"
)

// insertTable puts the main table of a results.json into a Markdown file, between its two comments.
func insertTable(results, file string) error {
	r, err := readReport(results)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text, err = between(text, r.markdown())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, text, 0o644)
}

// between replaces what is between the two comments.
func between(text []byte, table string) ([]byte, error) {
	before, rest, begun := bytes.Cut(text, []byte(tableBegins+"\n"))
	_, after, ended := bytes.Cut(rest, []byte(tableEnds+"\n"))
	if !begun || !ended {
		return nil, errors.New("it does not have the lines " + tableBegins + " and " + tableEnds)
	}
	return slices.Concat(before, []byte(tableBegins+"\n\n"+table+"\n"+tableEnds+"\n"), after), nil
}

// readReport reads a results.json.
func readReport(file string) (*report, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}
