//go:build linux

package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/reactor"
)

// redisWorkloads are redis-benchmark's, on Redis and on the module.
func redisWorkloads(o options, ps *peers) []workload {
	subjects := []subject{
		{name: "Redis", foreign: true, command: func(dir, listen, _ string) ([]string, error) {
			_, port, err := net.SplitHostPort(listen)
			return []string{"redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", dir}, err
		}},
		ps.own("native", "redis"),
		ps.sandbox("sandbox Go", "redis", "tcp:0", "--limit", "fuel-rate=none"),
	}
	var all []workload
	for _, test := range []string{"set", "get"} {
		for _, pipeline := range []int{1, 16} {
			all = append(all, workload{
				name:     fmt.Sprintf("Redis %s 64 B, 50 connections, pipelines of %d", strings.ToUpper(test), pipeline),
				subjects: subjects, run: redisBenchmark(o, test, pipeline),
			})
		}
	}
	return all
}

// redisBenchmark drives a server with redis-benchmark, with about as many requests as Redis answers in a window.
func redisBenchmark(o options, test string, pipeline int) func(*process) (figures, error) {
	requests := max(1000, int(o.window.Seconds()*50_000)*min(pipeline, 4))
	return func(p *process) (figures, error) {
		host, port, err := net.SplitHostPort(p.addrs[0])
		if err != nil {
			return nil, err
		}
		before, err := p.cpu()
		if err != nil {
			return nil, err
		}
		out, err := tool(o.window+patience, "redis-benchmark", "-h", host, "-p", port, "--csv", "-t", test, "-d", "64", "-c", "50",
			"-n", strconv.Itoa(requests), "-P", strconv.Itoa(pipeline))
		if err != nil {
			return nil, err
		}
		after, err := p.cpu()
		if err != nil {
			return nil, err
		}
		f, err := readRedisBenchmark(out)
		if err != nil {
			return nil, err
		}
		f[cpuPerUnit] = float64(after-before) / float64(requests)
		f[systemShare], err = p.systemShare()
		return f, err
	}
}

// readRedisBenchmark reads the table of one test.
func readRedisBenchmark(out []byte) (figures, error) {
	rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
	if err != nil || len(rows) != 2 {
		return nil, fmt.Errorf("redis-benchmark has said %q: %v", out, err)
	}
	f := figures{}
	for i, name := range rows[0] {
		column, scale := "", float64(time.Millisecond)
		switch name {
		case "rps":
			column, scale = perSecond, 1
		case "p50_latency_ms":
			column = p50
		case "p99_latency_ms":
			column = p99
		default:
			continue
		}
		n, err := strconv.ParseFloat(rows[1][i], 64)
		if err != nil {
			return nil, fmt.Errorf("redis-benchmark: %s: %w", name, err)
		}
		f[column] = n * scale
	}
	if len(f) != 3 {
		return nil, fmt.Errorf("redis-benchmark has said %q", out)
	}
	return f, nil
}

// serveRedis runs the module without a sandbox, on one loop.
func serveRedis() error {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		return err
	}
	f, err := redis.New(r.Loops()[0], redis.Config{})
	if err != nil {
		return err
	}
	port, err := r.Listen("tcp:0:interface=127.0.0.1", f)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "redis listening on tcp:%s\n", port.Host())
	r.HandleSignals(0)
	return r.Run()
}
