//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// hello is what every HTTP server of the benchmarks answers with.
const hello = "Hello, world!\n"

func httpWorkloads(o options, ps *peers) []workload {
	greeters := []subject{
		ps.own("net/http", "net-http"), {name: "nginx", command: nginxHello, foreign: true}, ps.script("Twisted", "twisted.py", "web"),
		ps.own("reactor", "reactor-http"),
		ps.sandbox("sandbox Go", "web", "tcp:0", "--set", "text="+hello),
		ps.sandbox("sandbox net/http", "nethttp", "tcp:0", "--set", "text="+hello),
	}
	mount := []string{"--set", "serve=files", "--allow", "mount=" + o.site.dir + ":/www"}
	fileServers := []subject{
		ps.own("net/http", "net-files", o.site.dir), {name: "nginx", command: nginxFiles(o.site.dir), foreign: true},
		ps.script("Twisted", "twisted.py", "files", o.site.dir), ps.own("reactor", "reactor-files", o.site.dir),
		ps.sandbox("sandbox Go", "web", "tcp:0", mount...), ps.sandbox("sandbox net/http", "nethttp", "tcp:0", mount...),
	}
	return []workload{
		{name: "HTTP hello, 64 connections", subjects: greeters, run: requests(o, 64, "/", []byte(hello))},
		{name: "HTTP: connect, one hello, close", subjects: greeters, run: requestOnce(o)},
		{name: "HTTP file of 1 KiB, 64 connections", subjects: fileServers, run: requests(o, 64, smallFile, o.site.files[smallFile])},
		{name: "HTTP file of 64 KiB, 64 connections", subjects: fileServers, run: requests(o, 64, largeFile, o.site.files[largeFile])},
		{name: "HTTP hello, 64 connections, wrk", subjects: greeters, run: wrk(o, 64)},
		{name: "HTTP hello, 64 connections, pipelines of 16, h2load", subjects: greeters, run: h2load(o, 64, 16)},
	}
}

// nginxHello answers with hello.
func nginxHello(dir, listen, _ string) ([]string, error) {
	return nginx(dir, listen, fmt.Sprintf("return 200 %q;", hello))
}

// nginxFiles serves a folder.
func nginxFiles(root string) func(dir, listen, backend string) ([]string, error) {
	return func(dir, listen, _ string) ([]string, error) {
		return nginx(dir, listen, fmt.Sprintf("root %q; sendfile on; tcp_nopush on;", root))
	}
}

// nginx runs as one process, so that its processor time is known.
func nginx(dir, listen, location string) ([]string, error) {
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
		location / { %[3]s }
	}
}
`, dir, listen, location), 0o600)
}

// requests measures requests on connections that stay.
func requests(o options, conns int, path string, body []byte) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) {
			return connected(p.addrs[0], func(c net.Conn) func() error {
				h := newHTTPClient(path, body)
				return func() error { return h.get(c) }
			})
		})
	}
}

// requestOnce measures connections that live for one request.
func requestOnce(o options) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, 0, func(int) (func() error, func(), error) {
			return onceConnected(p.addrs[0], newHTTPClient("/", []byte(hello)).get)
		})
	}
}
