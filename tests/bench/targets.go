//go:build linux

package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A target is one goal of the project: what is measured, against whom, and what is good enough.
type target struct {
	work, against string
	goals         []goal
}

// goal is one figure that a target is about.
type goal struct {
	name     string // tells the goals of a target apart; empty: there is one
	workload string
	column   string
	subject  string
	peer     string // empty: the figure stands for itself
	relation relation
	bound    float64
	most     bool // the bound is the most that is good enough, and not the least
}

// relation is what is made of the subject's figure and the peer's.
type relation int

const (
	itself     relation = iota
	ratio               // the subject's as a multiple of the peer's
	timesLess           // the peer's as a multiple of the subject's
	difference          // what the subject's is above the peer's
)

// languages are those of the sandboxed guests, by the names of their subjects.
var languages = []struct{ name, subject string }{{"C", "sandbox C"}, {"Go", "sandbox Go"}}

// asleepAfter is how long connections have to be idle for their guests to be asleep.
const asleepAfter = 3 * time.Second

// idlePrefix begins the names of the workloads whose connections are idle.
const idlePrefix = "idle memory, "

// targets lists all goals, in the order of the report's main table.
func targets() []target {
	// both has a goal for each language, with a bound of its own.
	both := func(g goal, c, golang float64) []goal {
		inC, inGo := g, g
		inC.name, inC.subject, inC.bound = languages[0].name, languages[0].subject, c
		inGo.name, inGo.subject, inGo.bound = languages[1].name, languages[1].subject, golang
		return []goal{inC, inGo}
	}
	echo := func(conns int, peer string, bound float64) target {
		g := goal{workload: fmt.Sprintf("echo 64 B, %d connections", conns), column: cpuPerUnit, peer: peer, relation: ratio, most: true}
		return target{fmt.Sprintf("echo 64 B, %d connections: processor time per message", conns), peerNames[peer], both(g, bound, bound)}
	}
	fresh := func(language string, g goal) goal {
		g.name, g.workload = language, "fresh sandbox of a "+language+" guest: recycled, first event"
		g.column, g.subject = perUnit, "wasmnet"
		return g
	}
	metered := func(language, kind string, bound float64) goal {
		return goal{name: language + " " + kind, workload: "metering, " + language + " guest: time of one round of work", column: kind,
			subject: "wasmnet", peer: "stock wazero", relation: ratio, bound: bound, most: true}
	}
	idle := func(conns int) target {
		g := goal{workload: fmt.Sprintf("%s%d connections", idlePrefix, conns), column: perConn, peer: "reactor", relation: difference, most: true}
		return target{fmt.Sprintf("idle connection, one of %d: resident memory beyond the reactor's", conns), peerNames["reactor"],
			both(g, 8<<10, 48<<10)}
	}
	throughput := func(work, workload, peer string, c, golang float64) target {
		return target{work, peerNames[peer], both(goal{workload: workload, column: perSecond, peer: peer, relation: ratio}, c, golang)}
	}
	single := func(work, workload, column, subject, peer string, bound float64) target {
		return target{work, peerNames[peer], []goal{{workload: workload, column: column, subject: subject, peer: peer, relation: ratio, bound: bound}}}
	}
	var realWork []goal
	for _, l := range languages {
		for _, kind := range []string{"hash", "json", "http"} {
			realWork = append(realWork, metered(l.name, kind, 1.15))
		}
	}
	const spliced = "TCP proxy, echo 64 KiB, 16 connections"
	tls := throughput("TLS echo 64 B: messages per second", "TLS echo 64 B, 64 connections", "net", 1, 1)
	handshakes := throughput("TLS handshakes per second", "TLS handshake, one echo, close", "net", 0.95, 0.95)
	tls.against, handshakes.against = "package net with crypto/tls", "package net with crypto/tls"
	return []target{
		echo(64, "reactor", 1.10), echo(1000, "reactor", 1.25),
		echo(64, "net", 1), echo(1000, "net", 1), echo(64, "gnet", 1), echo(1000, "gnet", 1),
		throughput("connect, one echo, close: connections per second", "connect, one echo, close", "net", 0.95, 0.85),
		{"fresh sandbox: recycled, first event", "", []goal{
			fresh("C", goal{bound: 1500, most: true}), fresh("Go", goal{bound: 3000, most: true})}},
		{"fresh sandbox: how many times less time", "stock wazero, an instance each", []goal{
			fresh("C", goal{peer: "stock wazero", relation: timesLess, bound: 25}),
			fresh("Go", goal{peer: "stock wazero", relation: timesLess, bound: 1000})}},
		{"metering: time of the tightest loop", "the same guest unmetered", []goal{metered("C", "tight", 1.5), metered("Go", "tight", 1.5)}},
		{"metering: time of real work", "the same guest unmetered", realWork},
		idle(1000), idle(10000),
		{"neighbour of a guest that spins through its budget: p99", "undisturbed", []goal{
			{workload: "neighbour of a spinning guest", column: disturbance, subject: "sandbox C", bound: 2, most: true}}},
		tls, handshakes,
		single("TCP proxy that splices, 64 KiB: messages per second", spliced, perSecond, "splice", "HAProxy", 1),
		single("TCP proxy that splices, 64 KiB: messages per second", spliced, perSecond, "splice", "nginx stream", 1),
		single("HTTP hello, Go guest: requests per second", "HTTP hello, 64 connections", perSecond, "sandbox Go", "Twisted", 2.5),
		single("HTTP hello, Go guest: requests per second", "HTTP hello, 64 connections", perSecond, "sandbox Go", "net/http", 0.5),
		{"start to listening: built-in module, compile cache warm", "", []goal{
			{workload: "start to listening", column: untilReady, subject: "built-in, cached", bound: float64(60 * time.Millisecond), most: true}}},
	}
}

// peerNames say in full whom a subject stands for.
var peerNames = map[string]string{
	"reactor": "the same reactor, native handler", "net": "a goroutine each, package net", "gnet": "gnet", "HAProxy": "HAProxy",
	"nginx stream": "nginx stream", "Twisted": "Twisted's web server", "net/http": "net/http",
}

// outcome is a target and what the run says about it.
type outcome struct {
	Work    string
	Against string `json:",omitempty"`
	Goals   []result
}

// result is one figure of an outcome.
type result struct {
	Name    string  `json:",omitempty"`
	Missing string  `json:",omitempty"` // why there is no figure
	Value   float64 `json:",omitempty"`
	Spread  float64 `json:",omitempty"` // half the distance of the quartiles, in the unit of Value
	Bound   float64
	Most    bool `json:",omitempty"` // Bound is the most, and not the least
	Met     bool
	Text    string `json:",omitempty"` // Value with its unit
	Wanted  string // Bound likewise
}

// outcomes holds the report against all targets.
func (r *report) outcomes() []outcome {
	var all []outcome
	for _, t := range targets() {
		o := outcome{Work: t.work, Against: t.against}
		for _, g := range t.goals {
			o.Goals = append(o.Goals, g.judge(r))
		}
		all = append(all, o)
	}
	return all
}

func (g *goal) judge(r *report) result {
	res := result{Name: g.name, Bound: g.bound, Most: g.most, Wanted: "≥ " + g.text(g.bound)}
	if g.most {
		res.Wanted = "≤ " + g.text(g.bound)
	}
	var err error
	if res.Value, res.Spread, err = g.value(r); err != nil {
		res.Missing = err.Error()
		return res
	}
	res.Text = g.text(res.Value)
	res.Met = res.Value >= g.bound
	if g.most {
		res.Met = res.Value <= g.bound
	}
	return res
}

// text writes a value of the goal's with its unit.
func (g *goal) text(v float64) string {
	switch g.relation {
	case ratio:
		return fmt.Sprintf("%.2f", v)
	case timesLess:
		return fmt.Sprintf("%.0f", v)
	}
	return human(g.column, v)
}

// value finds the goal's figure and its spread in the report.
func (g *goal) value(r *report) (v, spread float64, err error) {
	if strings.HasPrefix(g.workload, idlePrefix) && r.Settle < asleepAfter {
		return 0, 0, fmt.Errorf("guests fall asleep within %v, memory was read after %v", asleepAfter, r.Settle)
	}
	i := slices.IndexFunc(r.Blocks, func(b block) bool { return b.Workload == g.workload })
	if i < 0 {
		return 0, 0, errors.New("not measured")
	}
	mine, spread, err := r.Blocks[i].figure(g.subject, g.column)
	if err != nil || g.relation == itself {
		return mine, spread * mine, err
	}
	theirs, more, err := r.Blocks[i].figure(g.peer, g.column)
	if err != nil {
		return 0, 0, err
	}
	switch g.relation {
	case difference:
		return mine - theirs, spread*mine + more*theirs, nil
	case timesLess:
		mine, theirs = theirs, mine
	}
	if theirs == 0 {
		return 0, 0, errors.New("there is nothing to divide by")
	}
	return mine / theirs, (spread + more) * mine / theirs, nil
}

// figure is a subject's median and its relative spread.
func (b *block) figure(subject, column string) (median, spread float64, err error) {
	i := slices.IndexFunc(b.Rows, func(r row) bool { return r.Subject == subject })
	if i < 0 {
		return 0, 0, fmt.Errorf("%s was not measured", subject)
	}
	if b.Rows[i].Absent != "" {
		return 0, 0, fmt.Errorf("%s is absent: %s", subject, firstLine(b.Rows[i].Absent))
	}
	median, ok := b.Rows[i].Median[column]
	if !ok || math.IsNaN(median) {
		return 0, 0, fmt.Errorf("%s has no %s", subject, column)
	}
	return median, b.Rows[i].Spread[column], nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
