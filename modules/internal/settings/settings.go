// Package settings reads a module's configuration: text values by key, as the operator gave them.
package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Reader reads one value after another and keeps what was wrong with them for Err.
type Reader struct {
	lookup func(key string) (value string, ok bool)
	errs   []error
}

// From returns a Reader of what lookup knows.
func From(lookup func(key string) (value string, ok bool)) *Reader { return &Reader{lookup: lookup} }

// Err joins what was wrong, each with its key; nil if nothing was.
func (r *Reader) Err() error { return errors.Join(r.errs...) }

func (r *Reader) wrong(key, value, want string) {
	r.errs = append(r.errs, fmt.Errorf("%s=%q: want %s", key, value, want))
}

// Text returns the value of key, or byDefault if it is not set.
func (r *Reader) Text(key, byDefault string) string {
	if value, ok := r.lookup(key); ok {
		return value
	}
	return byDefault
}

// List returns the entries of a value that has one on each line, or several on a line with semicolons between them. Empty
// entries are left out, and so are lines that begin with "#".
func (r *Reader) List(key, byDefault string) []string {
	var list []string
	for line := range strings.Lines(r.Text(key, byDefault)) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for entry := range strings.SplitSeq(line, ";") {
			if entry = strings.TrimSpace(entry); entry != "" {
				list = append(list, entry)
			}
		}
	}
	return list
}

// Choice is Text for one of a few words, the first of which is the default.
func (r *Reader) Choice(key string, words ...string) string {
	value, ok := r.lookup(key)
	if !ok {
		return words[0]
	}
	if !slices.Contains(words, value) {
		r.wrong(key, value, "one of "+strings.Join(words, ", "))
		return words[0]
	}
	return value
}

// Int returns a number from low to high.
func (r *Reader) Int(key string, byDefault, low, high int) int {
	value, ok := r.lookup(key)
	if !ok {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		r.wrong(key, value, fmt.Sprintf("a number from %d to %d", low, high))
		return byDefault
	}
	return n
}

// Bool returns true or false.
func (r *Reader) Bool(key string, byDefault bool) bool {
	value, ok := r.lookup(key)
	if !ok {
		return byDefault
	}
	b, err := strconv.ParseBool(value)
	if err != nil {
		r.wrong(key, value, "true or false")
		return byDefault
	}
	return b
}

// Duration returns a duration in Go's form, from low on.
func (r *Reader) Duration(key string, byDefault, low time.Duration) time.Duration {
	value, ok := r.lookup(key)
	if !ok {
		return byDefault
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < low {
		r.wrong(key, value, fmt.Sprintf("a duration like 90s, at least %v", low))
		return byDefault
	}
	return d
}

// Printable reports whether text can be sent as part of a line: it is not empty and has no control characters.
func Printable(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}
