//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// An httpClient asks for one path again and again.
type httpClient struct {
	request []byte
	want    []byte // the body
	in      []byte // head and body
}

func newHTTPClient(path string, want []byte) *httpClient {
	return &httpClient{
		request: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n", path),
		want:    want, in: make([]byte, len(want)+4096),
	}
}

// get sends the request and reads the answer, which is a 200 with the body that is wanted, by its length.
func (h *httpClient) get(c net.Conn) error {
	if _, err := c.Write(h.request); err != nil {
		return err
	}
	for n, all := 0, 0; ; {
		if n == len(h.in) {
			return errors.New("an answer without end")
		}
		m, err := c.Read(h.in[n:])
		n += m
		if all == 0 {
			var wrong error
			if all, wrong = h.length(h.in[:n]); wrong != nil {
				return wrong
			}
		}
		switch {
		case all > 0 && n > all:
			return fmt.Errorf("%d bytes more than the answer has", n-all)
		case all > 0 && n == all:
			if !bytes.Equal(h.in[all-len(h.want):all], h.want) {
				return errDiffers
			}
			return nil
		case err != nil:
			return fmt.Errorf("after %.200q: %w", h.in[:n], err)
		}
	}
}

var (
	okLine        = []byte("HTTP/1.1 200 OK\r\n")
	endOfHead     = []byte("\r\n\r\n")
	contentLength = []byte("\r\ncontent-length:")
)

// length returns how long the answer is of which this is the beginning, or 0 while its head is not there.
func (h *httpClient) length(answer []byte) (int, error) {
	end := bytes.Index(answer, endOfHead)
	if end < 0 {
		return 0, nil
	}
	head := answer[:end+2]
	if !bytes.HasPrefix(head, okLine) {
		return 0, fmt.Errorf("answer %.100q", head)
	}
	at := bytes.Index(bytes.ToLower(head), contentLength)
	if at < 0 {
		return 0, fmt.Errorf("no length in %.300q", head)
	}
	value, _, _ := bytes.Cut(head[at+len(contentLength):], []byte("\r\n"))
	n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
	if err != nil || n != len(h.want) {
		return 0, fmt.Errorf("a body of %s bytes, %d are wanted", bytes.TrimSpace(value), len(h.want))
	}
	return end + len(endOfHead) + n, nil
}
