//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// report is all that a run has found out.
type report struct {
	Machine string
	Started time.Time
	Rounds  int
	Window  time.Duration
	Blocks  []block
}

// conditions say how it was measured.
func (r *report) conditions() string {
	return fmt.Sprintf("%d rounds of %v for each figure, after a tenth of that to warm up; medians ± half the distance of the quartiles; "+
		"load generator and server share the cores", r.Rounds, r.Window)
}

// save writes the report to a folder, which is made.
func (r *report) save(folder string) error {
	if folder == "" {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	var table, page bytes.Buffer
	fmt.Fprintf(&table, "%s\n%s, %s\n", r.Machine, r.Started.Format(time.DateOnly), r.conditions())
	for _, b := range r.Blocks {
		b.print(&table)
	}
	if err := r.html(&page); err != nil {
		return err
	}
	for name, content := range map[string][]byte{"results.json": text, "results.txt": table.Bytes(), "report.html": page.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare prints by what factor each figure of the newer of two results differs from the older.
func compare(w io.Writer, older, newer string) error {
	var reports [2]report
	for i, file := range []string{older, newer} {
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &reports[i])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if reports[0].Machine != reports[1].Machine {
		fmt.Fprintf(w, "not the same machine: %s, then %s\n", reports[0].Machine, reports[1].Machine)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, now := range reports[1].Blocks {
		i := slices.IndexFunc(reports[0].Blocks, func(b block) bool { return b.Workload == now.Workload })
		if i < 0 {
			continue
		}
		then := reports[0].Blocks[i]
		fmt.Fprintf(t, "\n%s\n", now.Workload)
		for _, mine := range now.Rows {
			j := slices.IndexFunc(then.Rows, func(r row) bool { return r.Subject == mine.Subject })
			if j < 0 {
				continue
			}
			for _, column := range now.columns() {
				before, after := then.Rows[j].Median[column], mine.Median[column]
				if before == 0 || after == 0 {
					continue
				}
				// A difference within what both runs spread by says nothing.
				note := ""
				if d := after/before - 1; max(d, -d) <= then.Rows[j].Spread[column]+mine.Spread[column] {
					note = "within the spread"
				}
				fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%.2fx\t%s\n", mine.Subject, column, human(column, before), human(column, after), after/before, note)
			}
		}
	}
	return t.Flush()
}
