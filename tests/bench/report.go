//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// report is all that a run has found out.
type report struct {
	Machine string
	Started time.Time
	Rounds  int
	Window  time.Duration
	Settle  time.Duration
	Targets []outcome // the main table
	Blocks  []block
}

// conditions say how it was measured.
func (r *report) conditions() string {
	return fmt.Sprintf("%d rounds of %v for each figure, after a tenth of that and each client's first answer to warm up; medians ± "+
		"half the distance of the quartiles; load generator and server share the cores; memory is read after %v without a message",
		r.Rounds, r.Window, r.Settle)
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
	if err := printOutcomes(&table, r.Targets); err != nil {
		return err
	}
	if err := r.html(&page); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"results.json": text, "results.txt": table.Bytes(), "table.md": []byte(r.markdown()), "report.html": page.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
