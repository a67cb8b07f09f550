package http1

import (
	"testing"
	"time"
)

// Every day and second of the years that HTTP can write reads as package time has it.
func FuzzAppendTime(f *testing.F) {
	for _, t := range []time.Time{
		time.Unix(0, 0), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC),
		time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC), time.Date(994, 11, 6, 8, 49, 37, 0, time.FixedZone("", 3600)),
	} {
		f.Add(t.Unix())
	}
	f.Fuzz(func(t *testing.T, seconds int64) {
		at := time.Unix(seconds, 0).UTC()
		if year := at.Year(); year < 0 || year > 9999 {
			return
		}
		if got, want := string(AppendTime(nil, at)), at.Format(TimeFormat); got != want {
			t.Errorf("%d: %q, want %q", seconds, got, want)
		}
	})
}
