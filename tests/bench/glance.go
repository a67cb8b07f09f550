//go:build linux

package main

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
)

// The overview's geometry, in pixels.
const (
	glanceWidth = 980
	glanceLeft  = 440
	glanceRight = 30
	glanceTop   = 52
	glanceRow   = 20
)

// glance draws, for each workload whose cost was measured, the subjects' processor time or time for a unit, as multiples
// of the peer's: one row each, one dot for each subject.
func (p *page) glance() template.HTML {
	type dot struct {
		name  string
		ratio float64
	}
	type dots struct {
		block
		all []dot
	}
	var rows []dots
	most := 2.0
	for _, b := range p.Blocks {
		column := b.Headline()
		if column != cpuPerUnit && column != perUnit {
			continue
		}
		d := dots{block: b}
		for _, r := range b.Rows {
			if v := r.Ratio[column]; v > 0 && r.Subject != b.Peer {
				d.all = append(d.all, dot{r.Subject, v})
				most = max(most, v, 1/v)
			}
		}
		if len(d.all) > 0 {
			// Ours come last, so that they are on top.
			slices.SortStableFunc(d.all, func(a, b dot) int {
				switch ours := p.styles[b.name].ours(); {
				case p.styles[a.name].ours() == ours:
					return 0
				case ours:
					return -1
				}
				return 1
			})
			rows = append(rows, d)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	const furthest = 10 // what is further away is drawn at the edge
	most = min(most, furthest)
	bottom := glanceTop + glanceRow*len(rows)
	at := func(ratio float64) float64 {
		v := math.Log(min(max(ratio, 1/most), most)) / math.Log(most) // -1 to 1
		return glanceLeft + (glanceWidth-glanceLeft-glanceRight)*(v+1)/2
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="wide" viewBox="0 0 %d %d" role="img" aria-label="cost for each unit of work, as multiples of the peer's">`, glanceWidth, bottom+8)
	x := 10
	for _, key := range []struct {
		style style
		name  string
	}{{"ours c", "sandbox C"}, {"ours go", "sandbox Go"}, {"ours nethttp", "sandbox net/http"}, {"ours native", "reactor, no sandbox"}, {"peer", "others"}} {
		fmt.Fprintf(&s, `<g class="%s"><circle cx="%d" cy="10" r="5"/><text x="%d" y="14">%s</text></g>`, key.style, x, x+9, escape(key.name))
		x += 30 + 8*len(key.name)
	}
	for _, tick := range []float64{0.1, 0.2, 0.5, 1, 2, 5, 10} {
		if tick < 0.999/most || tick > 1.001*most {
			continue
		}
		class := "grid"
		if tick == 1 {
			class = "one"
		}
		fmt.Fprintf(&s, `<line class="%s" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%gx</text>`,
			class, at(tick), glanceTop-6, at(tick), bottom, at(tick), glanceTop-12, tick)
	}
	for i, d := range rows {
		y := glanceTop + glanceRow*i + glanceRow/2
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s <tspan class="faint">to %s</tspan></text>`, glanceLeft-12, y+4, escape(short(d.Workload)), escape(d.Peer))
		for _, dot := range d.all {
			fmt.Fprintf(&s, `<g class="%s"><circle cx="%.1f" cy="%d" r="5"><title>%s</title></circle></g>`, cmp.Or(p.styles[dot.name].own(), "peer"), at(dot.ratio), y,
				escape(fmt.Sprintf("%s: %s of what %s takes", dot.name, times(dot.ratio), d.Peer)))
		}
	}
	s.WriteString("</svg>")
	return template.HTML(s.String())
}

// short makes a name fit its row.
func short(name string) string {
	const most = 46
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return name
}
