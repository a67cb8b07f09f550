// Package httpserver is what the modules on net/http have in common: the server with its limits, and its configuration.
package httpserver

import (
	"bufio"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
)

// Config limits what clients may take of a server.
type Config struct {
	HeaderTimeout time.Duration // for the head of a request
	Idle          time.Duration // for the next request of a connection
	MaxHead       int           // bytes of a request's head
	Deserted      func()        // called when the last of the connections has ended; nil: nobody wants to know
}

// Read reads a Config.
func Read(s *settings.Reader) Config {
	return Config{
		HeaderTimeout: s.Duration("header-timeout", 10*time.Second, time.Millisecond),
		Idle:          s.Duration("idle", time.Minute, time.Millisecond),
		MaxHead:       s.Int("max-head", 16<<10, 1<<10, 1<<20),
	}
}

// Serve serves l until it is closed. Problems with connections are logged to standard error, which is the guest's log.
func Serve(l net.Listener, h http.Handler, c Config) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: c.HeaderTimeout, IdleTimeout: c.Idle, MaxHeaderBytes: c.MaxHead,
		ErrorLog: log.New(log.Writer(), "", 0),
	}
	if c.Deserted != nil {
		server.ConnState = deserted(c.Deserted)
	}
	if err := server.Serve(l); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// deserted counts connections, and calls f when none is left. One that was hijacked is none of the server's.
func deserted(f func()) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed, http.StateHijacked:
			if open.Add(-1) == 0 {
				f()
			}
		}
	}
}

// Warm is a client that makes one request and ignores the answer: what comes first in a process is then in the image.
func Warm(c net.Conn, method, target string) {
	if _, err := io.WriteString(c, method+" "+target+" HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return
	}
	if r, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
		_, _ = io.Copy(io.Discard, r.Body) // an answer that is cut off warms as well
	}
}
