// Package sandbox has what tests of the puppet in its sandbox need: the module, a host, and tapes for what puppets tell.
package sandbox

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// Tape keeps what a puppet tells. A guest's is its standard output.
type Tape struct {
	gate  *Gate
	lines []string
	rest  string // of a line that is not complete
}

// Write implements [io.Writer].
func (p *Tape) Write(b []byte) (int, error) {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	p.rest += string(b)
	for {
		line, rest, complete := strings.Cut(p.rest, "\n")
		if !complete {
			break
		}
		p.lines, p.rest = append(p.lines, line), rest
	}
	p.gate.changed()
	return len(b), nil
}

// Add adds a line.
func (p *Tape) Add(line string) { _, _ = p.Write([]byte(line + "\n")) } // never fails

// All are the lines so far.
func (p *Tape) All() []string {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return slices.Clone(p.lines)
}

// Gate guards tapes, and lets a test wait for what they come to hold.
type Gate struct {
	mu   sync.Mutex
	news chan struct{}
}

// NewGate makes one with no tapes.
func NewGate() *Gate { return &Gate{news: make(chan struct{})} }

// NewTape makes a tape that the gate guards.
func (g *Gate) NewTape() *Tape { return &Tape{gate: g} }

// changed wakes those who wait; mu is held.
func (g *Gate) changed() {
	close(g.news)
	g.news = make(chan struct{})
}

// Wait returns when holds does, or false when that takes too long.
func (g *Gate) Wait(holds func() bool) bool {
	late := time.After(trial.Patience)
	for {
		g.mu.Lock()
		news := g.news
		g.mu.Unlock()
		if holds() {
			return true
		}
		select {
		case <-news:
		case <-late:
			return false
		}
	}
}
