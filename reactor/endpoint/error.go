package endpoint

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrNotPermitted is wrapped by the errors of ParseUntrustedServer and ParseUntrustedClient for what only others may name.
var ErrNotPermitted = errors.New("not permitted here")

// ParseError is what is wrong with an endpoint string, and where.
type ParseError struct {
	// Text is the string that was parsed.
	Text string
	// Offset is the byte of Text that Reason is about; len(Text) if something is missing at the end.
	Offset int
	// Reason says what is wrong there.
	Reason string
	// Err is the cause, where there is one: the problem with a file.
	Err error
}

func (e *ParseError) Error() string { return fmt.Sprintf("endpoint %q: %s", e.Text, e.Reason) }

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// Caret returns Text on one line and on the next a caret under the character that the error is about. Characters that
// cannot be printed are replaced.
func (e *ParseError) Caret() string {
	printable := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == utf8.RuneError {
				return '?'
			}
			return r
		}, s)
	}
	before := printable(e.Text[:e.Offset])
	return before + printable(e.Text[e.Offset:]) + "\n" + strings.Repeat(" ", utf8.RuneCountInString(before)) + "^"
}
