//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// proxyWorkloads pass connections on to an echo server, which is the same one for all.
func proxyWorkloads(o options, ps *peers) []workload {
	proxy := func(name string, command func(dir, listen, backend string) ([]string, error)) subject {
		return subject{name: name, backend: &ps.net64, command: command}
	}
	forward := func(mode string) func(dir, listen, backend string) ([]string, error) {
		return func(_, listen, backend string) ([]string, error) {
			_, port, err := net.SplitHostPort(listen)
			return ps.sandbox("", "portforward", "tcp:"+port, "--set", "to=tcp:"+backend, "--set", "mode="+mode,
				"--allow", "dial=tcp:"+backend, "--limit", "dials=200000").args, err
		}
	}
	socat := proxy("socat", func(_, listen, backend string) ([]string, error) {
		_, port, err := net.SplitHostPort(listen)
		return []string{"socat", "-b", "65536", "TCP-LISTEN:" + port + ",bind=127.0.0.1,fork,reuseaddr,backlog=1024", "TCP:" + backend}, err
	})
	socat.forks = true
	water := proxy("WATER", func(_, listen, backend string) ([]string, error) {
		return []string{ps.guest("water"), ps.guest("relay.wasm"), listen, backend}, nil
	})
	others := []subject{proxy("HAProxy", haproxy), proxy("nginx stream", nginxStream), socat, water}
	for i := range others {
		others[i].foreign = true
	}
	all := append(others,
		proxy("splice", forward("splice")), proxy("relay", forward("relay")))
	return []workload{
		{name: "TCP proxy, echo 64 B, 64 connections", subjects: all, run: echo(o, 64, 64)},
		{name: "TCP proxy, echo 64 KiB, 16 connections", subjects: all, run: echo(o, 16, 64<<10)},
		{name: "TCP proxy, connect, one echo, close", subjects: all, run: churn(o)},
	}
}

// haproxy runs in the foreground, with a thread for each processor, and may splice.
func haproxy(dir, listen, backend string) ([]string, error) {
	file := filepath.Join(dir, "haproxy.cfg")
	return []string{"haproxy", "-db", "-f", file}, os.WriteFile(file, fmt.Appendf(nil, `
defaults
	mode tcp
	maxconn 100000
	option splice-auto
	timeout connect 10s
	timeout client 60s
	timeout server 60s
listen proxy
	bind %s
	server echo %s
`, listen, backend), 0o600)
}

// nginxStream runs as one process, so that its processor time is known.
func nginxStream(dir, listen, backend string) ([]string, error) {
	file := filepath.Join(dir, "nginx.conf")
	return []string{"nginx", "-p", dir, "-c", file, "-e", filepath.Join(dir, "error.log")}, os.WriteFile(file, fmt.Appendf(nil, `
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
master_process off;
pid %s;
events { worker_connections 20000; }
stream {
	server {
		listen %s backlog=1024;
		proxy_buffer_size 64k;
		proxy_pass %s;
	}
}
`, filepath.Join(dir, "nginx.pid"), listen, backend), 0o600)
}
