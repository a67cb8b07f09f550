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
	"strings"
)

//go:embed report.html.tmpl
var page string

// html writes the report as one page that needs nothing else.
func (r *report) html(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"human":     human,
		"ratio":     func(v float64) string { return fmt.Sprintf("%.2f", v) },
		"latencies": latencies,
		"bars":      bars,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		*report
		Series []series
	}{r, r.series()})
}

// A series is one kind of work at several sizes.
type series struct {
	Name, Axis, Column string
	Plot               template.HTML
}

// series puts together the workloads that differ in a number only.
func (r *report) series() []series {
	var names []string
	points := map[string][]block{}
	for _, b := range r.Blocks {
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
		column := bs[0].Headline()
		lines := map[string][][2]float64{}
		for _, b := range bs {
			for _, row := range b.Rows {
				if v := row.Median[column]; v > 0 {
					lines[row.Subject] = append(lines[row.Subject], [2]float64{b.X, v})
				}
			}
		}
		all = append(all, series{name, "connections", column, plot(lines, subjectsOf(bs[0]), func(v float64) string { return fmt.Sprintf("%.0f", v) },
			func(v float64) string { return human(column, v) })})
	}
	return all
}

func subjectsOf(b block) []string {
	var names []string
	for _, r := range b.Rows {
		names = append(names, r.Subject)
	}
	return names
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

// Columns are those of the block's table.
func (b block) Columns() []string { return b.columns() }

// latencies plots the distribution of the latencies: the share of units that took longer, against the time.
func latencies(b block) template.HTML {
	lines := map[string][][2]float64{}
	for _, r := range b.Rows {
		for column, q := range quantiles {
			if v := r.Median[column]; v > 0 {
				lines[r.Subject] = append(lines[r.Subject], [2]float64{1 / (1 - q), v})
			}
		}
		slices.SortFunc(lines[r.Subject], func(a, b [2]float64) int { return cmp.Compare(a[0], b[0]) })
		if len(lines[r.Subject]) < 2 {
			delete(lines, r.Subject)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return plot(lines, subjectsOf(b), func(v float64) string { return fmt.Sprintf("%.4g%%", 100*(1-1/v)) },
		func(v float64) string { return human(p50, v) })
}

// The plots' size and margins, in pixels.
const (
	width, height          = 560, 260
	left, right, top, foot = 70, 120, 12, 30
)

var colours = []string{"#444444", "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#17becf"}

// plot draws lines on two logarithmic axes, each subject's in a colour of its own.
func plot(lines map[string][][2]float64, order []string, x, y func(float64) string) template.HTML {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{}
	var ticks []float64
	for _, line := range lines {
		for _, p := range line {
			for i := range p {
				low[i], high[i] = min(low[i], p[i]), max(high[i], p[i])
			}
			if !slices.Contains(ticks, p[0]) {
				ticks = append(ticks, p[0])
			}
		}
	}
	at := func(i int, v, from, to float64) float64 {
		if high[i] == low[i] {
			return (from + to) / 2
		}
		return from + (to-from)*math.Log(v/low[i])/math.Log(high[i]/low[i])
	}
	px := func(v float64) float64 { return at(0, v, left, width-right) }
	py := func(v float64) float64 { return at(1, v, height-foot, top) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, width, height, width, height)
	for _, v := range ticks {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			px(v), top, px(v), height-foot, px(v), height-foot+16, template.HTMLEscapeString(x(v)))
	}
	for i := range 5 {
		v := low[1] * math.Pow(high[1]/low[1], float64(i)/4)
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, py(v), width-right, py(v), left-6, py(v)+4, template.HTMLEscapeString(y(v)))
	}
	for n, name := range order {
		line, colour := lines[name], colours[n%len(colours)]
		if len(line) == 0 {
			continue
		}
		var path strings.Builder
		for _, p := range line {
			fmt.Fprintf(&path, "%.1f,%.1f ", px(p[0]), py(p[1]))
		}
		fmt.Fprintf(&b, `<polyline points="%s" style="stroke:%s"/><text x="%d" y="%d" style="fill:%s">%s</text>`,
			path.String(), colour, width-right+10, top+14+16*n, colour, template.HTMLEscapeString(name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

// bars draws the block's headline figure, us beside each peer.
func bars(b block) template.HTML {
	column := b.Headline()
	most := 0.0
	for _, r := range b.Rows {
		most = max(most, r.Median[column])
	}
	if most == 0 {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, width, 22*len(b.Rows), width, 22*len(b.Rows))
	for n, r := range b.Rows {
		v := r.Median[column]
		fmt.Fprintf(&s, `<text x="150" y="%d" text-anchor="end">%s</text><rect x="158" y="%d" width="%.1f" height="14" fill="%s"/><text x="%.1f" y="%d">%s</text>`,
			22*n+15, template.HTMLEscapeString(r.Subject), 22*n+4, 280*v/most, colours[n%len(colours)], 164+280*v/most, 22*n+15,
			template.HTMLEscapeString(human(column, v)))
	}
	s.WriteString("</svg>")
	return template.HTML(s.String())
}
