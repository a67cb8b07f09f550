//go:build linux

package main

import (
	"fmt"
	"time"
)

func streamWorkloads(o options, ps *peers) []workload {
	all := []subject{ps.net, ps.epoll, ps.gnet, ps.twisted, ps.uvloop, ps.reactor, ps.sandboxC, ps.sandboxGo}
	var ws []workload
	for _, conns := range []int{1, 64, 1000, 10000} {
		ws = append(ws, workload{name: fmt.Sprintf("echo 64 B, %d connections", conns), series: "echo 64 B", axis: "connections", x: float64(conns),
			subjects: all, run: echo(o, conns, 64)})
	}
	return append(ws,
		workload{name: "echo 64 B, 64 connections, 10000 a second", subjects: all, run: steady(o, 64, 64, 10000)},
		workload{name: "echo 1 KiB, 64 connections", subjects: all, run: echo(o, 64, 1<<10)},
		workload{name: "one loop and two: echo 64 B, 64 connections", run: echo(o, 64, 64), subjects: []subject{
			ps.sandbox("sandbox C, 1 loop", ps.guest("echo.wasm"), "tcp:0", "--loops", "1"),
			ps.sandbox("sandbox C, 2 loops", ps.guest("echo.wasm"), "tcp:0", "--loops", "2"),
			ps.sandbox("sandbox Go, 1 loop", "echo", "tcp:0", "--loops", "1"),
			ps.sandbox("sandbox Go, 2 loops", "echo", "tcp:0", "--loops", "2"),
		}},
		workload{name: "echo 64 KiB, 64 connections", subjects: append([]subject{ps.net64}, all[2:]...), run: echo(o, 64, 64<<10)},
		workload{name: "connect, one echo, close", subjects: append(all[:len(all):len(all)], ps.stockC, ps.stockGo), run: churn(o)},
	)
}

// echo measures request and answer on connections that stay.
func echo(o options, conns, size int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) { return pingPong(p.addrs[0], size) })
	}
}

// steady is echo at a rate that the clients keep, whatever the server does.
func steady(o options, conns, size, rate int) func(*process) (figures, error) {
	every := time.Second * time.Duration(conns) / time.Duration(rate)
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, every, func(int) (func() error, func(), error) { return pingPong(p.addrs[0], size) })
	}
}

// churn measures connections that live for one message.
func churn(o options) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, 0, func(int) (func() error, func(), error) { return connectEchoClose(p.addrs[0], 64) })
	}
}
