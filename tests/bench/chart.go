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

// A chart is lines on two logarithmic axes.
type chart struct {
	title  string // of the y axis, which is above it
	axis   string // the x axis
	x, y   func(float64) string
	binary bool // the y axis counts bytes
	lines  []line
}

// A line is one subject's, its points in the order of x.
type line struct {
	name   string
	style  style
	points [][2]float64
}

// The charts' size and margins, in pixels.
const (
	width, height          = 620, 300
	left, right, top, foot = 70, 190, 30, 44
)

// svg draws the chart. It is empty if there are no two points to connect.
func (c chart) svg() template.HTML {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{}
	var ticks []float64
	for i := range c.lines {
		// A logarithm has no place for what is nothing.
		c.lines[i].points = slices.DeleteFunc(c.lines[i].points, func(p [2]float64) bool { return p[1] <= 0 })
		for _, p := range c.lines[i].points {
			for i := range p {
				low[i], high[i] = min(low[i], p[i]), max(high[i], p[i])
			}
			if !slices.Contains(ticks, p[0]) {
				ticks = append(ticks, p[0])
			}
		}
	}
	if len(ticks) < 2 {
		return ""
	}
	levels := logTicks(low[1], high[1], c.binary)
	low[1], high[1] = levels[0], levels[len(levels)-1]
	at := func(i int, v, from, to float64) float64 {
		return from + (to-from)*math.Log(v/low[i])/math.Log(high[i]/low[i])
	}
	px := func(v float64) float64 { return at(0, v, left, width-right) }
	py := func(v float64) float64 { return at(1, v, height-foot, top) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, escape(c.title+" by "+c.axis))
	fmt.Fprintf(&b, `<text class="title" x="4" y="14">%s</text>`, escape(c.title))
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, (left+width-right)/2, height-6, escape(c.axis))
	for _, v := range ticks {
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			px(v), top, px(v), height-foot, px(v), height-foot+16, escape(c.x(v)))
	}
	for _, v := range levels {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`,
			left, py(v), width-right, py(v), left-6, py(v)+4, escape(c.y(v)))
	}
	// The legend has the order in which the lines arrive at the right, as far as it goes.
	lines := slices.DeleteFunc(slices.Clone(c.lines), func(l line) bool { return len(l.points) == 0 })
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.points[len(b.points)-1][1], a.points[len(a.points)-1][1]) })
	for n, l := range lines {
		var path strings.Builder
		for _, p := range l.points {
			fmt.Fprintf(&path, "%.1f,%.1f ", px(p[0]), py(p[1]))
		}
		fmt.Fprintf(&b, `<g class="%s"><polyline points="%s"/>`, l.style, path.String())
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>`, px(p[0]), py(p[1]),
				escape(fmt.Sprintf("%s: %s at %s", l.name, c.y(p[1]), c.x(p[0]))))
		}
		y := top + 6 + 17*n
		fmt.Fprintf(&b, `<polyline points="%d,%d %d,%d"/><circle cx="%d" cy="%d" r="3"/><text x="%d" y="%d">%s</text></g>`,
			width-right+12, y, width-right+32, y, width-right+22, y, width-right+38, y+4, escape(l.name))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String())
}

func escape(s string) string { return template.HTMLEscapeString(s) }

// logTicks are round numbers, from one that is at most low to one that is at least high, so many that an axis can be read.
// Those of bytes are powers of two.
func logTicks(low, high float64, binary bool) []float64 {
	base, choices := 10.0, [][]float64{{1, 2, 5}, {1, 3}, {1}}
	if binary {
		base, choices = 16, [][]float64{{1, 2, 4, 8}, {1, 4}, {1}}
	}
	var best []float64
	for _, steps := range choices {
		var ticks []float64
		for e := math.Floor(math.Log(low)/math.Log(base)) - 1; e <= math.Ceil(math.Log(high)/math.Log(base))+1; e++ {
			for _, s := range steps {
				ticks = append(ticks, s*math.Pow(base, e))
			}
		}
		from, to := 0, len(ticks)-1
		for from+1 < len(ticks) && ticks[from+1] <= low*1.0001 {
			from++
		}
		for to > from+1 && ticks[to-1] >= high*0.9999 {
			to--
		}
		best = ticks[from : to+1]
		if len(best) <= 8 {
			break
		}
	}
	return best
}
