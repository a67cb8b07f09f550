package hostile

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A journal keeps what is logged, as records, for tests to wait for and to count.
type journal struct {
	mu      sync.Mutex
	records []record
	wake    chan struct{} // closed and replaced with each record
}

// A record is one line of the log: its message under the key "msg", its level, and the attributes. Those of groups have
// the group's name in front.
type record map[string]string

func newJournal() *journal { return &journal{wake: make(chan struct{})} }

func (j *journal) add(r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records = append(j.records, r)
	close(j.wake)
	j.wake = make(chan struct{})
}

// all returns the records that have all of these pairs of key and value. A value that begins with "~" is contained.
func (j *journal) all(pairs ...string) []record {
	j.mu.Lock()
	defer j.mu.Unlock()
	var list []record
	for _, r := range j.records {
		if r.has(pairs) {
			list = append(list, r)
		}
	}
	return list
}

func (r record) has(pairs []string) bool {
	for n := 0; n < len(pairs); n += 2 {
		part, contained := strings.CutPrefix(pairs[n+1], "~")
		if value, ok := r[pairs[n]]; !ok || value != part && !(contained && strings.Contains(value, part)) {
			return false
		}
	}
	return true
}

// until returns when ok does, which is asked again after each record.
func (j *journal) until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	over := time.After(patience)
	for {
		j.mu.Lock()
		wake := j.wake
		j.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-wake:
		case <-over:
			t.Fatalf("waited for %s in vain; the log:\n%s", what, j)
		}
	}
}

// wait returns the first n records with these pairs, when there are so many.
func (j *journal) wait(t testing.TB, n int, pairs ...string) []record {
	t.Helper()
	var found []record
	j.until(t, fmt.Sprintf("%d records with %q", n, pairs), func() bool {
		found = j.all(pairs...)
		return len(found) >= n
	})
	return found[:n]
}

// once returns the one record with these pairs, and fails the test if there are others.
func (j *journal) once(t testing.TB, pairs ...string) record {
	t.Helper()
	j.wait(t, 1, pairs...)
	list := j.all(pairs...)
	if len(list) != 1 {
		t.Errorf("logged %d times, want once: %q", len(list), list)
	}
	return list[0]
}

// String lists the last records.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	const most = 100
	var b strings.Builder
	for _, r := range j.records[max(0, len(j.records)-most):] {
		fmt.Fprintf(&b, "%s %s", r["level"], r["msg"])
		for _, key := range slices.Sorted(func(yield func(string) bool) {
			for key := range r {
				if key != "level" && key != "msg" && !yield(key) {
					return
				}
			}
		}) {
			fmt.Fprintf(&b, " %s=%.200q", key, r[key])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A scribe is a slog.Handler that writes to a journal.
type scribe struct {
	journal *journal
	attrs   []slog.Attr
}

var _ slog.Handler = scribe{}

func (s scribe) Enabled(context.Context, slog.Level) bool { return true }

func (s scribe) Handle(_ context.Context, line slog.Record) error {
	r := record{"msg": line.Message, "level": line.Level.String()}
	for _, a := range s.attrs {
		r.put("", a)
	}
	line.Attrs(func(a slog.Attr) bool {
		r.put("", a)
		return true
	})
	s.journal.add(r)
	return nil
}

func (r record) put(prefix string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		r[prefix+a.Key] = value.String()
		return
	}
	for _, member := range value.Group() {
		r.put(prefix+a.Key+".", member)
	}
}

func (s scribe) WithAttrs(attrs []slog.Attr) slog.Handler {
	return scribe{s.journal, slices.Concat(s.attrs, attrs)}
}

func (s scribe) WithGroup(string) slog.Handler { return s }
