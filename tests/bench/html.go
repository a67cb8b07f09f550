//go:build linux

package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"time"
)

//go:embed report.html.tmpl
var pageText string

// page is the report as HTML.
type page struct {
	*report
	styles map[string]style
}

// html writes the report as one page that needs nothing else.
func (r *report) html(w io.Writer) error {
	p := &page{r, r.styles()}
	t, err := template.New("report").Funcs(template.FuncMap{
		"times": times, "title": titleOf, "latencies": p.latencies, "bars": p.bars, "glance": p.glance, "first": firstLine,
		"ours":    func(subject string) bool { return p.styles[subject].ours() },
		"percent": func(v float64) string { return fmt.Sprintf("%.0f%%", 100*v) },
		"date":    func(t time.Time) string { return t.Format(time.DateOnly) },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, p)
}

// Outcomes are the main table's.
func (p *page) Outcomes() []outcome { return p.outcomes() }

// A series is one kind of work at several sizes.
type series struct {
	Name  string
	Plots []template.HTML
}

// notDrawn are columns that others stand for.
var notDrawn = []string{systemShare, cpuOfStart, p90, p999, p9999}

// maxPlots is how many columns of a series are drawn.
const maxPlots = 4

// Series puts together the workloads that differ in a number only.
func (p *page) Series() []series {
	var names []string
	points := map[string][]block{}
	for _, b := range p.Blocks {
		if b.Series == "" {
			continue
		}
		if points[b.Series] == nil {
			names = append(names, b.Series)
		}
		points[b.Series] = append(points[b.Series], b)
	}
	var all []series
	for _, name := range names {
		bs := points[name]
		slices.SortFunc(bs, func(a, b block) int { return cmp.Compare(a.X, b.X) })
		s := series{Name: name}
		for _, column := range bs[0].columns() {
			if slices.Contains(notDrawn, column) || len(s.Plots) == maxPlots {
				continue
			}
			if plot := p.growth(bs, column); plot != "" {
				s.Plots = append(s.Plots, plot)
			}
		}
		if len(s.Plots) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// growth plots one column of workloads that are sorted by X.
func (p *page) growth(bs []block, column string) template.HTML {
	c := chart{title: titleOf(column), axis: cmp.Or(bs[0].Axis, "connections"), x: count, y: func(v float64) string { return human(column, v) },
		binary: column == perConn || column == residentAll}
	for _, b := range bs {
		for _, row := range b.Rows {
			v, ok := row.Median[column]
			if !ok {
				continue
			}
			i := slices.IndexFunc(c.lines, func(l line) bool { return l.name == row.Subject })
			if i < 0 {
				i = len(c.lines)
				c.lines = append(c.lines, line{name: row.Subject, style: p.styles[row.Subject]})
			}
			c.lines[i].points = append(c.lines[i].points, [2]float64{b.X, v})
		}
	}
	return c.svg()
}

// Who lists the subjects of the report.
func (p *page) Who() [][2]string {
	var who [][2]string
	for _, b := range p.Blocks {
		for _, r := range b.Rows {
			entry := [2]string{r.Subject, describe(r.Subject)}
			if entry[1] != "" && !slices.Contains(who, entry) {
				who = append(who, entry)
			}
		}
	}
	return who
}

// Headline is the column that says most about the block.
func (b block) Headline() string {
	for _, column := range columnOrder {
		for _, r := range b.Rows {
			if r.Median[column] > 0 {
				return column
			}
		}
	}
	return ""
}

// Drawn are the columns that are drawn as bars: the headline, and all kinds of work.
func (b block) Drawn() []string {
	headline := b.Headline()
	if !slices.Contains(kindsOfWork, headline) {
		return []string{headline}
	}
	return kindsOfWork
}

// Columns are those of the block's table.
func (b block) Columns() []string { return b.columns() }

// Cell is one figure with its unit, or empty if there is none.
func (r row) Cell(column string) string {
	v, ok := r.Median[column]
	if !ok {
		return ""
	}
	return human(column, v)
}

// latencies plots the distribution of the latencies: the share of units that took longer, against the time.
func (p *page) latencies(b block) template.HTML {
	c := chart{title: "latency", axis: "share of the units that are at least as fast",
		x: func(v float64) string { return fmt.Sprintf("%.4g%%", 100*(1-1/v)) }, y: func(v float64) string { return human(p50, v) }}
	for _, r := range b.Rows {
		l := line{name: r.Subject, style: p.styles[r.Subject]}
		for column, q := range quantiles {
			if v := r.Median[column]; v > 0 {
				l.points = append(l.points, [2]float64{math.Round(1e6/(1-q)) / 1e6, v})
			}
		}
		slices.SortFunc(l.points, func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
		if len(l.points) > 1 {
			c.lines = append(c.lines, l)
		}
	}
	return c.svg()
}
