//go:build wasip1

package main

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
)

// serveHTTP is net/http as anybody would use it.
func serveHTTP() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })
	mux.HandleFunc("/sleep", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("for"))
		<-time.After(d)
		fmt.Fprintln(w, "slept", d, err)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.FormValue("n"))
		for b := make([]byte, 32<<10); n > 0; n -= len(b) {
			if _, err := w.Write(b[:min(n, len(b))]); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/sum", func(w http.ResponseWriter, r *http.Request) {
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, r.Body)
		fmt.Fprintln(w, n, sum.Sum32(), err)
	})
	mux.HandleFunc("/hijack", hijack)
	mux.HandleFunc("/block", func(http.ResponseWriter, *http.Request) { select {} })
	mux.HandleFunc("/spin", func(http.ResponseWriter, *http.Request) {
		for {
		}
	})
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { go panic("as told") })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
		wasmnet.Log(1, "the client has gone: "+r.Context().Err().Error())
	})
	var served atomic.Int64
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, served.Add(1)) })
	if (wasmnet.Config{}).Get("warm") != "" {
		wnet.Warm(func(c net.Conn) {
			io.WriteString(c, "GET /hello HTTP/1.1\r\nHost: warm\r\n\r\n")
			if r, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
				io.Copy(io.Discard, r.Body)
			}
		})
	}
	server := &http.Server{Handler: mux, MaxHeaderBytes: 16 << 10}
	if d, err := time.ParseDuration(wasmnet.Config{}.Get("header-timeout")); err == nil {
		server.ReadHeaderTimeout = d
	}
	return server.Serve(wnet.Listener())
}

// hijack takes the connection over and sends back what comes, in angle brackets.
func hijack(w http.ResponseWriter, _ *http.Request) {
	c, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	for {
		line, err := buffered.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprintf(c, "<%s>\n", line[:len(line)-1])
	}
}
