//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// hello is what every HTTP server of the benchmarks answers with.
const hello = "Hello, world!\n"

func httpWorkloads(o options, ps *peers) []workload {
	twisted := ps.script("Twisted", "twisted.py", "web")
	all := []subject{
		ps.own("net/http", "net-http"), {name: "nginx", command: nginx}, twisted, ps.own("reactor", "reactor-http"),
		ps.sandbox("sandbox Go", "web", "tcp:0", "--set", "text="+hello),
		ps.sandbox("sandbox net/http", "nethttp", "tcp:0", "--set", "text="+hello),
	}
	return []workload{
		{name: "HTTP hello, 64 connections", subjects: all, run: requests(o, 64)},
		{name: "HTTP: connect, one hello, close", subjects: all, run: requestOnce(o)},
	}
}

// nginx runs as one process, so that its processor time is known.
func nginx(dir, listen, _ string) ([]string, error) {
	file := filepath.Join(dir, "nginx.conf")
	return []string{"nginx", "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log")}, os.WriteFile(file, fmt.Appendf(nil, `
daemon off;
master_process off;
pid %[1]s/pid;
events { worker_connections 20000; }
http {
	access_log off;
	keepalive_requests 1000000000;
	default_type text/plain;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	server {
		listen %[2]s backlog=1024;
		location / { return 200 %[3]q; }
	}
}
`, dir, listen, hello), 0o600)
}

const helloRequest = "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"

// requests measures requests on connections that stay.
func requests(o options, conns int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) {
			c, err := net.Dial("tcp", p.addrs[0])
			if err != nil {
				return nil, nil, err
			}
			in := make([]byte, 4096)
			return func() error { return request(c, in) }, func() { c.Close() }, nil
		})
	}
}

// requestOnce measures connections that live for one request.
func requestOnce(o options) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, 0, func(int) (func() error, func(), error) {
			in := make([]byte, 4096)
			return func() error {
				c, err := net.Dial("tcp", p.addrs[0])
				if err != nil {
					return err
				}
				// A reset frees the port at once: see connectEchoClose.
				defer func() { _ = c.(*net.TCPConn).SetLinger(0); c.Close() }()
				return request(c, in)
			}, func() {}, nil
		})
	}
}

// request sends a request and reads its answer into in, which ends with the text.
func request(c net.Conn, in []byte) error {
	if _, err := c.Write([]byte(helloRequest)); err != nil {
		return err
	}
	for n := 0; ; {
		m, err := c.Read(in[n:])
		if n += m; bytes.HasSuffix(in[:n], []byte(hello)) {
			if !bytes.HasPrefix(in[:n], []byte("HTTP/1.1 200 OK\r\n")) {
				return fmt.Errorf("answer %.100q", in[:n])
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %q: %w", in[:n], err)
		}
		if n == len(in) {
			return errors.New("an answer without end")
		}
	}
}
