package httpclient

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

// Request is what is sent.
type Request struct {
	Method string // empty: GET
	URL    string // http or https; user and password are sent as basic authentication
	Header Header // besides Host, User-Agent, Connection and Content-Length, which are made. Keys are canonical
	Body   []byte // not changed until the outcome is there
}

func (q *Request) method() string { return or(q.Method, "GET") }

// ours are the headers that the client makes itself.
var ours = []string{"Host", "Connection", "Content-Length", "Transfer-Encoding"}

// head writes the request without its body. What a caller hands in cannot end a line.
func (q *Request) head(u *url.URL, userAgent string) ([]byte, error) {
	if !http1.IsToken([]byte(q.method())) {
		return nil, fmt.Errorf("method %q: not a token", q.Method)
	}
	b := []byte(q.method() + " " + u.RequestURI() + " HTTP/1.1\r\nHost: " + u.Host + "\r\n")
	if q.Header.Get("User-Agent") == "" {
		b = append(b, "User-Agent: "+userAgent+"\r\n"...)
	}
	if password, _ := u.User.Password(); u.User != nil && q.Header.Get("Authorization") == "" {
		credentials := base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password))
		b = append(b, "Authorization: Basic "+credentials+"\r\n"...)
	}
	var keys []string
	for key := range q.Header {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !http1.IsToken([]byte(key)) || slices.Contains(ours, canonical([]byte(key))) {
			return nil, fmt.Errorf("header %q: not a name that can be set", key)
		}
		for _, value := range q.Header[key] {
			if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return nil, fmt.Errorf("header %s: %q holds a control character", key, value)
			}
			b = append(b, key+": "+value+"\r\n"...)
		}
	}
	if len(q.Body) > 0 || q.method() == "POST" || q.method() == "PUT" || q.method() == "PATCH" {
		b = append(b, "Content-Length: "+strconv.Itoa(len(q.Body))+"\r\n"...)
	}
	return append(b, "Connection: close\r\n\r\n"...), nil
}

// redirected is the request that follows from a redirect: RFC 9110, section 15.4. What identifies the caller is not told
// to another host.
func (q *Request) redirected(status int, from, to *url.URL) *Request {
	next := *q
	next.URL = to.String()
	becomesGet := status == 303 && q.method() != "HEAD" || (status == 301 || status == 302) && q.method() == "POST"
	if becomesGet {
		next.Method, next.Body = "GET", nil
	}
	next.Header = Header{}
	for key, values := range q.Header {
		name := canonical([]byte(key))
		personal := name == "Authorization" || name == "Cookie"
		if personal && (from.Host != to.Host || from.Scheme == "https" && to.Scheme == "http") ||
			becomesGet && strings.HasPrefix(name, "Content-") {
			continue
		}
		next.Header[key] = values
	}
	return &next
}
