// Package zone reads zone files (RFC 1035 section 5) and finds in a zone what a question asks for: records, an alias, a
// delegation, or the proof that there is nothing (RFC 1034 section 4.3.2, wildcards by RFC 4592).
package zone

import "fmt"

// ParseError says where a zone file is wrong.
type ParseError struct {
	File string
	Line int // from 1
	Err  error
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }
