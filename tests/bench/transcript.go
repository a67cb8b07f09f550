//go:build linux

package main

import (
	"strings"
	"sync"
)

// transcript is the beginning of what a process says. It may be read while it grows.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

// mostSaid is about how many bytes of it are kept.
const mostSaid = 4096

func (t *transcript) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.text.Len() < mostSaid {
		t.text.WriteString(line + "\n")
	}
}

// String is what was said so far.
func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.text.String())
}
