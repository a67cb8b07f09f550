//go:build linux

package main

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestDurationsHaveThreeDigits(t *testing.T) {
	for ns, want := range map[float64]string{
		0: "0ns", 7: "7ns", 149.6: "150ns", 950: "950ns", 999.7: "1.00µs", 3692: "3.69µs", 47960: "48.0µs", 112527830: "113ms",
		1378643510: "1.38s", 60e6: "60ms", 9.996e3: "10.0µs", -1500: "-1.50µs",
	} {
		if got := duration(ns); got != want {
			t.Errorf("%v ns is %q, want %q", ns, got, want)
		}
	}
}

func TestQuantilesAreInterpolated(t *testing.T) {
	values := []float64{1, 2, 4, 8}
	for q, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 3, 0.75: 5, 1: 8} {
		if got := quantile(values, q); math.Abs(got-want) > 1e-9 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func TestMeasureTakesMediansAndLeavesOutWhoFails(t *testing.T) {
	samples := []float64{9, 1, 5, 3, 2}
	n := 0
	w := workload{name: "w", subjects: []subject{
		{name: "peer", measure: func() (figures, error) { n++; return figures{perUnit: samples[n-1], systemShare: 0.5}, nil }},
		{name: "ours", measure: func() (figures, error) { return figures{perUnit: 6, systemShare: 0.25}, nil }},
		{name: "not there", measure: func() (figures, error) { return nil, absent("it is not installed") }},
		{name: "broken", measure: func() (figures, error) { return nil, errors.New("it broke") }},
	}}
	b, err := measure(options{rounds: len(samples)}, w)
	if err == nil || !strings.Contains(err.Error(), "broken: it broke") || strings.Contains(err.Error(), "not there") {
		t.Errorf("the failure is %v", err)
	}
	peer, ours := b.Rows[0], b.Rows[1]
	if peer.Median[perUnit] != 3 || peer.Spread[perUnit] != 0.5 { // quartiles 2 and 5
		t.Errorf("the peer is %+v", peer)
	}
	if ours.Ratio[perUnit] != 2 || ours.Ratio[systemShare] != 0 {
		t.Errorf("ours is %+v", ours)
	}
	if b.Rows[2].Absent == "" || b.Rows[2].Failed || b.Rows[3].Absent != "it broke" || !b.Rows[3].Failed {
		t.Errorf("absent are %+v", b.Rows[2:])
	}
	var out strings.Builder
	b.print(&out)
	for _, want := range []string{
		"w (ratios to peer)", "6ns ±0% 2.00x", "\n  not there: absent: it is not installed\n", "\n  broken: failed: it broke\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the table\n%s", want, out.String())
		}
	}
}

// Memory that was given back while it was measured leaves a figure below nothing.
func TestNegativeFigures(t *testing.T) {
	samples := []float64{-10, -30, -20}
	w := workload{name: "w", subjects: []subject{
		{name: "peer", measure: func() (figures, error) { return figures{perConn: 1000}, nil }},
		{name: "ours", measure: func() (figures, error) { v := samples[0]; samples = samples[1:]; return figures{perConn: v}, nil }},
	}}
	b, err := measure(options{rounds: 3}, w)
	if err != nil {
		t.Fatal(err)
	}
	r := b.Rows[1]
	if _, ratio := r.Ratio[perConn]; r.Median[perConn] != -20 || r.Spread[perConn] != 0.25 || ratio {
		t.Errorf("%+v", r)
	}
	if got := r.Cell(perConn); got != "0.0 KiB" {
		t.Errorf("it is written %q", got)
	}
}
