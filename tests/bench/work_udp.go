//go:build linux

package main

import (
	"bytes"
	"net"
	"time"
)

func datagramWorkloads(o options, ps *peers) []workload {
	subjects := []subject{
		ps.own("net", "net-udp"),
		ps.script("Twisted", "twisted.py", "udp"),
		ps.own("reactor", "reactor-udp"),
		ps.sandbox("sandbox Go", "echo", "udp:0"),
	}
	return []workload{
		{name: "UDP echo 64 B, 64 clients", subjects: subjects, run: udpEcho(o, 64, 64)},
		{name: "UDP echo 1 KiB, 64 clients", subjects: subjects, run: udpEcho(o, 64, 1<<10)},
	}
}

// udpEcho measures datagram and answer, from a socket for each client.
func udpEcho(o options, clients, size int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, clients, o.window, 0, func(int) (func() error, func(), error) { return datagramPingPong(p.addrs[0], size) })
	}
}

// datagramPingPong is pingPong with datagrams. One that is lost is sent again after a second, and counts as that slow.
func datagramPingPong(addr string, size int) (unit func() error, closeIt func(), err error) {
	c, err := net.Dial("udp", addr)
	if err != nil {
		return nil, nil, err
	}
	out, in := message(size), make([]byte, size)
	return func() error {
		for {
			if _, err := c.Write(out); err != nil {
				return err
			}
			if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				return err
			}
			n, err := c.Read(in)
			if e, ok := err.(net.Error); ok && e.Timeout() {
				continue
			}
			if err != nil {
				return err
			}
			if !bytes.Equal(in[:n], out) {
				return errDiffers
			}
			return nil
		}
	}, func() { c.Close() }, nil
}
