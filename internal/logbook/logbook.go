// Package logbook keeps what is logged in a test, and lets the test wait for it.
package logbook

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what must come. It only decides when a test that hangs has failed.
const patience = 60 * time.Second

// Book is an io.Writer for any number of goroutines. The zero value is ready.
type Book struct {
	mu   sync.Mutex
	text bytes.Buffer
	wake chan struct{} // closed and replaced with each line
}

// Logger is a logger that writes all levels to the book.
func (b *Book) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write takes a line.
func (b *Book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
	return b.text.Write(p)
}

// String is what was logged.
func (b *Book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Take returns what was logged and forgets it.
func (b *Book) Take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	b.text.Reset()
	return text
}

// Count is how often text stands in the log.
func (b *Book) Count(text string) int { return strings.Count(b.String(), text) }

// Wait returns the first line that holds all of these texts, when there is one.
func (b *Book) Wait(t testing.TB, texts ...string) (line string) {
	t.Helper()
	b.until(t, texts, func(log string) (ok bool) {
		line, ok = find(log, texts)
		return ok
	})
	return line
}

// WaitFor returns when text stands in the log n times.
func (b *Book) WaitFor(t testing.TB, n int, text string) {
	t.Helper()
	b.until(t, text, func(log string) bool { return strings.Count(log, text) >= n })
}

// until returns when the log is as it is wanted.
func (b *Book) until(t testing.TB, what any, wanted func(log string) bool) {
	t.Helper()
	late := time.After(patience)
	for {
		b.mu.Lock()
		all := b.text.String()
		if b.wake == nil {
			b.wake = make(chan struct{})
		}
		wake := b.wake
		b.mu.Unlock()
		if wanted(all) {
			return
		}
		select {
		case <-wake:
		case <-late:
			t.Fatalf("the log does not have %q:\n%s", what, all)
		}
	}
}

func find(log string, texts []string) (string, bool) {
	for line := range strings.Lines(log) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			return line, true
		}
	}
	return "", false
}
