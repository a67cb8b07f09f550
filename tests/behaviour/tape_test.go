package behaviour

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// A tape keeps what a puppet tells. A guest's is its standard output.
type tape struct {
	gate  *gate
	lines []string
	rest  string // of a line that is not complete
}

// Write implements [io.Writer].
func (p *tape) Write(b []byte) (int, error) {
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

func (p *tape) add(line string) { _, _ = p.Write([]byte(line + "\n")) } // never fails

// all are the lines so far.
func (p *tape) all() []string {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return slices.Clone(p.lines)
}

// A gate guards tapes, and lets a test wait for what they come to hold.
type gate struct {
	mu   sync.Mutex
	news chan struct{}
}

func newGate() *gate { return &gate{news: make(chan struct{})} }

// changed wakes those who wait; mu is held.
func (g *gate) changed() {
	close(g.news)
	g.news = make(chan struct{})
}

// wait returns when holds does, or false when that takes too long.
func (g *gate) wait(holds func() bool) bool {
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
