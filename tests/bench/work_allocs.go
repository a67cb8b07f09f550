//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net"
)

// allocationWorkloads count what the server allocates on its heap for each message, of servers that tell: see serveCounted.
func allocationWorkloads(o options, ps *peers) []workload {
	counted := func(name string, args ...string) subject {
		s := ps.own(name, append([]string{"counted"}, args...)...)
		s.ports = 2
		return s
	}
	stream := func(endpoint string) []subject {
		return []subject{
			counted("reactor", "reactor", endpoint), counted("sandbox C", "sandbox", endpoint, ps.guest("echo.wasm")),
			counted("sandbox Go", "sandbox", endpoint, "echo"),
		}
	}
	plain := append([]subject{counted("net", "net", "4096")}, stream("tcp:0")...)
	secure := append([]subject{counted("net", append([]string{"net-tls"}, ps.netTLS.args[len(ps.netTLS.args)-2:]...)...)}, stream(ps.endpointTLS)...)
	datagrams := []subject{counted("net", "net-udp"), counted("reactor", "reactor-udp"), counted("sandbox Go", "sandbox", "udp:0", "echo")}
	web := []subject{
		counted("net/http", "net-http"), counted("reactor", "reactor-http"), counted("sandbox Go", "sandbox", "tcp:0", "web", "text="+hello),
		counted("sandbox net/http", "sandbox", "tcp:0", "nethttp", "text="+hello),
	}
	const batch = 16
	of := func(name string, subjects []subject, messages int, open func(addr string) (func() error, func(), error)) workload {
		return workload{name: "allocations for each " + name, subjects: subjects, run: countAllocations(o, messages, open)}
	}
	return []workload{
		of("message, echo 64 B", plain, 1, func(addr string) (func() error, func(), error) {
			return pingPong(addr, 64)
		}),
		of("message, 16 of 64 B at once", plain, batch, func(addr string) (func() error, func(), error) {
			return pipelined(addr, batch, 64)
		}),
		of("message, TLS echo 64 B", secure, 1, func(addr string) (func() error, func(), error) {
			return tlsPingPong(addr, 64)
		}),
		of("message, UDP echo 64 B", datagrams, 1, func(addr string) (func() error, func(), error) {
			return datagramPingPong(addr, 64)
		}),
		of("request, HTTP hello", web, 1, func(addr string) (func() error, func(), error) {
			return connected(addr, func(c net.Conn) func() error {
				h := newHTTPClient("/", []byte(hello))
				return func() error { return h.get(c) }
			})
		}),
	}
}

// countAllocations drives a server with 16 clients whose unit of work is so many messages.
func countAllocations(o options, messages int, open func(addr string) (func() error, func(), error)) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		var marks []allocated
		l, err := drive(16, o.window, 0, func(int) (func() error, func(), error) { return open(p.addrs[1]) }, func() error {
			a, err := readAllocated(p.addrs[0])
			marks = append(marks, a)
			return err
		})
		if err != nil {
			return nil, err
		}
		if l.units == 0 {
			return nil, fmt.Errorf("no unit of work was done in %v", o.window)
		}
		n := float64(l.units) * float64(messages)
		return figures{allocsPerUnit: float64(marks[1].objects-marks[0].objects) / n, bytesPerUnit: float64(marks[1].bytes-marks[0].bytes) / n}, nil
	}
}

// pipelined is pingPong with n messages under way at a time.
func pipelined(addr string, n, size int) (unit func() error, closeIt func(), err error) {
	return connected(addr, func(c net.Conn) func() error {
		out, in := bytes.Repeat(message(size), n), make([]byte, n*size)
		return func() error {
			for i := range n - 1 {
				if _, err := c.Write(out[i*size : (i+1)*size]); err != nil {
					return err
				}
			}
			return roundTrip(c, out[(n-1)*size:], in, out)
		}
	})
}
