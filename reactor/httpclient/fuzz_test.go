package httpclient

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"
)

// read feeds input in pieces of size and returns the response, nil if it is not complete.
func read(input []byte, size int) (*Response, error) {
	p := newParser("GET", 1<<20)
	for len(input) > 0 {
		n := min(size, len(input))
		done, err := p.feed(input[:n])
		if err != nil {
			return nil, err
		}
		if done {
			return p.response, nil
		}
		input = input[n:]
	}
	if p.endsWithConnection() {
		return p.response, nil
	}
	return nil, io.ErrUnexpectedEOF
}

// FuzzResponse: pieces of any size give the same; and what is taken, package net/http reads in the same way.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 404 No\nX: y\n\nrest"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		whole, err := read(input, len(input)+1)
		for _, size := range []int{1, 3} {
			pieces, pieceErr := read(input, size)
			if (err == nil) != (pieceErr == nil) || err == nil && !bytes.Equal(whole.Body, pieces.Body) {
				t.Fatalf("whole: %v, %v; in pieces of %d: %v, %v", whole, err, size, pieces, pieceErr)
			}
		}
		if err != nil {
			return
		}
		r := bufio.NewReader(bytes.NewReader(input))
		for {
			std, err := http.ReadResponse(r, nil)
			if err != nil {
				return // stricter than we are
			}
			if std.StatusCode < 200 {
				continue
			}
			body, err := io.ReadAll(std.Body)
			if err == nil && (std.StatusCode != whole.StatusCode || !bytes.Equal(body, whole.Body)) {
				t.Errorf("status %d, body %q, want %d, %q", whole.StatusCode, whole.Body, std.StatusCode, body)
			}
			return
		}
	})
}
