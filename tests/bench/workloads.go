//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// A workload is one kind of work and the subjects that do it. The first subject is the peer that the others' ratios
// refer to.
type workload struct {
	name     string
	subjects []subject
	run      func(p *process) (figures, error)
}

// figures are what one measurement gives: numbers by column name, in base units.
type figures map[string]float64

// The columns of the tables.
const (
	perUnit     = "time/unit"    // ns
	cpuPerUnit  = "cpu/unit"     // ns of processor time of the server's process
	systemShare = "sys"          // share of it spent in the kernel
	perSecond   = "units/s"      // done by the load generator
	p50         = "p50"          // ns
	p99         = "p99"          // ns
	perConn     = "bytes/conn"   // resident memory above the idle server's
	alone       = "p99 alone"    // ns, the neighbour undisturbed
	beside      = "p99 beside"   // ns, the neighbour beside a spinning guest
	disturbance = "beside/alone" // of the two
)

func workloads(o options, cert certificate) []workload {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	guest := func(name string) string { return filepath.Join(o.guests, name) }
	wasmnet := func(name, module, scheme string) subject {
		return subject{name: name, args: []string{o.wasmnet, "run", module, "--listen", scheme + ":interface=127.0.0.1", "--log-level", "error",
			"--limit", "connections=200000", "--limit", "per-peer=200000", "--limit", "instances=200000", "--limit", "memory-total=16GiB"}}
	}
	ssl := "ssl:0:privateKey=" + cert.key + ":certKey=" + cert.cert
	var (
		goNet     = subject{name: "net", args: []string{self, "serve", "net", "4096"}}
		goNet64   = subject{name: "net", args: []string{self, "serve", "net", "65536"}}
		native    = subject{name: "reactor", args: []string{self, "serve", "reactor", "tcp:0"}}
		gnet      = subject{name: "gnet", args: []string{guest("gnet")}}
		sandboxC  = wasmnet("sandbox C", guest("echo.wasm"), "tcp:0")
		sandboxGo = wasmnet("sandbox Go", "echo", "tcp:0")
	)
	all := []subject{goNet, gnet, native, sandboxC, sandboxGo}
	secure := []subject{
		{name: "net", args: []string{self, "serve", "net-tls", cert.key, cert.cert}},
		{name: "reactor", args: []string{self, "serve", "reactor", ssl}},
		wasmnet("sandbox C", guest("echo.wasm"), ssl),
		wasmnet("sandbox Go", "echo", ssl),
	}
	var ws []workload
	for _, conns := range []int{1, 64, 1000} {
		ws = append(ws, workload{fmt.Sprintf("echo 64 B, %d connections", conns), all, echo(o, conns, 64)})
	}
	ws = append(ws,
		workload{"echo 64 KiB, 64 connections", append([]subject{goNet64}, all[1:]...), echo(o, 64, 64<<10)},
		workload{"connect, one echo, close", append(all[:len(all):len(all)],
			subject{name: "stock C", args: []string{self, "serve", "stock", guest("echo.wasm")}},
			subject{name: "stock Go", args: []string{self, "serve", "stock", guest("echo-go.wasm")}}), churn(o)},
		workload{name: "fresh sandbox of a C guest: made, one message, gone", subjects: []subject{
			{name: "stock wazero", measure: func() (figures, error) { return freshStock(guest("echo.wasm"), o.window) }},
			{name: "wasmnet", measure: func() (figures, error) { return hostBenchmark("Fresh/C", o.window) }},
		}},
		workload{name: "fresh sandbox of a Go guest: made, one message, gone", subjects: []subject{
			{name: "stock wazero", measure: func() (figures, error) { return freshStock(guest("echo-go.wasm"), o.window) }},
			{name: "wasmnet", measure: func() (figures, error) { return hostBenchmark("Fresh/Go", o.window) }},
		}},
		workload{"TLS echo 64 B, 64 connections", secure, tlsEcho(o, 64, 64)},
		workload{"TLS echo 16 KiB, 64 connections", secure, tlsEcho(o, 64, 16<<10)},
		workload{"TLS handshake, one echo, close", secure, handshakes(o)},
		workload{"idle memory, 1000 connections", all, idle(o, 1000)},
		workload{"idle memory, 10000 connections", all, idle(o, 10000)},
		workload{"neighbour of a spinning guest", []subject{
			{name: "sandbox C", args: []string{self, "serve", "neighbours", guest("echo.wasm"), guest("spin.wasm")}, ports: 2},
		}, neighbour(o)},
	)
	return ws
}

// echo measures request and answer on connections that stay.
func echo(o options, conns, size int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, func(int) (func() error, func(), error) { return pingPong(p.addrs[0], size) })
	}
}

// churn measures connections that live for one message.
func churn(o options) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, func(int) (func() error, func(), error) { return connectEchoClose(p.addrs[0], 64) })
	}
}

// tlsEcho is echo over TLS.
func tlsEcho(o options, conns, size int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, func(int) (func() error, func(), error) { return tlsPingPong(p.addrs[0], size) })
	}
}

// handshakes is churn over TLS.
func handshakes(o options) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, 16, o.window, func(int) (func() error, func(), error) {
			return func() error {
				unit, closeIt, err := tlsPingPong(p.addrs[0], 64)
				if err != nil {
					return err
				}
				defer closeIt()
				return unit()
			}, func() {}, nil
		})
	}
}

func measureLoad(p *process, n int, window time.Duration, open func(int) (func() error, func(), error)) (figures, error) {
	var marks []time.Duration
	var times []time.Time
	l, err := drive(n, window, open, func() error {
		cpu, err := p.cpu()
		marks, times = append(marks, cpu), append(times, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.units == 0 {
		return nil, fmt.Errorf("no unit of work was done in %v", window)
	}
	share, err := p.systemShare()
	return figures{
		cpuPerUnit:  float64(marks[1]-marks[0]) / float64(l.units),
		systemShare: share,
		perSecond:   float64(l.units) / times[1].Sub(times[0]).Seconds(),
		p50:         float64(l.percentile(0.50)),
		p99:         float64(l.percentile(0.99)),
	}, err
}

// idle measures what n connections cost that have echoed once and then said nothing for a while.
func idle(o options, n int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		out, in := []byte("wasmnet!"), make([]byte, 8)
		one, err := net.Dial("tcp", p.addrs[0])
		if err != nil {
			return nil, err
		}
		defer one.Close()
		if err := roundTrip(one, out, in); err != nil {
			return nil, err
		}
		before, err := p.resident()
		if err != nil {
			return nil, err
		}
		for i := range n {
			c, err := net.Dial("tcp", p.addrs[0])
			if err != nil {
				return nil, fmt.Errorf("connection %d: %w", i, err)
			}
			defer c.Close()
			if err := roundTrip(c, out, in); err != nil {
				return nil, fmt.Errorf("connection %d: %w", i, err)
			}
		}
		time.Sleep(o.settle)
		after, err := p.resident()
		return figures{perConn: float64(after-before) / float64(n)}, err
	}
}
