package endpoint

import (
	"fmt"
	"io/fs"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Args are the arguments of one endpoint string, for the Parse function of its [Type]. Their methods return a value or,
// if there is something wrong with it, remember the first error; parsing then fails with that, whatever Parse returns.
type Args struct {
	text              string
	typ               string
	at                int // offset of the type
	trusted           bool
	positional, named []string
	fields            []field // each with its name
	err               error
}

// bind gives every positional field its name and holds the fields to the names that the type knows.
func (a *Args) bind(repeated []string, fields []field) error {
	fail := func(f field, format string, args ...any) error {
		return &ParseError{Text: a.text, Offset: f.at, Reason: fmt.Sprintf(format, args...)}
	}
	var free []string
	for _, name := range a.positional {
		byName := slices.ContainsFunc(fields, func(f field) bool { return f.named && f.name == name })
		if !byName || slices.Contains(repeated, name) {
			free = append(free, name)
		}
	}
	for _, f := range fields {
		switch {
		case !f.named && len(free) > 0:
			f.name, free = free[0], free[1:]
		case !f.named && f.value == "" && len(fields) == 1:
			continue // "stdio:" ends in a colon and has no argument
		case !f.named:
			return fail(f, "unexpected argument %q (%s; a colon within a value is written \\:)", f.value, a.takes())
		case !slices.Contains(a.positional, f.name) && !slices.Contains(a.named, f.name):
			return fail(f, "unknown argument %s (%s)", f.name, a.takes())
		}
		if a.field(f.name) != nil && !slices.Contains(repeated, f.name) {
			return fail(f, "argument %s is given twice", f.name)
		}
		a.fields = append(a.fields, f)
	}
	return nil
}

// takes says what else the type takes, for messages.
func (a *Args) takes() string {
	switch {
	case len(a.named) > 0:
		return a.typ + " takes " + list(a.named)
	case len(a.positional) > 0:
		return a.typ + " takes " + list(a.positional) + " only"
	}
	return a.typ + " takes no arguments"
}

func (a *Args) field(name string) *field {
	for i := range a.fields {
		if a.fields[i].name == name {
			return &a.fields[i]
		}
	}
	return nil
}

// canonical writes the arguments back: those that can be given by position first.
func (a *Args) canonical() string {
	var b strings.Builder
	b.WriteString(Quote(a.typ))
	inOrder := true
	for i, name := range slices.Concat(a.positional, a.named) {
		found := false
		for _, f := range a.fields {
			if f.name != name {
				continue
			}
			b.WriteByte(':')
			if i >= len(a.positional) || !inOrder || found {
				b.WriteString(Quote(name) + "=")
			}
			b.WriteString(Quote(f.value))
			found = true
		}
		inOrder = inOrder && found
	}
	if len(a.fields) == 0 {
		b.WriteByte(':')
	}
	return b.String()
}

// Fail remembers an error about the value of the argument called name, or about its absence.
func (a *Args) Fail(name, format string, args ...any) {
	a.fail(name, 0, nil, fmt.Sprintf(format, args...))
}

// fail remembers an error about byte n of an argument's value.
func (a *Args) fail(name string, n int, cause error, reason string) {
	offset := len(a.text)
	if f := a.field(name); f != nil {
		offset = rawOffset(a.text, f.valueAt, n)
	}
	a.failAt(offset, cause, reason)
}

func (a *Args) failAt(offset int, cause error, reason string) {
	if a.err == nil {
		a.err = &ParseError{Text: a.text, Offset: offset, Reason: reason, Err: cause}
	}
}

// FailFile remembers that the file named by an argument could not be used. err says which file and why.
func (a *Args) FailFile(name string, err error) { a.fail(name, 0, err, name+": "+err.Error()) }

// Trusted reports whether the string may name files and descriptors of this process. If not, it remembers that as an
// error about the whole type.
func (a *Args) Trusted() bool {
	if !a.trusted {
		a.failAt(a.at, ErrNotPermitted, a.typ+" endpoints are not permitted here")
	}
	return a.trusted
}

// Has reports whether the argument is given.
func (a *Args) Has(name string) bool { return a.field(name) != nil }

// String is an argument that must be there and must not be empty.
func (a *Args) String(name string) string {
	f := a.field(name)
	switch {
	case f == nil:
		a.Fail(name, "%s is missing: %s", name, a.usage())
		return ""
	case f.value == "":
		a.Fail(name, "%s is empty", name)
	}
	return f.value
}

// usage is the shortest right form, for messages.
func (a *Args) usage() string {
	if len(a.positional) == 0 {
		return a.takes()
	}
	return "want " + a.typ + ":" + strings.ToUpper(strings.Join(a.positional, ":"))
}

// File is a file's name that must be there. A string that may not name files fails here.
func (a *Args) File(name string) string {
	if !a.trusted {
		a.fail(name, 0, ErrNotPermitted, name+" names a file, which is not permitted here")
	}
	return a.String(name)
}

// Default is an argument that may be left out.
func (a *Args) Default(name, otherwise string) string {
	if !a.Has(name) {
		return otherwise
	}
	return a.String(name)
}

// All returns every value of a repeated argument.
func (a *Args) All(name string) []string {
	var values []string
	for _, f := range a.fields {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

// Int is a decimal number from low to high; otherwise is its value if it is left out.
func (a *Args) Int(name string, otherwise, low, high int) int {
	if !a.Has(name) {
		return otherwise
	}
	n, err := strconv.ParseUint(a.String(name), 10, 31)
	if err != nil || int(n) < low || int(n) > high {
		a.Fail(name, "%s is not a number from %d to %d", name, low, high)
		return otherwise
	}
	return int(n)
}

// Port is a port number that must be there.
func (a *Args) Port(name string, low int) int {
	a.String(name)
	return a.Int(name, 0, low, math.MaxUint16)
}

// Flag is 0 or 1.
func (a *Args) Flag(name string, otherwise bool) bool {
	switch a.Default(name, "") {
	case "0":
		return false
	case "1":
		return true
	}
	if a.Has(name) {
		a.Fail(name, "%s is neither 0 nor 1", name)
	}
	return otherwise
}

// Mode is a file mode in octal, of permission bits only.
func (a *Args) Mode(name string, otherwise fs.FileMode) fs.FileMode {
	if !a.Has(name) {
		return otherwise
	}
	n, err := strconv.ParseUint(a.String(name), 8, 32)
	if err != nil || n > 0o777 {
		a.Fail(name, "%s is not an octal file mode from 0 to 777", name)
	}
	return fs.FileMode(n)
}

// Seconds is a number of seconds, with or without decimals, of at least a millisecond.
func (a *Args) Seconds(name string, otherwise time.Duration) time.Duration {
	if !a.Has(name) {
		return otherwise
	}
	s, err := strconv.ParseFloat(a.String(name), 64)
	if err != nil || !(s >= 0.001 && s <= math.MaxInt32) {
		a.Fail(name, "%s is not a positive number of seconds", name)
		return otherwise
	}
	return time.Duration(s * float64(time.Second))
}

// Address is an IP address, which must be a literal; the zero Addr if it is left out.
func (a *Args) Address(name string) netip.Addr {
	if !a.Has(name) {
		return netip.Addr{}
	}
	ip, err := netip.ParseAddr(a.String(name))
	if err != nil {
		a.Fail(name, "%s is not an IP address", name)
	}
	return ip
}
