//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
)

// pipelineWorkloads have several messages under way on each connection.
func pipelineWorkloads(o options, ps *peers) []workload {
	const conns, size, depth = 64, 64, 16
	return []workload{{
		name:     fmt.Sprintf("echo %d B, %d connections, %d messages in flight", size, conns, depth),
		subjects: []subject{ps.net, ps.epoll, ps.gnet, ps.twisted, ps.uvloop, ps.reactor, ps.sandboxC, ps.sandboxGo},
		run: func(p *process) (figures, error) {
			f, err := measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) {
				return connected(p.addrs[0], func(c net.Conn) func() error { return newPipeline(c, size, depth).next })
			})
			// A unit waits for whichever answer comes next, and not for the one to what it has sent.
			for column := range quantiles {
				delete(f, column)
			}
			return f, err
		},
	}}
}

// A pipeline sends numbered messages and reads them back in their order. As many new ones go out as answers came in, so
// that there are always depth of them under way.
type pipeline struct {
	conn     net.Conn
	size     int
	out, in  []byte // room for depth messages
	have     int    // bytes of in that hold answers not looked at
	sent     uint64 // messages
	answered uint64 // of them
	ready    int    // answers looked at that no unit has been counted for
}

func newPipeline(c net.Conn, size, depth int) *pipeline {
	return &pipeline{conn: c, size: size, out: bytes.Repeat(message(size), depth), in: make([]byte, depth*size)}
}

// next is one message.
func (p *pipeline) next() error {
	if p.sent == 0 {
		if err := p.send(len(p.out) / p.size); err != nil {
			return err
		}
	}
	for p.ready == 0 {
		n, err := p.conn.Read(p.in[p.have:])
		if err != nil {
			return err
		}
		p.have += n
		if p.ready, err = p.look(); err != nil {
			return err
		}
		if err := p.send(p.ready); err != nil {
			return err
		}
	}
	p.ready--
	return nil
}

// send sends the next n messages.
func (p *pipeline) send(n int) error {
	for i := range n {
		binary.BigEndian.PutUint64(p.out[i*p.size:], p.sent)
		p.sent++
	}
	_, err := p.conn.Write(p.out[:n*p.size])
	return err
}

// look compares the whole answers that are there with what was sent, takes them out, and says how many they are.
func (p *pipeline) look() (n int, err error) {
	at := 0
	for ; p.have-at >= p.size; at += p.size {
		answer := p.in[at : at+p.size]
		if binary.BigEndian.Uint64(answer) != p.answered || !bytes.Equal(answer[8:], p.out[8:p.size]) {
			return 0, fmt.Errorf("message %d: %w", p.answered, errDiffers)
		}
		p.answered++
		n++
	}
	p.have = copy(p.in, p.in[at:p.have])
	return n, nil
}
