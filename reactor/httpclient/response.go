package httpclient

import (
	"errors"
	"fmt"
	"net/textproto"
)

// Response is what came back.
type Response struct {
	Proto      string // "HTTP/1.1"
	StatusCode int    // 200
	Status     string // "200 OK"
	Header     textproto.MIMEHeader
	Body       []byte // without the framing of chunks
	URL        string // where it came from, after redirects
}

// ErrTooLarge is in the chain of the error when a response is longer than it may be.
var ErrTooLarge = errors.New("response is too large")

// Error is the error of a request, with what was asked for.
type Error struct {
	Method, URL string
	Err         error
}

func (e *Error) Error() string { return e.Method + " " + e.URL + ": " + e.Err.Error() }

// Unwrap returns the error itself.
func (e *Error) Unwrap() error { return e.Err }

// StatusError is the error of a page whose response was no success.
type StatusError struct{ Response *Response }

func (e *StatusError) Error() string { return "answered " + e.Response.Status }

// ProtocolError says that a server does not speak HTTP/1.1 as it should.
type ProtocolError struct {
	What string // "status line", "header", "chunk"
	Text string // the beginning of what is wrong
}

func (e *ProtocolError) Error() string { return fmt.Sprintf("malformed %s %q", e.What, e.Text) }

// malformed keeps the beginning of text only.
func malformed(what, text string) error {
	const enough = 64
	return &ProtocolError{what, text[:min(len(text), enough)]}
}
