//go:build linux

package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/wasmnet/wasmnet/modules/web"
	"github.com/wasmnet/wasmnet/reactor"
)

// serveNetHTTP is package net/http as one writes it first.
func serveNetHTTP() error {
	body := []byte(hello)
	return serveHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", web.DefaultType)
		_, _ = w.Write(body)
	}))
}

// serveNetFiles is the file server of package net/http.
func serveNetFiles(dir string) error { return serveHandler(http.FileServer(http.Dir(dir))) }

func serveHandler(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "net/http listening on tcp:%s\n", l.Addr())
	return http.Serve(l, h)
}

// serveReactorHTTP is module web without a sandbox.
func serveReactorHTTP() error {
	return serveWeb(web.Config{Text: hello, Type: web.DefaultType, Server: "wasmnet"})
}

// serveReactorFiles is the same with static files.
func serveReactorFiles(dir string) error {
	return serveWeb(web.Config{Serve: web.ServeFiles, Files: os.DirFS(dir), Server: "wasmnet"})
}

func serveWeb(c web.Config) error {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		return err
	}
	f, err := web.New(nil, c)
	if err != nil {
		return err
	}
	port, err := r.Listen("tcp:0:interface=127.0.0.1", f)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "reactor listening on tcp:%s\n", port.Host())
	r.HandleSignals(0)
	return r.Run()
}
