package httpclient

import (
	"errors"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

// Response is what came back.
type Response struct {
	Proto      string // "HTTP/1.1"
	StatusCode int    // 200
	Status     string // "200 OK"
	Header     Header
	Length     int64  // of the body as its head says; -1: it does not say
	Body       []byte // without the framing of chunks; nil if a Receiver has it
	URL        string // where it came from, after redirects
}

// Receiver takes the body of a response as it comes, however long it is. An error ends the request with it. A redirect
// that is followed is not shown to it.
type Receiver interface {
	// HeadReceived is called once, with everything but the body. a.URL is set.
	HeadReceived(a *Response) error
	// BodyReceived gives a piece of the body, valid until it returns.
	BodyReceived(data []byte) error
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

// URLError says what is wrong with an address that was asked for or redirected to.
type URLError struct{ Err error }

func (e *URLError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *URLError) Unwrap() error { return e.Err }

// ProtocolError says that a server does not speak HTTP/1.1 as it should.
type ProtocolError = http1.Error
