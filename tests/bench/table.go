//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// block is the table of one workload.
type block struct {
	Workload string
	Peer     string  // what the ratios refer to
	Series   string  `json:",omitempty"` // the workloads that differ from this one in X only
	X        float64 `json:",omitempty"`
	Axis     string  `json:",omitempty"` // what X counts
	Rows     []row
}

// row is one subject: the median of each figure, its relative spread (half the distance of the quartiles), and the
// reason it is missing, if it is.
type row struct {
	Subject string
	Absent  string             `json:",omitempty"`
	Failed  bool               `json:",omitempty"` // it is missing because it did not do its work
	Median  map[string]float64 `json:",omitempty"`
	Spread  map[string]float64 `json:",omitempty"`
	Ratio   map[string]float64 `json:",omitempty"`
}

// measure plays the workload's subjects in turn, for all rounds. One that fails is left out from then on, and the failure
// is returned; one that is absent is left out and is no failure.
func measure(o options, w workload) (block, error) {
	b := block{Workload: w.name, Peer: w.subjects[0].name, Series: w.series, X: w.x, Axis: w.axis}
	samples := make([]map[string][]float64, len(w.subjects))
	missing, failed := make([]string, len(w.subjects)), make([]bool, len(w.subjects))
	var failures []error
	rounds := o.rounds
	if w.rounds > 0 {
		rounds = min(rounds, w.rounds)
	}
	for range rounds {
		var together map[string]figures
		if w.together != nil {
			var err error
			if together, err = w.together(); err != nil {
				return b, err
			}
		}
		for i, s := range w.subjects {
			if missing[i] != "" {
				continue
			}
			f, err := together[s.name], error(nil)
			if w.together == nil {
				f, err = w.once(s)
			}
			if err != nil {
				missing[i] = err.Error()
				if failed[i] = !isAbsent(err); failed[i] {
					failures = append(failures, fmt.Errorf("%s: %w", s.name, err))
				}
				continue
			}
			if samples[i] == nil {
				samples[i] = map[string][]float64{}
			}
			for k, v := range f {
				samples[i][k] = append(samples[i][k], v)
			}
		}
	}
	for i, s := range w.subjects {
		r := row{Subject: s.name, Absent: missing[i], Failed: failed[i]}
		if r.Absent == "" {
			r.Median, r.Spread = map[string]float64{}, map[string]float64{}
			for k, vs := range samples[i] {
				slices.Sort(vs)
				r.Median[k] = quantile(vs, 0.5)
				if r.Median[k] != 0 {
					r.Spread[k] = (quantile(vs, 0.75) - quantile(vs, 0.25)) / 2 / math.Abs(r.Median[k])
				}
			}
		}
		b.Rows = append(b.Rows, r)
	}
	b.ratios()
	return b, errors.Join(failures...)
}

// once measures one subject.
func (w *workload) once(s subject) (figures, error) {
	if s.measure != nil {
		return s.measure()
	}
	p, err := s.start()
	if err != nil {
		return nil, err
	}
	defer p.stop()
	f, err := w.run(p)
	if said := p.log.String(); err != nil && said != "" {
		err = fmt.Errorf("%w; it said: %s", err, said)
	}
	return f, err
}

// noRatio are the columns whose peer's figure is a share, or next to nothing.
var noRatio = []string{systemShare, allocsPerUnit, bytesPerUnit}

// ratios divides every row by the peer's.
func (b *block) ratios() {
	peer := b.Rows[0].Median // nil, which gives no ratio, if it is absent
	for i := range b.Rows {
		b.Rows[i].Ratio = map[string]float64{}
		for k, v := range b.Rows[i].Median {
			if v > 0 && peer[k] > 0 && !slices.Contains(noRatio, k) {
				b.Rows[i].Ratio[k] = v / peer[k]
			}
		}
	}
}

// quantile interpolates in sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 >= len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

func (b *block) columns() []string {
	seen := map[string]bool{}
	for _, r := range b.Rows {
		for k := range r.Median {
			seen[k] = true
		}
	}
	var columns []string
	for k := range seen {
		columns = append(columns, k)
	}
	slices.SortFunc(columns, func(a, b string) int { return cmp.Compare(slices.Index(columnOrder, a), slices.Index(columnOrder, b)) })
	return columns
}

func (b *block) print(w io.Writer) {
	columns := slices.DeleteFunc(b.columns(), func(c string) bool { return c == p90 || c == p999 || c == p9999 })
	fmt.Fprintf(w, "\n%s (ratios to %s)\n", b.Workload, b.Peer)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\t%s\t\n", strings.Join(columns, "\t"))
	for _, r := range b.Rows {
		if r.Absent != "" {
			continue
		}
		cells := []string{r.Subject}
		for _, c := range columns {
			v, ok := r.Median[c]
			switch {
			case !ok:
				cells = append(cells, "-")
			case r.Ratio[c] != 0 && r.Subject != b.Peer:
				cells = append(cells, fmt.Sprintf("%s ±%.0f%% %s", human(c, v), 100*r.Spread[c], times(r.Ratio[c])))
			default:
				cells = append(cells, fmt.Sprintf("%s ±%.0f%%", human(c, v), 100*r.Spread[c]))
			}
		}
		fmt.Fprintf(t, "%s\t\n", strings.Join(cells, "\t"))
	}
	t.Flush()
	for _, r := range b.Rows {
		switch {
		case r.Failed:
			fmt.Fprintf(w, "  %s: failed: %s\n", r.Subject, firstLine(r.Absent))
		case r.Absent != "":
			fmt.Fprintf(w, "  %s: absent: %s\n", r.Subject, firstLine(r.Absent))
		}
	}
}

// human writes v in the unit of its column.
func human(column string, v float64) string {
	switch column {
	case perUnit, cpuPerUnit, p50, p90, p99, p999, p9999, alone, beside, untilReady, cpuOfStart,
		unpacking, rewriting, compiling, starting, cold, coldCPU, warm, firstConn, nextConn, "tight", "calls", "hash", "json", "http":
		return duration(v)
	case systemShare:
		return fmt.Sprintf("%.0f%%", 100*v)
	case perConn:
		return fmt.Sprintf("%.1f KiB", math.Round(v/102.4)/10+0) // and no -0
	case residentAll:
		return fmt.Sprintf("%.1f MiB", v/(1<<20))
	case bytesPerUnit:
		return fmt.Sprintf("%.1f B", v)
	case disturbance, callsPerUnit, allocsPerUnit:
		return fmt.Sprintf("%.2f", v)
	}
	return count(v)
}

// count writes a whole number with its thousands apart.
func count(v float64) string {
	digits := fmt.Sprintf("%.0f", math.Abs(v))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if v <= -0.5 {
		return "-" + digits
	}
	return digits
}

// times writes a factor with at least two significant digits.
func times(v float64) string {
	if v < 0.095 {
		return fmt.Sprintf("%.2gx", v)
	}
	if v < 99.5 {
		return fmt.Sprintf("%.2fx", v)
	}
	return fmt.Sprintf("%.0fx", v)
}

// duration writes nanoseconds with three significant digits, in the unit that leaves no more than three before the point.
func duration(ns float64) string {
	unit, name := 1.0, "ns"
	for _, u := range []struct {
		ns   float64
		name string
	}{{1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}} {
		if math.Abs(ns) >= 0.9995*u.ns {
			unit, name = u.ns, u.name
		}
	}
	v := ns / unit
	switch digits := math.Abs(v); {
	case digits >= 99.95 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f%s", v, name)
	case digits >= 9.995:
		return fmt.Sprintf("%.1f%s", v, name)
	}
	return fmt.Sprintf("%.2f%s", v, name)
}
