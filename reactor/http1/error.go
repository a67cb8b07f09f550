package http1

import (
	"errors"
	"fmt"
)

// ErrTooLong is in the chain of the error of a message that is longer than its [Limits].
var ErrTooLong = errors.New("too long")

// Error says what is wrong with a message.
type Error struct {
	What string // "request line", "status line", "header", "chunk", ...
	Text string // the beginning of what is wrong
}

func (e *Error) Error() string { return fmt.Sprintf("malformed %s %q", e.What, e.Text) }

// Malformed returns an [*Error] that keeps the beginning of text only.
func Malformed(what string, text []byte) error {
	const enough = 64
	return &Error{what, string(text[:min(len(text), enough)])}
}

func tooLong(what string, limit int) error {
	return fmt.Errorf("%s: %w: above %d bytes", what, ErrTooLong, limit)
}
