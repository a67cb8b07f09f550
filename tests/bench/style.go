//go:build linux

package main

import (
	"fmt"
	"strings"
)

// A style is the class that gives a subject its colour, the same in all plots of a page.
type style string

// ourStyles are those of the project's own subjects; the others' names begin with "peer".
var ourStyles = map[string]style{
	"sandbox C": "ours c", "sandbox Go": "ours go", "reactor": "ours native", "sandbox net/http": "ours nethttp", "wasmnet": "ours c",
	"splice": "ours c", "relay": "ours go", "native": "ours native", "C, cached": "ours c", "built-in, cached": "ours go", "built-in, cold": "ours nethttp",
	"C, the same module": "ours c", "C, a module each": "ours native", "Go, the same module": "ours go", "Go, a module each": "ours nethttp",
	"sandbox C, 1 loop": "ours c", "sandbox C, 2 loops": "ours native", "sandbox Go, 1 loop": "ours go", "sandbox Go, 2 loops": "ours nethttp",
	"recycled, first event": "ours c", "made, one message, gone": "ours native", "made, one request, gone": "ours native",
}

// peerStyles is how many colours there are for others.
const peerStyles = 8

// styles gives each subject of the report its style. Colours of others repeat when there are more of them than colours.
func (r *report) styles() map[string]style {
	all := map[string]style{}
	peers := 0
	for _, b := range r.Blocks {
		for _, row := range b.Rows {
			if all[row.Subject] != "" {
				continue
			}
			s, ours := ourStyles[row.Subject]
			if !ours {
				s = style(fmt.Sprintf("peer p%d", peers%peerStyles))
				peers++
			}
			all[row.Subject] = s
		}
	}
	return all
}

// own is the style if it is one of ours, and else none.
func (s style) own() style {
	if s.ours() {
		return s
	}
	return ""
}

func (s style) ours() bool { return strings.HasPrefix(string(s), "ours") }
