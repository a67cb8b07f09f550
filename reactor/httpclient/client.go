package httpclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Defaults of [Client].
const (
	DefaultTimeout      = time.Minute
	DefaultMaxRedirects = 20
	DefaultMaxBody      = 16 << 20
	DefaultUserAgent    = "wasmnet"
)

// Client says how requests are made. The zero value has the defaults; a Client may be used for any number of requests
// at a time.
type Client struct {
	// Timeout is the time for the whole of a request, redirects included. Below zero: none.
	Timeout time.Duration
	// IdleTimeout is the time without a byte from the server, on a connection, after which a request fails. 0: none
	// but Timeout.
	IdleTimeout time.Duration
	// MaxRedirects is how many redirects are followed. Below zero: none, the redirect itself is the response.
	MaxRedirects int
	// MaxBody is the longest body of a response, in bytes, that no Receiver takes.
	MaxBody int
	// UserAgent is the header's value.
	UserAgent string
	// TLS is appended to the endpoint string of https requests, for arguments such as "trustRoots=ca.pem" (a guest
	// may not name files). Several are separated by colons.
	TLS string
}

// GetPage gets an address with the zero [Client], and fails with a [*StatusError] unless the answer is a success. The
// page is the caller's.
func GetPage(r protocol.Reactor, address string) *deferred.Deferred[[]byte] {
	return new(Client).GetPage(r, address)
}

// GetPage gets an address, and fails with a [*StatusError] unless the answer is a success.
func (c *Client) GetPage(r protocol.Reactor, address string) *deferred.Deferred[[]byte] {
	return deferred.Then(c.Get(r, address), func(a *Response) ([]byte, error) {
		if a.StatusCode < 200 || a.StatusCode > 299 {
			return nil, &Error{"GET", a.URL, &StatusError{a}}
		}
		return a.Body, nil
	})
}

// Get sends a GET request.
func (c *Client) Get(r protocol.Reactor, address string) *deferred.Deferred[*Response] {
	return c.Do(r, &Request{URL: address})
}

// Do sends a request and gives its response, whatever its status. Errors are of type [*Error] and have in their chain
// the reason of a connection that failed or was lost (as [protocol.Reason]), a [*deferred.TimeoutError], a
// [*ProtocolError] or [ErrTooLarge]. Cancelling closes the connection.
func (c *Client) Do(r protocol.Reactor, q *Request) *deferred.Deferred[*Response] {
	return c.Stream(r, q, nil)
}

// Stream is Do with a body that goes to receiver as it comes. It may go there before the outcome is an error.
func (c *Client) Stream(r protocol.Reactor, q *Request, receiver Receiver) *deferred.Deferred[*Response] {
	u, err := parseURL(q.URL)
	if err != nil {
		return deferred.Fail[*Response](r, &Error{q.method(), q.URL, err})
	}
	d := c.follow(r, u, q, receiver, or(c.MaxRedirects, DefaultMaxRedirects))
	if timeout := or(c.Timeout, DefaultTimeout); timeout > 0 {
		d.AddTimeout(r, timeout)
	}
	return d.AddErrback(func(err error) (*Response, error) { return nil, &Error{q.method(), q.URL, err} })
}

// or is v, or byDefault where v is zero.
func or[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

func parseURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &URLError{err}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, &URLError{fmt.Errorf("scheme %q: want http or https", u.Scheme)}
	}
	if u.Hostname() == "" {
		return nil, &URLError{errors.New("no host")}
	}
	return u, nil
}

// follow sends one request, and those that follow from redirects.
func (c *Client) follow(
	r protocol.Reactor, u *url.URL, q *Request, receiver Receiver, redirects int,
) *deferred.Deferred[*Response] {
	head, err := q.head(u, or(c.UserAgent, DefaultUserAgent))
	if err != nil {
		return deferred.Fail[*Response](r, err)
	}
	x := &exchange{parser: newParser(q.method(), or(c.MaxBody, DefaultMaxBody)), head: head, body: q.Body, idle: c.IdleTimeout}
	leads := func(a *Response) bool {
		return redirect(a.StatusCode) && a.Header.Get("Location") != "" && redirects >= 0
	}
	x.parser.receive = func(a *Response) Receiver {
		if a.URL = u.String(); leads(a) {
			return nil
		}
		return receiver
	}
	first := x.start(r, c.endpoint(u))
	return deferred.ThenDeferred(first, func(a *Response) *deferred.Deferred[*Response] {
		if !leads(a) {
			return deferred.Succeed(r, a)
		}
		location := a.Header.Get("Location")
		if redirects == 0 {
			return deferred.Fail[*Response](r, fmt.Errorf("redirected once more to %q", location))
		}
		next, err := u.Parse(location)
		if err == nil {
			next, err = parseURL(next.String())
		}
		if err != nil {
			return deferred.Fail[*Response](r, fmt.Errorf("redirected to %q: %w", location, err))
		}
		return c.follow(r, next, q.redirected(a.StatusCode, u, next), receiver, redirects-1)
	})
}

func redirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

var quote = strings.NewReplacer(`\`, `\\`, `:`, `\:`, `=`, `\=`)

// endpoint is the client endpoint string for u.
func (c *Client) endpoint(u *url.URL) string {
	network, port, extra := "tcp", "80", ""
	if u.Scheme == "https" {
		network, port = "tls", "443"
		if c.TLS != "" {
			extra = ":" + c.TLS
		}
	}
	return network + ":" + quote.Replace(u.Hostname()) + ":" + or(u.Port(), port) + extra
}
