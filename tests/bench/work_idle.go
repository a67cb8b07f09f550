//go:build linux

package main

import (
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func idleWorkloads(o options, ps *peers) []workload {
	all := []subject{ps.net, ps.epoll, ps.gnet, ps.twisted, ps.uvloop, ps.reactor, ps.sandboxC, ps.sandboxGo}
	var ws []workload
	for _, conns := range []int{1000, 10000, 100000} {
		w := workload{name: fmt.Sprintf("%s%d connections", idlePrefix, conns), series: "idle memory", axis: "connections", x: float64(conns),
			subjects: all, run: idle(o, conns)}
		// One round is enough for what hardly differs from one to the next, and takes its time to settle.
		if conns >= 10000 {
			w.rounds = 1
		}
		if conns > 10000 {
			w.subjects = []subject{ps.reactor, ps.sandboxC, ps.sandboxGo}
		}
		ws = append(ws, w)
	}
	return ws
}

// idle measures what n connections cost that have echoed once and then said nothing for a while.
func idle(o options, n int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		if err := mayOpen(n); err != nil {
			return nil, err
		}
		out, in := []byte("wasmnet!"), make([]byte, 8)
		for i := range n + 1 {
			// The first connection makes the server allocate what it has once.
			if i == 1 {
				if err := p.settled(o.settle); err != nil {
					return nil, err
				}
			}
			c, err := dialFrom(i, p.addrs[0])
			if err != nil {
				return nil, fmt.Errorf("connection %d: %w", i, err)
			}
			defer c.Close()
			if err := roundTrip(c, out, in, out); err != nil {
				return nil, fmt.Errorf("connection %d: %w", i, err)
			}
		}
		before := p.memory
		err := p.settled(o.settle)
		return figures{perConn: float64(p.memory-before) / float64(n)}, err
	}
}

// settled waits until guests are asleep and what starting left behind is collected, which would be counted in the server's
// favour, and reads its memory.
func (p *process) settled(settle time.Duration) (err error) {
	time.Sleep(settle)
	p.memory, err = p.resident()
	return err
}

// spareFiles are descriptors that client and server need besides connections.
const spareFiles = 500

// mayOpen says whether this process, and one it starts, may have n connections.
func mayOpen(n int) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	if l.Max < uint64(n+spareFiles) {
		return absent(fmt.Sprintf("%d connections need as many open files, and %d is the most that are allowed here: "+
			"have ulimit -Hn and ulimit -n say %d", n, l.Max, n+spareFiles))
	}
	return nil
}

// perSource is how many connections to one server come from one address, which has some 28,000 ports.
const perSource = 20000

// dialFrom makes connection number i, from an address of 127.0.0.0/8 that has ports left.
func dialFrom(i int, addr string) (*net.TCPConn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: sourceOf(i)}, Control: func(_, _ string, c syscall.RawConn) error {
		var set error
		// The port is chosen when it connects, when it need not be free for every server there is.
		err := c.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) })
		if err == nil {
			err = set
		}
		return err
	}}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	tcp := c.(*net.TCPConn)
	return tcp, tcp.SetLinger(0) // closing leaves nothing behind
}

func sourceOf(i int) net.IP { return net.IPv4(127, 0, 0, byte(1+i/perSource)) }
