//go:build linux

package main

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// The bars' geometry, in pixels: a name, a bar, what it says.
const (
	barHeight = 22
	barLeft   = 170
	barMost   = 270
)

// bars draws one column of the block, us beside each peer.
func (p *page) bars(b block, column string) template.HTML {
	low, high, n := math.Inf(1), 0.0, 0
	for _, r := range b.Rows {
		if v := r.Median[column]; v > 0 {
			low, high = min(low, v), max(high, v)
			n++
		}
	}
	if n < 2 {
		return ""
	}
	// What differs by orders of magnitude is drawn by them.
	scale, note := func(v float64) float64 { return v / high }, ""
	if high/low > 50 {
		floor := low / 2
		scale, note = func(v float64) float64 { return max(0, math.Log(v/floor)/math.Log(high/floor)) }, ", on a logarithmic scale"
	}
	var s strings.Builder
	tall := 24 + barHeight*len(b.Rows)
	fmt.Fprintf(&s, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s"><text class="title" x="4" y="14">%s</text>`, width, tall,
		escape(b.Workload+": "+column), escape(titleOf(column)+note))
	for i, r := range b.Rows {
		v, y := r.Median[column], 24+barHeight*i
		fmt.Fprintf(&s, `<g class="%s"><text x="%d" y="%d" text-anchor="end">%s</text>`, p.styles[r.Subject], barLeft-8, y+15, escape(r.Subject))
		text, end := human(column, v), barLeft+barMost*scale(v)
		switch _, measured := r.Median[column]; {
		case r.Failed:
			text, end = "failed", barLeft
		case r.Absent != "":
			text, end = "absent", barLeft
		case !measured:
			text, end = "-", barLeft
		case v > 0:
			fmt.Fprintf(&s, `<rect x="%d" y="%d" width="%.1f" height="15" rx="2"/>`, barLeft, y+3, end-barLeft)
			if d := r.Spread[column]; d > 0 {
				to := barLeft + barMost*scale(v*(1+d))
				fmt.Fprintf(&s, `<line class="spread" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, barLeft+barMost*scale(v*max(0, 1-d)), y+10, to, y+10)
				end = max(end, to)
			}
		default:
			end = barLeft
		}
		if r.Ratio[column] > 0 && r.Subject != b.Peer {
			text += "  " + times(r.Ratio[column])
		}
		fmt.Fprintf(&s, `<text x="%.1f" y="%d">%s</text></g>`, end+6, y+15, escape(text))
	}
	s.WriteString("</svg>")
	return template.HTML(s.String())
}
