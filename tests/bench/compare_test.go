//go:build linux

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// saved writes a report to a folder of its own and returns its results.json.
func saved(t *testing.T, r *report) string {
	t.Helper()
	dir := t.TempDir()
	if err := r.save(dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "results.json")
}

func TestCompare(t *testing.T) {
	older, newer := sample("w", cpuPerUnit, 1000, 1500), sample("w", cpuPerUnit, 1030, 3090)
	older.Blocks = append(older.Blocks, sample("gone", perSecond, 1, 1).Blocks...)
	newer.Blocks = append(newer.Blocks, sample("new", perSecond, 1, 1).Blocks...)
	newer.Blocks[0].Rows[2] = row{Subject: "sandbox Go", Median: map[string]float64{cpuPerUnit: 1}}
	var out strings.Builder
	if err := compare(&out, saved(t, older), saved(t, newer)); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"w sandbox C cpu/unit 1.50µs -> 3.09µs 2.06x (spread 6%) worse against the peer 2.00x",
		"w, sandbox Go: absent in the older: exit status 2",
		"new: in the newer only",
		"gone: in the older only",
		"2 figures: 0 better, 1 worse, 1 within the spread of the two runs", // the reactor's 3 % are within 2 % and 2 %
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(got, "reactor") || strings.Contains(got, "same machine") || strings.Contains(got, "rounds have no spread") {
		t.Errorf("too much is said:\n%s", out.String())
	}
}

func TestCompareSaysWhatItCannotTell(t *testing.T) {
	older, newer := sample("w", perSecond, 1000, 1000), sample("w", perSecond, 1000, 2000)
	older.Rounds, newer.Machine = 1, "another machine"
	var out strings.Builder
	if err := compare(&out, saved(t, older), saved(t, newer)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not the same machine", "fewer than 3 rounds have no spread", "better", "1 better, 0 worse"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := compare(&out, "missing.json", "missing.json"); err == nil {
		t.Error("files that are missing are compared")
	}
}
