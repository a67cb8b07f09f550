//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// neighbour measures the latency of a guest that echoes, first alone, then beside one on the same loop that never
// returns from data_received: clients keep starting it anew, so that it burns its budget without end.
func neighbour(o options) func(*process) (figures, error) {
	window := max(o.window, 2*time.Second) // in which the loud guest runs through its budget several times
	return func(p *process) (figures, error) {
		echo := func() (load, error) {
			return drive(4, window, 0, func(int) (func() error, func(), error) { return pingPong(p.addrs[0], 64) },
				func() error { return nil })
		}
		quiet, err := echo()
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		spins := make([]int, 2)
		for i := range spins {
			wg.Go(func() { spins[i] = provoke(ctx, p.addrs[1]) })
		}
		loud, err := echo()
		cancel()
		wg.Wait()
		if err != nil {
			return nil, err
		}
		if spins[0]+spins[1] == 0 {
			return nil, fmt.Errorf("the loud guest never ran through its budget")
		}
		a, b := float64(quiet.percentile(0.99)), float64(loud.percentile(0.99))
		return figures{alone: a, beside: b, disturbance: b / a}, nil
	}
}

// provoke keeps one connection to the spinning guest open, and opens it anew each time the guest has been ended. It
// returns how often that was.
func provoke(ctx context.Context, addr string) (ended int) {
	for ctx.Err() == nil {
		c, err := net.DialTimeout("tcp", addr, patience)
		if err != nil {
			return ended
		}
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
		_, err = c.Write([]byte("spin"))
		if err == nil {
			_, _ = c.Read(make([]byte, 1))
			if ctx.Err() == nil {
				ended++
			}
		}
		stop()
		c.Close()
	}
	return ended
}
